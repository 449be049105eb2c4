"""The bodies of Ollama's API as far as they are read and written here; other fields are ignored.

Durations are nanoseconds.
"""

from typing import Any, Literal

import msgspec

from andiron_models.types import Truncated

# Seconds, or a text such as "5m".
KeepAlive = int | float | str | None
Format = str | dict[str, Any] | None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How tokens are chosen."""

    num_predict: int | None = None
    num_ctx: int | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None


class GenerateBody(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt; with `suffix` or FIM tokens in it a gap, `raw` as it stands. An empty one loads or unloads."""

    model: str
    prompt: str = ""
    suffix: str | None = None
    system: str | None = None
    template: str | None = None
    raw: bool = False
    stream: bool = True
    images: list[str] | None = None
    format: Format = None
    options: Options | None = None
    keep_alive: KeepAlive = None


class OllamaCallFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function, and its arguments as an object."""

    name: str
    arguments: dict[str, Any] = {}


class OllamaCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a tool."""

    function: OllamaCallFunction


class OllamaMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A turn."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    images: list[str] | None = None
    tool_calls: list[OllamaCall] | None = None
    tool_name: str | None = None


class OllamaFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function that may be called."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class OllamaTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool; only functions are known."""

    function: OllamaFunction


class OllamaChatBody(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, whole; it is kept nowhere."""

    model: str
    messages: list[OllamaMessage] = []
    tools: list[OllamaTool] | None = None
    stream: bool = True
    format: Format = None
    options: Options | None = None
    keep_alive: KeepAlive = None


class Costs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the last line tells besides; `backend`, `truncated` and `completion_id` are ours."""

    done: bool = msgspec.field(default_factory=bool)
    done_reason: str | None = None
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None
    backend: str | None = None
    truncated: Truncated | None = None
    completion_id: str | None = None


class Generated(Costs, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of a text; the last is `done`."""

    model: str
    created_at: str
    response: str


class AnsweredMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the assistant says."""

    role: str
    content: str
    tool_calls: list[OllamaCall] | None = None


class Chatted(Costs, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of an answer; the last is `done`."""

    model: str
    created_at: str
    message: AnsweredMessage


class OllamaVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The version of Ollama whose protocol this is."""

    version: str


class OllamaDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of model it is."""

    family: str
    families: list[str]
    parameter_size: str
    quantization_level: str
    format: str = "gguf"
    parent_model: str = ""


class OllamaModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model; clients look for its name in either field."""

    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: OllamaDetails
    expires_at: str | None = None
    size_vram: int | None = None
    context_length: int | None = None


class OllamaModels(msgspec.Struct, frozen=True, kw_only=True):
    """The models."""

    models: list[OllamaModel]


class NameBody(msgspec.Struct, frozen=True, kw_only=True):
    """A model by its name, in either field."""

    model: str | None = None
    name: str | None = None
    stream: bool = True

    @property
    def wanted(self) -> str:
        """The name."""
        return self.model or self.name or ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a model."""

    modelfile: str
    parameters: str
    template: str
    details: OllamaDetails
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str
    license: str = ""


class EmbedBody(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to embed; those that are too long are cut, unless `truncate` is false."""

    model: str
    input: str | list[str] = []
    truncate: bool = True
    dimensions: int | None = None
    keep_alive: KeepAlive = None


class Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """Their vectors."""

    model: str
    embeddings: list[list[float]]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class OldEmbedBody(msgspec.Struct, frozen=True, kw_only=True):
    """One text to embed, as it was asked for before."""

    model: str
    prompt: str


class OldEmbedded(msgspec.Struct, frozen=True, kw_only=True):
    """Its vector."""

    embedding: list[float]


class PullLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a pull is."""

    status: str
    digest: str | None = None
    total: int | None = None
    completed: int | None = None

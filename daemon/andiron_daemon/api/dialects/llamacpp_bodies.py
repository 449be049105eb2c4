"""The bodies of llama.cpp's server that are read and written here; fields it has besides are ignored."""

from typing import Any, Literal

import msgspec

from andiron_daemon.api.dialects.llamacpp_timings import LlamaTimings
from andiron_daemon.api.dialects.openai_bodies import ChatMessage, SamplingFields, TokenId, ToolSpec

StopType = Literal["eos", "word", "limit", "none"]


class ExtraChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of another file. `time` may be anything: Vim sends a list."""

    text: str = ""
    filename: str = ""
    time: Any = None


class GenerateFields(SamplingFields, frozen=True, kw_only=True):
    """What all that generates has in common."""

    n_predict: int | None = None
    stream: bool | None = None
    id_slot: int = -1
    model: str | None = None
    t_max_predict_ms: float | None = None
    n_probs: int = 0
    n_cmpl: int | None = None
    response_fields: list[str] | None = None


class InfillBody(GenerateFields, frozen=True, kw_only=True):
    """A gap: `input_prefix`, what is typed of its line in `prompt`, `input_suffix`."""

    input_prefix: str = ""
    input_suffix: str = ""
    input_extra: list[ExtraChunk] = []
    prompt: str = ""
    n_indent: int = 0


class CompletionBody(GenerateFields, frozen=True, kw_only=True):
    """A text, to be continued as it stands."""

    prompt: str | list[str | TokenId]
    max_tokens: int | None = None


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What was in force."""

    n_ctx: int
    n_predict: int
    model: str
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stream: bool = False


class LlamaTop(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was likely."""

    token: str
    bytes: list[int]
    logprob: float


class LlamaProbability(LlamaTop, frozen=True, kw_only=True):
    """A token that was chosen, and likely others."""

    top_logprobs: list[LlamaTop]


class LlamaCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """llama.cpp's answer; `backend`, `completion_id` and `reason` are ours."""

    content: str
    index: int
    model: str
    generation_settings: GenerationSettings
    timings: LlamaTimings
    tokens_cached: int
    tokens_evaluated: int
    tokens_predicted: int
    truncated: bool
    stop_type: StopType
    stopping_word: str
    has_new_line: bool
    prompt: str
    id_slot: int = 0
    stop: Literal[True] = True
    tokens: tuple[int, ...] = ()
    completion_probabilities: list[LlamaProbability] | msgspec.UnsetType = msgspec.UNSET
    backend: str | None = None
    completion_id: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET


class LlamaPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a stream."""

    content: str
    index: int = 0
    id_slot: int = 0
    stop: Literal[False] = False
    tokens: tuple[int, ...] = ()
    tokens_predicted: int = 0
    tokens_evaluated: int = 0
    completion_probabilities: list[LlamaProbability] | msgspec.UnsetType = msgspec.UNSET


class LlamaModel(msgspec.Struct, frozen=True, kw_only=True):
    """What generates, and how much it holds."""

    n_ctx: int
    model: str


class LlamaProps(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is."""

    default_generation_settings: LlamaModel
    total_slots: int
    model_alias: str
    model_path: str
    chat_template: str
    build_info: str
    modalities: dict[str, bool] = msgspec.field(default_factory=lambda: {"vision": False, "audio": False})
    is_sleeping: bool = False


class LlamaSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A sequence of the engine; nothing of what is in it is told."""

    id: int
    n_ctx: int
    is_processing: bool
    model: str
    speculative: Literal[False] = False


class TokenizeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A text to cut into tokens."""

    content: str
    add_special: bool = False
    parse_special: bool = True
    with_pieces: bool = False
    model: str | None = None


class LlamaToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token with its text."""

    id: int
    piece: str


class TokenList(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, with their texts where that was asked for."""

    tokens: list[int | LlamaToken]


class DetokenizeBody(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens to put together."""

    tokens: list[TokenId]
    model: str | None = None


class TextOfTokens(msgspec.Struct, frozen=True, kw_only=True):
    """The text."""

    content: str


class ApplyTemplateBody(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to be written as the model is shown it."""

    messages: list[ChatMessage]
    tools: list[ToolSpec] | None = None
    model: str | None = None


class AppliedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """The text."""

    prompt: str

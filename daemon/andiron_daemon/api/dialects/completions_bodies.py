"""The bodies of `/v1/completions`, which OpenAI's and Tabby's clients share, and of Mistral's `/v1/fim/completions`."""

from typing import Literal

import msgspec

from andiron_daemon.api.dialects.llamacpp_timings import LlamaTimings
from andiron_daemon.api.dialects.openai_bodies import SamplingFields, StreamOptions, TokenId, UsageInfo
from andiron_models.types import Truncated

Prompt = str | list[str | TokenId | list[TokenId]]


class TabbyDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """Text of another file, as Tabby's clients send it."""

    filepath: str
    body: str


class TabbySegments(msgspec.Struct, frozen=True, kw_only=True):
    """The text around Tabby's cursor, and what else its client knows."""

    prefix: str
    suffix: str | None = None
    filepath: str | None = None
    git_url: str | None = None
    declarations: list[TabbyDeclaration] | None = None
    relevant_snippets_from_changed_files: list[TabbyDeclaration] | None = None
    relevant_snippets_from_recently_opened_files: list[TabbyDeclaration] | None = None
    clipboard: str | None = None


class CompletionsBody(SamplingFields, frozen=True, kw_only=True):
    """OpenAI's with `prompt`, Tabby's with `segments`. A prompt with a `suffix`, or with FIM tokens in it, is a gap."""

    prompt: Prompt | None = None
    suffix: str | None = None
    segments: TabbySegments | None = None
    language: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    n_predict: int | None = None
    n: int | None = None
    best_of: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: int | None = None
    echo: bool | None = None
    user: str | None = None


class TextLogprobs(msgspec.Struct, frozen=True, kw_only=True):
    """Log probabilities, each list with an entry a token."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]] | None
    text_offset: list[int]


class TextChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the texts."""

    index: int
    text: str
    finish_reason: Literal["stop", "length"] | None = None
    logprobs: TextLogprobs | None = None


class TextCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """The texts, or a piece of them; Tabby's clients look at `id` and `choices` alone. From `backend` on it is ours."""

    id: str
    created: int
    model: str
    choices: list[TextChoice]
    object: Literal["text_completion"] = "text_completion"
    usage: UsageInfo | msgspec.UnsetType | None = msgspec.UNSET
    backend: str | None = None
    timings: LlamaTimings | msgspec.UnsetType = msgspec.UNSET
    truncated: Truncated | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET


class FimBody(msgspec.Struct, frozen=True, kw_only=True):
    """Mistral's gap."""

    prompt: str
    suffix: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    min_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    random_seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None


class TabbyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What Tabby's clients compare."""

    build_date: str
    build_timestamp: str
    git_sha: str
    git_describe: str


class TabbyHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What Tabby's clients look for first; `status` is for llama.cpp's, who ask here too."""

    model: str
    chat_model: str
    version: TabbyVersion
    device: str = "cpu"
    arch: str = ""
    cpu_info: str = ""
    cpu_count: int = 1
    cuda_devices: tuple[str, ...] = ()
    status: Literal["ok"] = "ok"


class TabbyEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a suggestion: `type` is view, select or dismiss."""

    type: str
    completion_id: str | None = None
    choice_index: int | None = None
    view_id: str | None = None
    elapsed: int | None = None
    select_kind: str | None = None


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """An empty object."""

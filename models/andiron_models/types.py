"""What crosses every seam of the model side: requests in, deltas out.

All of it is frozen msgspec structs: the same values go from the daemon to a
backend, over the worker's pipe, and into API bodies. Checks that need no model
live here (`check_sampling`); what a backend can do with a request is its own affair.
"""

import enum
import math
from typing import Any, Literal

import msgspec

from andiron_models.errors import InvalidRequestError

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "cancelled"]
ModelState = Literal["available", "installed", "loading", "loaded", "failed"]
BackendState = Literal["ready", "loading", "idle", "failed", "unconfigured", "unreachable"]


class Priority(enum.IntEnum):
    """Who goes first in the local engine; smaller is sooner."""

    COMPLETION = 0
    CHAT = 1
    BACKGROUND = 2


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A function the assistant wants called; `arguments` is the JSON text of an object."""

    id: str
    name: str
    arguments: str


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function the assistant may have called; `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] = {}


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a conversation.

    An assistant's turn may be `tool_calls`; the role `tool` answers the one of `tool_call_id`. `images` are URLs,
    mostly of the scheme `data`.
    """

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    images: tuple[str, ...] = ()


class Sampling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the next token is chosen; the default is greedy.

    `logit_bias` adds to the logits of tokens by their ids, which are the model's own.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logit_bias: dict[int, float] = {}
    grammar: str | None = None
    json_schema: dict[str, Any] | None = None
    logprobs: int | None = None


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation to be continued by the assistant.

    `place` names the conversation, so that a backend may keep what it has evaluated for it. With `tools`, the
    answer may be calls of them; `tool_choice` is `auto`, `required`, or the name of the one to call. Without
    `parallel_tool_calls` it is one call at most.
    `paths` name the files whose text is in the messages, where that cannot be told from the messages themselves.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel_tool_calls: bool = True
    model: str | None = None
    max_tokens: int | None = None
    sampling: Sampling = Sampling()
    priority: Priority = Priority.CHAT
    place: str | None = None
    paths: tuple[str, ...] = ()
    request_id: str | None = None


class TextRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text to be continued as it stands, with no template around it; it may hold the model's special tokens."""

    prompt: str
    model: str | None = None
    max_tokens: int | None = None
    sampling: Sampling = Sampling()
    priority: Priority = Priority.CHAT
    place: str | None = None
    request_id: str | None = None


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts to be turned into vectors; `cuts` those that are too long instead of refusing them."""

    texts: tuple[str, ...]
    model: str | None = None
    cuts: bool = False
    request_id: str | None = None


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """A vector of length 1 for each text, in order."""

    backend: str
    model: str
    vectors: tuple[tuple[float, ...], ...]
    prompt_tokens: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token of a model's vocabulary; `piece` is U+FFFD where its bytes are no whole character."""

    id: int
    piece: str


class ExtraFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Text of another file that is worth knowing while infilling this one."""

    path: str
    content: str


class InfillRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A gap in a text, to be filled between `prefix` and `suffix`.

    `max_prompt_tokens` bounds what is evaluated; text is then cut far from the gap first and the cut reported.
    `max_tokens == 0` only evaluates the prompt. `single_line` ends the answer before the first line break
    that follows text.
    """

    prefix: str
    suffix: str = ""
    path: str | None = None
    language: str | None = None
    extra: tuple[ExtraFile, ...] = ()
    model: str | None = None
    max_tokens: int = 64
    max_prompt_tokens: int | None = None
    single_line: bool = False
    sampling: Sampling = Sampling()
    priority: Priority = Priority.COMPLETION
    place: str | None = None
    request_id: str | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens counted; `prompt_tokens` is the sum of cached and evaluated ones."""

    prompt_tokens: int = 0
    prompt_tokens_cached: int = 0
    prompt_tokens_evaluated: int = 0
    completion_tokens: int = 0


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time went, in milliseconds."""

    queue_ms: float = 0.0
    prompt_ms: float = 0.0
    generate_ms: float = 0.0
    total_ms: float = 0.0


class Truncated(msgspec.Struct, frozen=True, kw_only=True):
    """What was left out of a prompt so that it fitted."""

    dropped_tokens: int
    what: str


class Fallback(msgspec.Struct, frozen=True, kw_only=True):
    """Why another backend answered than the one that was to."""

    from_backend: str
    code: str
    message: str


class TokenLogprob(msgspec.Struct, frozen=True, kw_only=True):
    """A sampled token, its log probability, and the likeliest alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Finish(msgspec.Struct, frozen=True, kw_only=True):
    """How a generation ended.

    `masked` counts the secrets, `withheld` names the files that were kept from a backend not on this machine.
    """

    reason: FinishReason
    usage: Usage
    timings: Timings
    truncated: Truncated | None = None
    fallback: Fallback | None = None
    masked: int = 0
    withheld: tuple[str, ...] = ()


class Delta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of an answer.

    The first delta of a stream comes as soon as the backend has taken the request and may be empty;
    exactly one delta, the last, carries `finish`. `usage` and `timings` say how it stands so far, where the
    backend can tell, for those who close the stream when they have enough. A tool call comes whole.
    """

    backend: str
    model: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
    timings: Timings | None = None
    masked: int = 0
    finish: Finish | None = None


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A model a backend can answer with."""

    id: str
    backend: str
    state: ModelState = "installed"
    context_length: int | None = None
    size_bytes: int | None = None
    can_chat: bool = True
    can_infill: bool = False
    can_call_tools: bool = False
    can_embed: bool = False


class BackendStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a backend is, for people: `detail` says why, `hint` what to do, `engine` its own figures."""

    name: str
    state: BackendState
    models: tuple[ModelInfo, ...] = ()
    detail: str | None = None
    hint: str | None = None
    engine: dict[str, Any] = {}


# OpenAI's; so much forbids a token, or lets no other through.
LARGEST_BIAS = 100.0
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("temperature", 0.0, 10.0),
    ("top_k", 0, 1_000_000),
    ("top_p", 0.0, 1.0),
    ("min_p", 0.0, 1.0),
    ("repeat_penalty", 0.01, 10.0),
    ("frequency_penalty", -10.0, 10.0),
    ("presence_penalty", -10.0, 10.0),
    ("seed", 0, 2**32 - 2),
    ("logprobs", 0, 20),
)


def check_sampling(sampling: Sampling) -> None:
    """Refuse values no sampler can work with.

    Raises:
        InvalidRequestError: naming the field, its value and the range.
    """
    for name, low, high in _RANGES:
        value = getattr(sampling, name)
        if value is not None and (math.isnan(value) or not low <= value <= high):
            message = f"{name} is {value}, which is not between {low} and {high}"
            raise InvalidRequestError(message, details={"field": name, "minimum": low, "maximum": high})
    for token, bias in sampling.logit_bias.items():
        if not -LARGEST_BIAS <= bias <= LARGEST_BIAS:
            raise InvalidRequestError(
                f"logit_bias of {token} is {bias}, which is not between {-LARGEST_BIAS} and {LARGEST_BIAS}",
                details={"field": "logit_bias", "minimum": -LARGEST_BIAS, "maximum": LARGEST_BIAS},
            )
    if sampling.grammar is not None and sampling.json_schema is not None:
        raise InvalidRequestError("grammar and json_schema cannot both be given", hint="Send one of them.")
    if any(not stop for stop in sampling.stop):
        raise InvalidRequestError("a stop string is empty", hint="Leave it out.")

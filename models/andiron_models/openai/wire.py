"""Andiron's requests as OpenAI's, and OpenAI's answers as Andiron's; pure functions.

What a server does not know is left out where it only tunes the answer (top_k, min_p and repeat_penalty go to
compatible servers, OpenAI has none of them), and refused where it binds the answer (a grammar, more stop
strings than OpenAI takes).
"""

import time
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import msgspec

from andiron_models.errors import BackendUnavailableError, InvalidRequestError
from andiron_models.types import (
    FinishReason,
    Message,
    Sampling,
    Timings,
    TokenLogprob,
    Tool,
    ToolCall,
    Usage,
    check_sampling,
)

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat.chat_completion_chunk import ChoiceLogprobs
    from openai.types.completion_choice import Logprobs

MOST_STOPS = 4
# No model writes so much; a server that does is broken, or means harm.
LONGEST_ANSWER_CHARACTERS = 4 * 1024 * 1024
_LARGEST_COUNT = 2**53
_OWN_PARAMETERS = ("top_k", "min_p", "repeat_penalty")
# What may be left out when a model refuses it: it only tunes the answer, or the count of its tokens.
OPTIONAL = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "stream_options"})


def check_request(sampling: Sampling, *, is_openai: bool) -> None:
    """Refuse what cannot be asked of the server.

    Raises:
        InvalidRequestError: naming the field.
    """
    check_sampling(sampling)
    if sampling.grammar is not None:
        raise InvalidRequestError(
            "the backend openai takes no grammar",
            hint="Send json_schema, or choose the backend local.",
            details={"field": "grammar"},
        )
    if is_openai and len(sampling.stop) > MOST_STOPS:
        raise InvalidRequestError(
            f"{len(sampling.stop)} stop strings are more than the {MOST_STOPS} OpenAI takes", details={"field": "stop"}
        )


def chat_arguments(
    messages: tuple[Message, ...],
    model: str,
    max_tokens: int,
    sampling: Sampling,
    *,
    is_openai: bool,
    tools: tuple[Tool, ...] = (),
    tool_choice: str = "auto",
    parallel_tool_calls: bool = True,
) -> dict[str, Any]:
    """Make the arguments of a streaming chat completion.

    OpenAI's newer models refuse `max_tokens`; most compatible servers know nothing else.
    """
    limit = "max_completion_tokens" if is_openai else "max_tokens"
    arguments = _sampling_arguments(sampling, is_openai=is_openai)
    arguments |= {
        "model": model,
        "messages": [_message(message) for message in messages],
        limit: max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if sampling.logprobs is not None:
        arguments["logprobs"] = True
        arguments["top_logprobs"] = sampling.logprobs
    if sampling.json_schema is not None:
        schema = {"name": "answer", "schema": sampling.json_schema}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    if tools:
        arguments["tools"] = [{"type": "function", "function": msgspec.to_builtins(tool)} for tool in tools]
        named = {"type": "function", "function": {"name": tool_choice}}
        arguments["tool_choice"] = tool_choice if tool_choice in ("auto", "required") else named
        if not parallel_tool_calls:
            arguments["parallel_tool_calls"] = False
    return arguments


def _message(message: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.images:
        images = [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
        shown["content"] = [{"type": "text", "text": message.content}, *images]
    if message.tool_calls:
        shown["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        shown["tool_call_id"] = message.tool_call_id
    return shown


def completion_arguments(prefix: str, suffix: str, model: str, max_tokens: int, sampling: Sampling) -> dict[str, Any]:
    """Make the arguments of a streaming completion with a suffix, which only compatible servers have."""
    logprobs = {} if sampling.logprobs is None else {"logprobs": sampling.logprobs}
    return (
        _sampling_arguments(sampling, is_openai=False)
        | logprobs
        | {
            "model": model,
            "prompt": prefix,
            "suffix": suffix,
            "max_tokens": max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    )


def _sampling_arguments(sampling: Sampling, *, is_openai: bool) -> dict[str, Any]:
    default = Sampling()
    arguments: dict[str, Any] = {"temperature": sampling.temperature}
    for name in ("top_p", "frequency_penalty", "presence_penalty", "seed"):
        if getattr(sampling, name) != getattr(default, name):
            arguments[name] = getattr(sampling, name)
    if sampling.stop:
        arguments["stop"] = list(sampling.stop)
    if sampling.logit_bias:
        arguments["logit_bias"] = {str(token): bias for token, bias in sampling.logit_bias.items()}
    own = {
        name: getattr(sampling, name) for name in _OWN_PARAMETERS if getattr(sampling, name) != getattr(default, name)
    }
    if own and not is_openai:
        arguments["extra_body"] = own
    return arguments


class Answer:
    """One answer as it comes in, chunk by chunk; `server` is named in errors."""

    def __init__(self, server: str, *, single_line: bool = False) -> None:
        self.usage = Usage()
        self.is_cut = False
        self._server = server
        self._single_line = single_line
        self._text = ""
        self._half = ""
        self._characters = 0
        self._said: str | None = None
        self._first_text_at: float | None = None
        self._calls: dict[int, ToolCall] = {}

    @property
    def is_over(self) -> bool:
        """Whether the server has said why the answer ended; what may still come is its count of tokens."""
        return self._said is not None

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls of tools, which come in pieces and are whole at the end."""
        whole = (self._calls[index] for index in sorted(self._calls))
        return tuple(
            ToolCall(id=_mended(call.id), name=_mended(call.name), arguments=_mended(call.arguments)) for call in whole
        )

    def rest(self) -> str:
        """Return what was kept back of the text: half a character whose other half did not come."""
        half, self._half = self._half, ""
        return self._kept(_mended(half))

    def take(self, chunk: Any) -> tuple[str, tuple[TokenLogprob, ...]]:
        """Take over what a chunk brings: text, log probabilities, the reason of the end, the count of tokens.

        Raises:
            BackendUnavailableError: when the chunk is none.
        """
        try:
            if chunk.usage is not None:
                self.usage = _usage(chunk.usage)
            for choice in chunk.choices[:1]:
                self._said = getattr(choice, "finish_reason", None) or self._said
                delta = getattr(choice, "delta", None)
                if delta is None:
                    return self._read(choice.text or ""), _completion_logprobs(getattr(choice, "logprobs", None))
                for piece in getattr(delta, "tool_calls", None) or ():
                    self._add(piece)
                text = getattr(delta, "content", None) or getattr(delta, "refusal", None) or ""
                return self._read(text), _chat_logprobs(getattr(choice, "logprobs", None))
        except (AttributeError, TypeError, ValueError) as error:
            raise BackendUnavailableError(
                f"{self._server} sent a piece of an answer that cannot be read",
                hint="Check that OPENAI_BASE_URL is a server that speaks OpenAI's API.",
            ) from error
        return "", ()

    def _add(self, piece: Any) -> None:
        """Add to a call of a tool; some servers leave out its number, and begin each with its id."""
        function = piece.function
        if function is None:
            return
        name, arguments = (getattr(function, field, None) or "" for field in ("name", "arguments"))
        identifier = getattr(piece, "id", None) or ""
        index = getattr(piece, "index", None)
        if not isinstance(index, int):
            index = len(self._calls) if identifier else max(len(self._calls) - 1, 0)
        known = self._calls.get(index) or ToolCall(id="", name="", arguments="")
        self._count(name + arguments)
        self._calls[index] = ToolCall(
            id=known.id or identifier, name=known.name + name, arguments=known.arguments + arguments
        )

    def _read(self, text: str) -> str:
        """Put together characters that came in halves, as servers send them that cut their text in UTF-16."""
        self._count(text)
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return self._kept(_mended(text.removesuffix(self._half)))

    def _count(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > LONGEST_ANSWER_CHARACTERS:
            raise BackendUnavailableError(
                f"{self._server} sent more than {LONGEST_ANSWER_CHARACTERS} characters without coming to an end",
                hint="Ask again, or choose another model.",
            )

    def reason(self) -> FinishReason:
        """Say why the answer ended.

        Raises:
            BackendUnavailableError: when the stream just broke off.
            InvalidRequestError: when the server's content filter ended it.
        """
        if self.is_cut:
            return "stop"
        if self._said is None:
            raise BackendUnavailableError(f"{self._server} broke off its answer", hint="Try again.")
        if self._said == "content_filter":
            raise InvalidRequestError(
                f"the content filter of {self._server} ended the answer", details={"finish_reason": self._said}
            )
        return "length" if self._said == "length" else "stop"

    def timings(self, started: float) -> Timings:
        """Say where the time went: until the first text came, and from then on."""
        now = time.perf_counter()
        first = now if self._first_text_at is None else self._first_text_at
        return Timings(
            prompt_ms=(first - started) * 1000, generate_ms=(now - first) * 1000, total_ms=(now - started) * 1000
        )

    def _kept(self, text: str) -> str:
        if text and self._first_text_at is None:
            self._first_text_at = time.perf_counter()
        if not self._single_line:
            return text
        # A carriage return at the end of a piece may turn out to be half a line break, so it is kept back.
        before = len(self._text.removesuffix("\r"))
        self._text, self.is_cut = first_line(self._text + text)
        return self._text.removesuffix("\r")[before:]


def first_line(text: str) -> tuple[str, bool]:
    """Cut a text before the first line break that follows text; says whether it was cut."""
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    if end < 0 or start == len(text):
        return text, False
    return text[:end].removesuffix("\r"), True


def _usage(counted: "CompletionUsage") -> Usage:
    """Take over the server's count; nothing is estimated."""
    cached = _number(getattr(counted, "prompt_tokens_details", None), "cached_tokens")
    prompt = _number(counted, "prompt_tokens")
    return Usage(
        prompt_tokens=prompt,
        prompt_tokens_cached=cached,
        prompt_tokens_evaluated=max(prompt - cached, 0),
        completion_tokens=_number(counted, "completion_tokens"),
    )


def _number(counted: object, name: str) -> int:
    """Read a count; what is none, as the SDK lets it through, is 0."""
    value = getattr(counted, name, None)
    return value if isinstance(value, int) and 0 <= value <= _LARGEST_COUNT else 0


def _mended(text: str) -> str:
    """Join the halves of characters that stand beside each other; a single half becomes a replacement character."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _chat_logprobs(sent: "ChoiceLogprobs | None") -> tuple[TokenLogprob, ...]:
    if sent is None:
        return ()
    return tuple(
        TokenLogprob(
            token=_mended(entry.token),
            logprob=float(entry.logprob),
            top=tuple((_mended(other.token), float(other.logprob)) for other in entry.top_logprobs or ()),
        )
        for entry in sent.content or ()
    )


def _completion_logprobs(sent: "Logprobs | None") -> tuple[TokenLogprob, ...]:
    if sent is None or not sent.tokens or not sent.token_logprobs:
        return ()
    tops = sent.top_logprobs or [{}] * len(sent.tokens)
    return tuple(
        TokenLogprob(
            token=_mended(token),
            logprob=float(logprob),
            top=tuple((_mended(other), float(value)) for other, value in (top or {}).items()),
        )
        for token, logprob, top in zip(sent.tokens, sent.token_logprobs, tops, strict=True)
    )


def without(arguments: Mapping[str, Any], refused: Set[str]) -> dict[str, Any]:
    """Leave out the parameters a model is known to refuse."""
    return {name: value for name, value in arguments.items() if name not in refused}

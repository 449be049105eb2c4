"""Asking the model one or several questions for one answer, and adding up what that cost."""

import contextlib
import math
from collections.abc import AsyncGenerator, Sequence
from typing import Any, TypedDict, TypeVar

import msgspec

from andiron_daemon.answers import Started, all_truncated
from andiron_daemon.assist.schema import read_answer, schema_of
from andiron_daemon.assist.types import AssistInput, Unavailable
from andiron_daemon.chat.budget import budget_for
from andiron_daemon.errors import InvalidRequestError
from andiron_models.errors import InvalidRequestError as InvalidModelRequestError
from andiron_models.errors import ModelError
from andiron_models.router import Router
from andiron_models.types import (
    ChatRequest,
    Delta,
    Fallback,
    Finish,
    FinishReason,
    Message,
    Priority,
    Sampling,
    Timings,
    Truncated,
    Usage,
)

Told = TypeVar("Told", bound=msgspec.Struct)

# Said of a model that cannot be asked now; any other error is the request's own.
_UNAVAILABLE = frozenset(
    {"backend_unavailable", "budget_spent", "private_path", "queue_full", "rate_limited", "timeout"}
)
# What the local engine gives a model on all but the smallest machines.
_UNLOADED_CONTEXT = 4096
_LONGEST_ANSWER = 16_384


class HowItCame(TypedDict):
    """What every generated answer says of itself."""

    backend: str | None
    model: str | None
    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    truncated: Truncated | None
    fallback: Fallback | None
    masked: int
    withheld: tuple[str, ...]


class Asking:
    """The questions of one answer; without `has_checks` what the model writes is told as it is."""

    def __init__(
        self,
        router: Router,
        request: AssistInput,
        *,
        identifier: str,
        request_id: str | None,
        has_checks: bool = True,
    ) -> None:
        if request.max_tokens is not None and not 1 <= request.max_tokens <= _LONGEST_ANSWER:
            raise InvalidRequestError(
                f"max_tokens is {request.max_tokens}, which is not between 1 and {_LONGEST_ANSWER}",
                details={"field": "max_tokens", "minimum": 1, "maximum": _LONGEST_ANSWER},
            )
        self.has_checks = has_checks
        self.backend: str | None = None
        self.model: str | None = None
        self._router = router
        self._request = request
        self._identifier = identifier
        self._request_id = request_id
        self.last_reason: FinishReason = "stop"
        self._costs: list[Finish] = []
        self._spans: list[tuple[str, float | None]] = []

    def answer_tokens(self, usual: int) -> int:
        """Say how long an answer may be."""
        return self._request.max_tokens or usual

    async def prompt_characters(self, answer_tokens: int) -> int:
        """Say how much a prompt may have, by the smallest model that may come to answer."""
        models = await self._router.chat_models(self._request.model, self._request.backend)
        lengths = [
            info.context_length if info.state != "installed" else min(info.context_length, _UNLOADED_CONTEXT)
            for info in models
            if info.context_length
        ]
        return budget_for(min(lengths, default=None), answer_tokens).prompt

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        has_doubts: bool = False,
    ) -> AsyncGenerator[Started | str, None]:
        """Ask, and yield the answer as it comes; `Started` once, before the first text of all.

        Closing it early is for those who have enough: what it cost until then counts. With `has_doubts`,
        `sureness` can be asked about it afterwards.
        """
        self.last_reason = "stop"
        request = self._chat_request(
            messages, max_tokens, Sampling(json_schema=schema, logprobs=1 if has_doubts else None)
        )
        self._spans.clear()
        finish: Finish | None = None
        so_far = Finish(reason="stop", usage=Usage(), timings=Timings())
        async with contextlib.AsyncExitStack() as stack:
            deltas = await stack.enter_async_context(contextlib.aclosing(self._deltas(request)))
            stack.callback(lambda: self._costs.append(finish or so_far))
            async for delta in deltas:
                if delta.usage is not None and delta.timings is not None:
                    so_far = Finish(reason="stop", usage=delta.usage, timings=delta.timings)
                if self.backend is None:
                    self.backend, self.model = delta.backend, delta.model
                    yield Started(id=self._identifier, backend=delta.backend, model=delta.model)
                if delta.text:
                    self._spans.append((delta.text, min((one.logprob for one in delta.logprobs), default=None)))
                    yield delta.text
                finish = delta.finish or finish
        if finish is None:
            raise ModelError(f"the backend {self.backend!r} ended its answer without finishing it")
        self.last_reason = finish.reason

    async def whole(self, messages: Sequence[Message], *, max_tokens: int, has_doubts: bool = False) -> str:
        """Ask for text, and wait for all of it."""
        stream = self.stream(messages, max_tokens=max_tokens, has_doubts=has_doubts)
        async with contextlib.aclosing(stream) as pieces:
            return "".join([piece async for piece in pieces if isinstance(piece, str)])

    async def told(self, messages: Sequence[Message], kind: type[Told], *, max_tokens: int) -> Told | None:
        """Ask for a struct; None where nothing can be made of the answer."""
        async with contextlib.aclosing(self.stream(messages, max_tokens=max_tokens, schema=schema_of(kind))) as pieces:
            return read_answer("".join([piece async for piece in pieces if isinstance(piece, str)]), kind)

    def sureness(self, start: int, end: int | None = None) -> float | None:
        """Say how likely the model held what it wrote at a place of its last answer; None where it is not told."""
        return sureness_at(self._spans, start, end)

    async def _deltas(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Ask; a model that tells no probabilities is asked without them."""
        is_taken = False
        try:
            async with contextlib.aclosing(self._router.chat(request, self._request.backend)) as deltas:
                async for delta in deltas:
                    is_taken = True
                    yield delta
            return
        except InvalidModelRequestError:
            if is_taken or request.sampling.logprobs is None:
                raise
        plain = msgspec.structs.replace(request, sampling=msgspec.structs.replace(request.sampling, logprobs=None))
        async with contextlib.aclosing(self._router.chat(plain, self._request.backend)) as deltas:
            async for delta in deltas:
                yield delta

    def _chat_request(self, messages: Sequence[Message], max_tokens: int, sampling: Sampling) -> ChatRequest:
        return ChatRequest(
            messages=tuple(messages),
            model=self._request.model,
            max_tokens=max_tokens,
            sampling=sampling,
            priority=Priority.CHAT,
            paths=(self._request.path,) if self._request.path else (),
            request_id=self._request_id,
        )

    def how_it_came(self, *cuts: Truncated | None, reason: FinishReason | None = None) -> HowItCame:
        """Add up what all the questions cost."""
        finishes = self._costs
        usages = [finish.usage for finish in finishes]
        timings = [finish.timings for finish in finishes]
        return HowItCame(
            backend=self.backend,
            model=self.model,
            finish_reason=reason or self.last_reason,
            usage=Usage(**{name: sum(getattr(one, name) for one in usages) for name in Usage.__struct_fields__}),
            timings=Timings(**{name: sum(getattr(one, name) for one in timings) for name in Timings.__struct_fields__}),
            truncated=all_truncated(*cuts, *(finish.truncated for finish in finishes)),
            fallback=next((finish.fallback for finish in finishes if finish.fallback), None),
            masked=max((finish.masked for finish in finishes), default=0),
            withheld=tuple(dict.fromkeys(path for finish in finishes for path in finish.withheld)),
        )


def sureness_at(pieces: Sequence[tuple[str, float | None]], start: int, end: int | None = None) -> float | None:
    """Say how likely the least likely piece of a stretch was, of pieces with their log probabilities.

    A stretch without `end` is one character; None means that nothing is known of it.
    """
    least: float | None = None
    end, position = max(start + 1, end or 0), 0
    for text, logprob in pieces:
        if position < end and position + len(text) > start and logprob is not None:
            least = logprob if least is None else min(least, logprob)
        position += len(text)
    return None if least is None else math.exp(least)


def is_unavailable(error: ModelError) -> bool:
    """Tell whether an error is about the model, not about what was asked."""
    return error.code in _UNAVAILABLE


def unavailable(error: ModelError) -> Unavailable:
    """Say why the model's part is missing."""
    return Unavailable(code=error.code, message=error.message, hint=error.hint)


SECRET = Unavailable(
    code="secret",
    message="the text looks like one that keeps secrets, so it is not shown to a model",
    hint="Take the key out of it; what needs no model is told.",
)

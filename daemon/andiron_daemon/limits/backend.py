"""A backend within its limits: time for each stage of an answer, and tokens for a day.

    asked ──► taken (queue_seconds) ──► first text (first_token_seconds) ──► end (answer_seconds)

A stage that takes longer ends with `timeout`, and its work is cancelled. Under `auto` the router falls back on
either refusal as it does on a cloud that cannot be reached.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import msgspec

from andiron_daemon.answers import estimate_tokens, tokens_for
from andiron_daemon.limits.budget import Budget
from andiron_models.backend import Backend, Opens
from andiron_models.errors import DeadlineError
from andiron_models.types import BackendStatus, ChatRequest, Delta, InfillRequest, ModelInfo


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long each stage may take, in seconds from the asking; 0 is as long as it takes."""

    queue_seconds: float = 0.0
    first_token_seconds: float = 0.0
    answer_seconds: float = 0.0


class LimitedBackend:
    """Another backend within limits; without a budget it may spend what it likes."""

    def __init__(self, backend: Backend, deadlines: Deadlines, budget: Budget | None = None) -> None:
        self._backend = backend
        self._deadlines = deadlines
        self._budget = budget

    @property
    def name(self) -> str:
        """The word by which people choose the backend."""
        return self._backend.name

    async def opened(self) -> Backend:
        """Give the backend itself, for what it can do beyond the seam."""
        return await self._backend.opened() if isinstance(self._backend, Opens) else self._backend

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the backend's models."""
        return await self._backend.models()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer the last message, in time and within the budget."""
        tokens = sum(estimate_tokens(message.content) for message in request.messages)
        async with contextlib.aclosing(self._limited(self._backend.chat(request), tokens)) as deltas:
            async for delta in deltas:
                yield delta

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap, in time and within the budget."""
        texts = [request.prefix, request.suffix, *(file.content for file in request.extra)]
        tokens = sum(estimate_tokens(text) for text in texts)
        if request.max_prompt_tokens is not None:
            tokens = min(tokens, request.max_prompt_tokens)
        async with contextlib.aclosing(self._limited(self._backend.infill(request), tokens)) as deltas:
            async for delta in deltas:
                yield delta

    async def forget(self, place: str) -> None:
        """Have the backend drop what it keeps of a place."""
        await self._backend.forget(place)

    async def status(self) -> BackendStatus:
        """Say how the backend is."""
        return await self._backend.status()

    async def aclose(self) -> None:
        """Close the backend."""
        await self._backend.aclose()

    def _limited(self, deltas: AsyncGenerator[Delta, None], tokens: int) -> AsyncGenerator[Delta, None]:
        timed = within(deltas, self._deadlines, self.name)
        return timed if self._budget is None else _paid(timed, self._budget, tokens)


async def within(deltas: AsyncGenerator[Delta, None], deadlines: Deadlines, name: str) -> AsyncGenerator[Delta, None]:
    """Pass an answer on as long as it is in time.

    Raises:
        DeadlineError: naming the stage.
    """
    started = asyncio.get_running_loop().time()
    stage, limit = "take the request", deadlines.queue_seconds
    async with contextlib.aclosing(deltas):
        while True:
            limits = [seconds for seconds in (limit, deadlines.answer_seconds) if seconds]
            waiting = asyncio.timeout_at(started + min(limits) if limits else None)
            try:
                async with waiting:
                    delta = await anext(deltas)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                if not waiting.expired():
                    raise
                raise _too_late(name, stage, min(limits)) from error
            if delta.text or delta.tool_calls:
                stage, limit = "finish its answer", 0.0
            elif stage == "take the request":
                stage, limit = "begin its answer", deadlines.first_token_seconds
            yield delta


async def _paid(deltas: AsyncGenerator[Delta, None], budget: Budget, prompt_tokens: int) -> AsyncGenerator[Delta, None]:
    """Pass an answer on if there is a budget for it, and count what it costs, broken off or not."""
    await budget.check()
    written = 0
    spent: int | None = None
    was_asked = False
    with budget.reserved(prompt_tokens):
        try:
            async with contextlib.aclosing(deltas):
                async for delta in deltas:
                    was_asked = True
                    written += len(delta.text)
                    if delta.finish is not None:
                        usage = delta.finish.usage
                        spent = usage.prompt_tokens + usage.completion_tokens
                    yield delta
        finally:
            if was_asked:
                # Servers that tell no usage, and answers that were ended from here, are estimated.
                tokens = spent or prompt_tokens + tokens_for(written)
                await asyncio.shield(budget.spend(tokens))


def _too_late(name: str, stage: str, seconds: float) -> DeadlineError:
    return DeadlineError(
        f"{name} did not {stage} within {seconds:g} s",
        hint="Ask for less, or raise ANDIRON_QUEUE_SECONDS, ANDIRON_FIRST_TOKEN_SECONDS or ANDIRON_ANSWER_SECONDS.",
        details={"stage": stage, "limit_seconds": seconds},
    )

"""Answers that nobody keeps: through the router, with its queue and limits, counted like all others.

A client that sends the whole conversation each time gets its place from how that begins, so that a backend
finds again what it has evaluated for it.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

import msgspec

from andiron_daemon.answers import Generated
from andiron_daemon.counters import Counters
from andiron_daemon.limits.backend import Deadlines, within
from andiron_daemon.services import Services
from andiron_models.errors import InvalidRequestError
from andiron_models.types import ChatRequest, Delta, Message, Sampling, TextRequest, TokenLogprob, ToolCall

MOST_CHOICES = 8
_SEEDS = 2**32 - 1


class Numbered(NamedTuple):
    """A delta of one of several answers."""

    number: int
    delta: Delta


class Whole(msgspec.Struct, kw_only=True):
    """An answer that has come to its end."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    last: Delta | None = None


def place_of(messages: Sequence[Message]) -> str:
    """Name a conversation by its beginning: what stands above it, and the first thing that was said."""
    digest = hashlib.sha256()
    for message in messages:
        digest.update(f"{message.role}\0{message.content}\0".encode("utf-8", "surrogatepass"))
        if message.role == "user":
            break
    return f"dialect:{digest.hexdigest()[:24]}"


async def chat(services: Services, request: ChatRequest, backend: str | None) -> AsyncGenerator[Delta, None]:
    """Answer a conversation."""
    async with contextlib.aclosing(_counted(services.router.chat(request, backend), services.counters)) as deltas:
        async for delta in deltas:
            yield delta


async def continue_text(services: Services, request: TextRequest, backend: str | None) -> AsyncGenerator[Delta, None]:
    """Continue a text as it stands, within the limits of time an answer has.

    Raises:
        InvalidRequestError: the backend chosen cannot.
    """
    able = await services.router.continuer(request.model, backend)
    settings = services.settings
    deadlines = Deadlines(
        queue_seconds=settings.queue_seconds,
        first_token_seconds=settings.first_token_seconds,
        answer_seconds=settings.answer_seconds,
    )
    timed = within(able.continue_text(request), deadlines, backend or services.router.policy)
    async with contextlib.aclosing(_counted(timed, services.counters)) as deltas:
        async for delta in deltas:
            yield delta


async def _counted(deltas: AsyncGenerator[Delta, None], counters: Counters) -> AsyncGenerator[Delta, None]:
    async with contextlib.aclosing(deltas):
        async for delta in deltas:
            if delta.finish is not None:
                counters.count_answer(
                    Generated(
                        backend=delta.backend,
                        model=delta.model,
                        finish_reason=delta.finish.reason,
                        usage=delta.finish.usage,
                        timings=delta.finish.timings,
                    )
                )
            yield delta


async def side_by_side(answers: Sequence[AsyncGenerator[Delta, None]]) -> AsyncGenerator[Numbered, None]:
    """Yield the deltas of several answers as they come; closing it, or a failure of one, cancels all."""
    arrived: asyncio.Queue[Numbered | BaseException | None] = asyncio.Queue()

    def ended(task: asyncio.Task[None]) -> None:
        arrived.put_nowait(None if task.cancelled() else task.exception())

    tasks = [asyncio.create_task(_read(number, answer, arrived)) for number, answer in enumerate(answers)]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        for _ in tasks:
            while (item := await arrived.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(
    number: int, answer: AsyncGenerator[Delta, None], arrived: "asyncio.Queue[Numbered | BaseException | None]"
) -> None:
    async with contextlib.aclosing(answer) as deltas:
        async for delta in deltas:
            arrived.put_nowait(Numbered(number, delta))


async def gathered(numbered: AsyncGenerator[Numbered, None], count: int) -> list[Whole]:
    """Wait for all answers."""
    wholes = [Whole() for _ in range(count)]
    async with contextlib.aclosing(numbered):
        async for index, delta in numbered:
            whole = wholes[index]
            whole.text += delta.text
            whole.tool_calls += delta.tool_calls
            whole.logprobs += delta.logprobs
            whole.last = delta
    return wholes


def seeded(sampling: Sampling, number: int) -> Sampling:
    """Let each of several answers differ, and come again with the same seed."""
    if not number or sampling.seed is None:
        return sampling
    return msgspec.structs.replace(sampling, seed=(sampling.seed + number) % _SEEDS)


def checked_count(count: int | None, field: str = "n") -> int:
    """Check how many answers are asked for.

    Raises:
        InvalidRequestError: fewer than one, or too many.
    """
    count = 1 if count is None else count
    if not 1 <= count <= MOST_CHOICES:
        raise InvalidRequestError(
            f"{field} is {count}, which is not between 1 and {MOST_CHOICES}",
            details={"field": field, "minimum": 1, "maximum": MOST_CHOICES},
        )
    return count

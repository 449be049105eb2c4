"""Asking a completion service as its callers do."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from andiron_daemon.completion.service import CompletionEvent, CompletionService
from andiron_daemon.completion.types import CompletionAnswer, CompletionInput
from andiron_models.types import InfillRequest
from andiron_testing.scripted import ScriptedBackend


async def all_events(completion: CompletionService, *, stream: bool = False, **fields: Any) -> list[CompletionEvent]:
    """Complete, and return every event."""
    async with aclosing(completion.complete(CompletionInput(**fields), stream=stream)) as events:
        return [event async for event in events]


async def complete(completion: CompletionService, **fields: Any) -> CompletionAnswer:
    """Complete, and return the answer."""
    answer = (await all_events(completion, **fields))[-1]
    assert isinstance(answer, CompletionAnswer)
    return answer


def text_of(answer: CompletionAnswer) -> str | None:
    """Return the first suggestion."""
    return answer.completions[0].text if answer.completions else None


def infill_asked(backend: ScriptedBackend, number: int = -1) -> InfillRequest:
    """Return what the backend was asked, the last by default."""
    request = backend.requests[number]
    assert isinstance(request, InfillRequest)
    return request


async def until(happened: Callable[[], bool], turns: int = 10_000) -> None:
    """Let everything else go on until something has happened, and a little longer."""
    for _ in range(turns):
        if happened():
            break
        await asyncio.sleep(0)
    assert happened()
    for _ in range(10):
        await asyncio.sleep(0)

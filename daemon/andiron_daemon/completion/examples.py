"""Suggestions with the text around them, kept where the person turned that on, to measure models on their own code.

Off unless `ANDIRON_KEEP_EXAMPLES` is on. Writing them down happens behind an answer, never before it; a database
that cannot be written costs the example and one line in the log.
"""

import asyncio
import datetime
import logging
from collections.abc import Callable, Coroutine
from typing import Protocol

from andiron_daemon.completion.plan import Plan
from andiron_daemon.completion.types import CompletionAnswer, FeedbackInput
from andiron_daemon.errors import StorageError
from andiron_daemon.storage.examples import Example
from andiron_daemon.storage.records import time_text

_log = logging.getLogger(__name__)
_PREFIX_CHARACTERS = 4000
_SUFFIX_CHARACTERS = 1000


class ExampleStore(Protocol):
    """Keeps examples for good."""

    async def add(self, example: Example) -> None:
        """Keep one."""

    async def settle(self, identifier: str, event: str, accepted_chars: int) -> None:
        """Add what became of one; of an unknown one, nothing is kept."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Examples:
    """What is written down, one after the other; `aclose` waits for it."""

    def __init__(self, store: ExampleStore, now: Callable[[], datetime.datetime] = _now) -> None:
        self._store = store
        self._now = now
        self._last: asyncio.Task[None] | None = None

    def offer(self, plan: Plan, answer: CompletionAnswer) -> None:
        """Keep a suggestion that was written for this request; what came from the cache is kept already."""
        if answer.cached != "no" or not answer.completions:
            return
        gap, language = plan.gap, plan.scene.language
        example = Example(
            id=answer.id,
            at=time_text(self._now()),
            path=plan.request.path or "",
            language=language.name if language is not None else "",
            backend=answer.backend or "",
            model=answer.model or "",
            prefix=gap.prefix[-_PREFIX_CHARACTERS:],
            suffix=gap.suffix[:_SUFFIX_CHARACTERS],
            text=answer.completions[0].text,
        )
        self._write(self._store.add(example))

    def settle(self, identifier: str, given: FeedbackInput, accepted_chars: int) -> None:
        """Keep what became of it."""
        self._write(self._store.settle(identifier, given.event, accepted_chars))

    async def aclose(self) -> None:
        """Wait until everything is written down."""
        if self._last is not None:
            await asyncio.wait({self._last})

    def _write(self, work: Coroutine[None, None, None]) -> None:
        self._last = asyncio.create_task(_after(self._last, work))


async def _after(earlier: "asyncio.Task[None] | None", work: Coroutine[None, None, None]) -> None:
    if earlier is not None:
        await asyncio.wait({earlier})
    try:
        await work
    except StorageError as error:
        _log.warning("an example was not kept: %s", error.message)

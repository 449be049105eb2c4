"""What is done now and then while the daemon runs: usage written down, conversations past their time deleted.

    start ──► at once, then every minute ──aclose──► once more, for what was spent since

A database that cannot be written now is tried again the next time; nothing is counted twice or lost meanwhile.
"""

import asyncio
import contextlib
import datetime
import logging
from collections.abc import Callable

from andiron_daemon.chat.service import ChatService
from andiron_daemon.counters import Counters, TokenCounts
from andiron_daemon.errors import StorageError
from andiron_daemon.storage.records import time_text
from andiron_daemon.storage.retention import oldest_kept
from andiron_daemon.storage.settings import SQLiteSettings
from andiron_daemon.storage.usage import DayUsage, SQLiteUsage

__all__ = ("DayUsage", "Upkeep")

_log = logging.getLogger(__name__)
_INTERVAL_SECONDS = 60.0
_RECENT_DAYS = 30
_LAST_DELETION = "conversations_expired_on"
_Figures = tuple[int, int, int]


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Upkeep:
    """One for the daemon; `keep_days` 0 keeps conversations for ever."""

    def __init__(
        self,
        chat: ChatService,
        usage: SQLiteUsage,
        notes: SQLiteSettings,
        counters: Counters,
        keep_days: int,
        *,
        now: Callable[[], datetime.datetime] = _now,
    ) -> None:
        self._chat = chat
        self._usage = usage
        self._notes = notes
        self._counters = counters
        self._keep_days = keep_days
        self._now = now
        self._written: dict[str, _Figures] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; a database that is not there yet is waited for."""
        self._task = asyncio.create_task(self._run())

    async def once(self) -> None:
        """Do what is due.

        Raises:
            StorageError: if the database cannot be used.
        """
        await self._write_usage()
        if self._keep_days:
            await self._delete_expired()

    async def recent_usage(self) -> tuple[DayUsage, ...]:
        """Return what was spent in the last thirty days, the newest first, up to the last minute.

        Raises:
            StorageError: if the database cannot be used.
        """
        first = self._now() - datetime.timedelta(days=_RECENT_DAYS)
        return await self._usage.since(first.date().isoformat())

    async def aclose(self) -> None:
        """End, after writing down what was spent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        with contextlib.suppress(StorageError):
            await self._write_usage()

    async def _run(self) -> None:
        while True:
            try:
                await self.once()
            except StorageError as error:
                _log.info("upkeep is put off: %s", error.message)
            await asyncio.sleep(_INTERVAL_SECONDS)

    async def _write_usage(self) -> None:
        counted = {name: _figures(counts) for name, counts in self._counters.tokens.items()}
        day = self._now().date().isoformat()
        spent = tuple(
            day_usage
            for name, figures in counted.items()
            if (day_usage := _spent(day, name, figures, self._written.get(name, (0, 0, 0)))).answers
        )
        if spent:
            await self._usage.add(spent)
            self._written = counted

    async def _delete_expired(self) -> None:
        today = self._now().date().isoformat()
        if await self._notes.get(_LAST_DELETION) == today:
            return
        deleted = await self._chat.delete_older(oldest_kept(time_text(self._now()), self._keep_days))
        if deleted:
            _log.info("%d conversations were deleted, which nothing was said in for %d days", deleted, self._keep_days)
        await self._notes.put(_LAST_DELETION, today)


def _figures(counts: TokenCounts) -> _Figures:
    return counts.answers, counts.prompt_tokens, counts.completion_tokens


def _spent(day: str, backend: str, figures: _Figures, written: _Figures) -> DayUsage:
    answers, prompt_tokens, completion_tokens = (now - then for now, then in zip(figures, written, strict=True))
    return DayUsage(
        day=day, backend=backend, answers=answers, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
    )

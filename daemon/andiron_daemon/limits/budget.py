"""How many tokens a day may be spent on a backend that costs money; what is spent outlives the daemon."""

import contextlib
import datetime
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from andiron_daemon.errors import StorageError
from andiron_models.errors import RateLimitedError

_log = logging.getLogger(__name__)


class BudgetSpentError(RateLimitedError):
    """The day's tokens are spent; under `auto` the local engine answers instead."""

    code = "budget_spent"


class BudgetStore(Protocol):
    """Where it is kept what was spent."""

    async def spend(self, day: str, backend: str, tokens: int) -> None:
        """Add to a day's tokens."""

    async def spent(self, day: str, backend: str) -> int:
        """Return a day's tokens."""


class BudgetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of a day, in UTC, and what is spent of it; `daily_tokens` 0 is no limit."""

    backend: str
    daily_tokens: int
    day: str
    spent_tokens: int


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Budget:
    """The budget of one backend; while the database cannot be used it counts in memory."""

    def __init__(
        self, store: BudgetStore, backend: str, daily_tokens: int, *, now: Callable[[], datetime.datetime] = _now
    ) -> None:
        self._store = store
        self._backend = backend
        self._daily_tokens = daily_tokens
        self._now = now
        self._day = ""
        self._spent = 0
        self._unwritten = 0
        self._is_read = False
        self._reserved = 0

    async def check(self) -> None:
        """Refuse once the day's tokens are spent, those of prompts under way included.

        Raises:
            BudgetSpentError: saying when there will be more.
        """
        if not self._daily_tokens:
            return
        await self._begin_day()
        taken = self._spent + self._reserved
        if taken < self._daily_tokens:
            return
        seconds = self._seconds_left()
        raise BudgetSpentError(
            f"the day's budget of {self._daily_tokens} tokens for {self._backend} is spent ({taken} tokens)",
            hint="There is more at midnight UTC. Ask the local engine (backend `local`), let it step in by itself "
            "(backend `auto`), or raise ANDIRON_OPENAI_DAILY_TOKENS.",
            details={
                "budget_tokens": self._daily_tokens,
                "spent_tokens": taken,
                "retry_after_seconds": seconds,
            },
        )

    @contextlib.contextmanager
    def reserved(self, tokens: int) -> Iterator[None]:
        """Hold a prompt's tokens while it is under way, so that many at once cannot all be the last."""
        self._reserved += tokens
        try:
            yield
        finally:
            self._reserved -= tokens

    async def spend(self, tokens: int) -> None:
        """Count what an answer cost."""
        await self._begin_day()
        self._spent += tokens
        try:
            await self._store.spend(self._day, self._backend, tokens)
        except StorageError as error:
            self._unwritten += tokens
            _log.warning("%d tokens of %s are counted in memory only: %s", tokens, self._backend, error.message)

    async def status(self) -> BudgetStatus:
        """Say how the budget stands."""
        await self._begin_day()
        return BudgetStatus(
            backend=self._backend, daily_tokens=self._daily_tokens, day=self._day, spent_tokens=self._spent
        )

    async def _begin_day(self) -> None:
        """Know what is spent of this day; what cannot be read yet is tried again the next time."""
        day = self._now().date().isoformat()
        if day != self._day:
            self._day, self._spent, self._unwritten, self._is_read = day, 0, 0, False
        if self._is_read:
            return
        try:
            stored = await self._store.spent(day, self._backend)
        except StorageError as error:
            _log.warning("what was spent today on %s cannot be read: %s", self._backend, error.message)
            return
        # Of several that read at once the first counts: more may have been spent since.
        if day == self._day and not self._is_read:
            self._spent, self._is_read = stored + self._unwritten, True

    def _seconds_left(self) -> int:
        now = self._now()
        midnight = datetime.datetime.combine(now.date() + datetime.timedelta(days=1), datetime.time(), now.tzinfo)
        return max(1, round((midnight - now).total_seconds()))

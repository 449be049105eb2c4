"""What happens in the daemon, told to whoever follows: how it is, a pull that ended, a budget that is used up.

    changed() ─► a short moment ─► look ─► told if it is not what was told last
    tell() ────────────────────────────► told at once

Nothing is looked at while nobody follows, and nobody is asked every so often: who changes something says so. A
follower that does not read loses the oldest events, never the newest. How it travels is `api.events`'s affair.
"""

import asyncio
import contextlib
import datetime
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any, Literal

import msgspec

from andiron_models.library.pulls import Pull

Condition = Literal["ready", "loading", "generating", "failed"]
_SETTLE_SECONDS = 0.15
_QUEUED_EVENTS = 64


class StateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon is. `model` and `tokens_per_second` are those of the last answer, or of the model in memory.

    `failed` means that the backend in force cannot answer; `detail` and `hint` say why.
    """

    condition: Condition
    version: str
    backend: str
    backends: tuple[str, ...]
    models: tuple[str, ...]
    answered_by: str | None = None
    model: str | None = None
    chat_model: str | None = None
    completion_model: str | None = None
    tokens_per_second: float | None = None
    completions_paused_until: datetime.datetime | None = None
    detail: str | None = None
    hint: str | None = None


class PullEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A model is here, or its pull ended without it."""

    id: str
    state: Literal["done", "failed", "cancelled"]
    message: str | None = None


class BudgetUsedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A paid backend is not asked any more for now."""

    message: str
    hint: str | None = None


class DaemonStops(msgspec.Struct, frozen=True, kw_only=True):
    """The stream ends because the daemon does, on purpose; one that ends without this was cut off."""


Happening = StateEvent | PullEnded | BudgetUsedUp | DaemonStops
Look = Callable[[], Awaitable[StateEvent]]


class Events:
    """One for the daemon; `look` finds out how it is. Used from the event loop only; `aclose` ends every stream."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._followers: set[asyncio.Queue[Happening | None]] = set()
        self._told: StateEvent | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # One look at a time, so that what is told last is also what was found last.
        self._looking = asyncio.Lock()
        self._pulls: set[Pull] = set()
        self._is_closed = False

    @property
    def followers(self) -> int:
        """How many follow now."""
        return len(self._followers)

    async def follow(self) -> AsyncGenerator[Happening, None]:
        """Yield how the daemon is, and from then on what happens, until this or the daemon is closed."""
        if self._is_closed:
            return
        queue: asyncio.Queue[Happening | None] = asyncio.Queue(_QUEUED_EVENTS)
        self._followers.add(queue)
        try:
            await self._tell_state(queue)
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._followers.discard(queue)

    def changed(self) -> None:
        """Look again in a moment, so that a burst of changes is told as one."""
        if self._followers and self._timer is None and not self._is_closed:
            self._timer = asyncio.get_running_loop().call_later(_SETTLE_SECONDS, self._begin_to_look)

    def tell(self, event: Happening) -> None:
        """Tell every follower."""
        for queue in self._followers:
            _put(queue, event)

    def watch_pull(self, pull: Pull) -> None:
        """Tell when a pull has ended, once however often this is asked."""
        if not self._is_closed and pull not in self._pulls:
            self._pulls.add(pull)
            self._begin(self._until_pulled(pull))

    def turn_away(self) -> None:
        """End every stream of now; who may still come in follows anew."""
        for queue in self._followers:
            _put(queue, None)
        self._followers.clear()

    async def aclose(self) -> None:
        """End every stream; may be called again."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self.tell(DaemonStops())
        self.turn_away()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin_to_look(self) -> None:
        self._timer = None
        self._begin(self._tell_state())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_state(self, newcomer: "asyncio.Queue[Happening | None] | None" = None) -> None:
        """Look, and tell everybody what is not what was told last; a newcomer is told in any case."""
        async with self._looking:
            found = await self._look()
            if found != self._told:
                self._told = found
                self.tell(found)
            elif newcomer is not None:
                _put(newcomer, found)

    async def _until_pulled(self, pull: Pull) -> None:
        async with contextlib.aclosing(pull.follow()) as statuses:
            async for status in statuses:
                if status.state != "running":
                    message = status.error.message if status.error is not None else None
                    self.tell(PullEnded(id=status.id, state=status.state, message=message))
        self._pulls.discard(pull)
        self.changed()  # one more model may be chosen now


def _put(queue: "asyncio.Queue[Happening | None]", event: Happening | None) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)

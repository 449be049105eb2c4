"""Work for later: windows prepared, and the next suggestion after one was accepted.

Everything here runs at background priority and may be thrown away; its failures are logged and harm nobody.
"""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable

import msgspec

from andiron_daemon.completion.anchor import Place, PlaceKey
from andiron_daemon.completion.window import Window
from andiron_models.errors import ModelError
from andiron_models.types import Delta

_log = logging.getLogger(__name__)


class Work(msgspec.Struct, frozen=True):
    """A window to be evaluated for a place, by running what `evaluate` returns."""

    place: Place
    window: Window
    evaluate: Callable[[], AsyncGenerator[Delta, None]]


class Preparation:
    """Prepares windows, one at a time and the newest first, for that is where the person is; `aclose` ends all.

    An older one waits meanwhile and goes on afterwards: what was evaluated of it stays with the engine. At most
    `most_waiting` wait; whoever comes back to a forgotten place asks again.
    """

    def __init__(self, most_waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_waiting = most_waiting
        self._clock = clock
        self._waiting: OrderedDict[PlaceKey, Work] = OrderedDict()
        self._current: tuple[PlaceKey, Work, asyncio.Task[None]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def prepare(self, key: PlaceKey, work: Work) -> None:
        """Prepare a window before all others; another one that was wanted for the key is given up."""
        if self._current is not None and self._current[0] == key and self._current[1].window is work.window:
            return
        self._drop(key)
        if self._current is not None:
            older, unfinished, task = self._current
            task.cancel()
            self._waiting[older] = unfinished
        while len(self._waiting) > self._most_waiting:
            self._waiting.popitem(last=False)
        self._begin(key, work)

    def is_preparing(self, key: PlaceKey, window: Window) -> bool:
        """Tell whether a window is being prepared or will be."""
        work = self._current[1] if self._current is not None and self._current[0] == key else self._waiting.get(key)
        return work is not None and work.window is window

    def give_up(self, key: PlaceKey) -> None:
        """Stop preparing; what was evaluated stays with the engine."""
        self._drop(key)
        self._go_on()

    async def aclose(self) -> None:
        """Stop everything."""
        self._waiting.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _drop(self, key: PlaceKey) -> None:
        self._waiting.pop(key, None)
        if self._current is not None and self._current[0] == key:
            self._current[2].cancel()
            self._current = None

    def _go_on(self) -> None:
        if self._current is None and self._waiting:
            self._begin(*self._waiting.popitem())

    def _begin(self, key: PlaceKey, work: Work) -> None:
        task = asyncio.create_task(self._evaluate(key[1], work))
        self._current = (key, work, task)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
        if self._current is not None and self._current[2] is task:
            self._current = None
            self._go_on()

    async def _evaluate(self, path: str, work: Work) -> None:
        is_done = False
        work.place.begin(self._clock())
        try:
            async with contextlib.aclosing(work.evaluate()) as deltas:
                async for delta in deltas:
                    is_done = is_done or (delta.finish is not None and delta.finish.reason != "cancelled")
        except ModelError as error:
            _log.info("warming up %s failed: %s", path or "a place", error)
        finally:
            work.place.prepared(work.window, is_done=is_done)

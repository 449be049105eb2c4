"""Work for later: windows prepared, and the next suggestion after one was accepted.

Everything here runs at background priority and may be thrown away; its failures are logged and harm nobody.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable

from andiron_daemon.completion.anchor import Place, PlaceKey
from andiron_daemon.completion.window import Window
from andiron_models.errors import ModelError
from andiron_models.types import Delta

_log = logging.getLogger(__name__)


class Preparation:
    """Prepares windows: one at a time for each key; `aclose` ends all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tasks: dict[PlaceKey, tuple[asyncio.Task[None], Window]] = {}

    @property
    def count(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def prepare(self, key: PlaceKey, place: Place, window: Window, deltas: AsyncGenerator[Delta, None]) -> None:
        """Have a window evaluated by running `deltas`; what was prepared for the key before is given up."""
        self.give_up(key)
        place.begin(self._clock())
        task = asyncio.create_task(self._evaluate(key[1], place, window, deltas))
        self._tasks[key] = (task, window)
        task.add_done_callback(lambda done: self._forget(key, done))

    def is_preparing(self, key: PlaceKey, window: Window | None = None) -> bool:
        """Tell whether a window is being prepared."""
        known = self._tasks.get(key)
        return known is not None and (window is None or known[1] is window)

    def give_up(self, key: PlaceKey) -> None:
        """Stop preparing; what was evaluated stays with the engine."""
        known = self._tasks.pop(key, None)
        if known is not None:
            known[0].cancel()

    async def aclose(self) -> None:
        """Stop everything."""
        tasks = [task for task, _ in self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _evaluate(self, path: str, place: Place, window: Window, deltas: AsyncGenerator[Delta, None]) -> None:
        is_done = False
        try:
            async with contextlib.aclosing(deltas):
                async for delta in deltas:
                    is_done = is_done or (delta.finish is not None and delta.finish.reason != "cancelled")
        except ModelError as error:
            _log.info("warming up %s failed: %s", path or "a place", error)
        finally:
            place.prepared(window, is_done=is_done)

    def _forget(self, key: PlaceKey, task: "asyncio.Task[None]") -> None:
        known = self._tasks.get(key)
        if known is not None and known[0] is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()

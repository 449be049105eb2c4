"""Runs an async generator in a task of its own, so that waiting for its next item can be bounded or given up.

A generator that is awaited with a time limit would be cancelled when the limit is reached; behind a pump it
goes on. Closing the pump cancels the generator and waits until it has cleaned up.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

# A reader this far behind holds the source back.
_BUFFERED_ITEMS = 256


class Pump(Generic[Item]):
    """The reading end; made by `pumped`."""

    def __init__(self, source: AsyncGenerator[Item, None]) -> None:
        self.was_stopped = False
        self._items: deque[Item] = deque()
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._task = asyncio.create_task(self._run(source))
        self._task.add_done_callback(lambda _: self._arrived.set())

    def stop(self) -> None:
        """Cancel the source and forget what was not read; the reader comes to the end."""
        self.was_stopped = True
        self._items.clear()
        self._task.cancel()

    async def next(self) -> Item:
        """Return the next item; giving up waiting loses nothing.

        Raises:
            StopAsyncIteration: at the end, also when it was stopped.
        """
        while not self._items:
            if self._task.done():
                if not self.was_stopped:
                    self._task.result()
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        self._taken.set()
        return self._items.popleft()

    async def next_within(self, seconds: float | None) -> Item | None:
        """Return the next item, None if there is none in time; for None it waits as long as it takes.

        Raises:
            StopAsyncIteration: as for `next`.
        """
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self.next()
        except TimeoutError:
            if not limit.expired():
                raise
            return None

    def __aiter__(self) -> AsyncIterator[Item]:
        """Read to the end."""
        return self

    async def __anext__(self) -> Item:
        """Return the next item."""
        return await self.next()

    async def aclose(self) -> None:
        """Cancel the source if it still runs, and wait for it."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            # Who reads has been told already, or has gone.
            self._task.exception()

    async def _run(self, source: AsyncGenerator[Item, None]) -> None:
        async with contextlib.aclosing(source):
            async for item in source:
                self._items.append(item)
                self._arrived.set()
                while len(self._items) >= _BUFFERED_ITEMS:
                    self._taken.clear()
                    await self._taken.wait()


@contextlib.asynccontextmanager
async def pumped(source: AsyncGenerator[Item, None]) -> AsyncIterator[Pump[Item]]:
    """Read `source` through a pump that is closed at the end of the block."""
    pump = Pump(source)
    try:
        yield pump
    finally:
        await pump.aclose()

"""The OpenAI stub in a thread of its own, for tests that cannot be asynchronous."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from andiron_testing.openai_stub import OpenAIStub, Reply, openai_stub


class StubInAThread:
    """Hands what a test says to the stub's own loop."""

    def __init__(self, stub: OpenAIStub, loop: asyncio.AbstractEventLoop) -> None:
        self._stub = stub
        self._loop = loop

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return self._stub.base_url

    def enqueue(self, *replies: str | Reply) -> None:
        """Add replies, one for each request to come; a text is sent line by line."""
        made = [Reply(pieces=one.splitlines(keepends=True)) if isinstance(one, str) else one for one in replies]
        self._call(lambda: self._stub.enqueue(*made))

    def forget(self) -> None:
        """Drop the replies nobody has come for."""
        self._call(self._stub.forget)

    def gate(self) -> asyncio.Event:
        """Make what a reply may wait for."""
        return asyncio.Event()

    def open(self, gate: asyncio.Event) -> None:
        """Let the reply go on that waits for it."""
        self._call(gate.set)

    def requests(self) -> int:
        """Count the generating requests so far."""
        return len(self._stub.requests)

    def last_body(self) -> dict[str, Any]:
        """Return what was asked last."""
        return self._stub.requests[-1].body

    def bodies(self) -> list[dict[str, Any]]:
        """Return everything that was asked, the oldest first."""
        return [seen.body for seen in self._stub.requests]

    def wait_for_requests(self, count: int) -> None:
        """Wait until so many have come in all."""
        asyncio.run_coroutine_threadsafe(self._stub.arrived(count), self._loop).result(20)

    def wait_for_hang_ups(self, count: int) -> None:
        """Wait until so many clients have left before the end in all."""
        asyncio.run_coroutine_threadsafe(self._stub.disconnected(count), self._loop).result(20)

    @property
    def hang_ups(self) -> int:
        """How many clients have left before the end so far."""
        return self._stub.disconnects

    def _call(self, work: object) -> None:
        assert callable(work)
        done = threading.Event()

        def run() -> None:
            work()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(10)


@contextmanager
def openai_in_a_thread() -> Iterator[StubInAThread]:
    """Run a stub on a free port until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="openai-stub")
    thread.start()
    running = openai_stub()
    try:
        stub = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(30)
        try:
            yield StubInAThread(stub, loop)
        finally:
            asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()

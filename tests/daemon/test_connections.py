"""The bounds on connections, over a server of their own; tests/e2e has them on the real daemon."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from andiron_daemon.connections import Bounds, Connections
from andiron_testing.fake_worker import settled

_CHUNK = b"x" * 1024 * 1024
Serve = Callable[[Bounds], Awaitable[int]]


class Streaming:
    """A handler that sends for as long as it is let, and tells of its end."""

    def __init__(self) -> None:
        self.has_ended = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(_CHUNK)
        finally:
            self.has_ended.set()


@pytest.fixture
async def streaming() -> Streaming:
    return Streaming()


@pytest.fixture
async def serve(streaming: Streaming) -> AsyncIterator[Serve]:
    """Serve within some bounds and return the port."""
    app = web.Application()
    app.router.add_get("/", streaming.answer)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    kept: list[Connections] = []

    async def start(bounds: Bounds) -> int:
        opened = socket.create_server(("127.0.0.1", 0))
        opened.setblocking(False)
        kept.append(Connections(runner, bounds))
        await kept[0].listen(opened)
        port: int = opened.getsockname()[1]
        return port

    yield start
    for connections in kept:
        connections.close()
    await runner.cleanup()


async def test_a_client_that_reads_nothing_is_given_up_and_its_handler_cancelled(
    serve: Serve, streaming: Streaming
) -> None:
    port = await serve(Bounds(stall_seconds=0.1))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await reader.readexactly(1)
    async with asyncio.timeout(10):
        await streaming.has_ended.wait()
    writer.transport.abort()


async def test_a_connection_that_says_nothing_is_closed(serve: Serve) -> None:
    port = await serve(Bounds(head_seconds=0.1))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_head_that_does_not_end_is_answered(serve: Serve) -> None:
    port = await serve(Bounds(head_seconds=0.1))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: ")
    async with asyncio.timeout(10):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    writer.close()
    await writer.wait_closed()


async def test_the_newest_is_refused_where_all_are_being_answered(serve: Serve) -> None:
    port = await serve(Bounds(most=4))
    streams = []
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        streams.append((reader, writer))
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readexactly(1)
    reader, last = await asyncio.open_connection("127.0.0.1", port)
    last.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    async with asyncio.timeout(10):
        assert await _first_byte(reader) == b""
    for _, writer in (*streams, (reader, last)):
        writer.transport.abort()


async def _first_byte(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1)
    except ConnectionError:
        return b""


async def test_a_daemon_that_stood_still_itself_reads_before_it_judges(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await serve(Bounds(head_seconds=60))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(b"GET / HTTP/1.1\r\n")
    await settled()
    loop = asyncio.get_running_loop()
    real_time = loop.time
    monkeypatch.setattr(loop, "time", lambda: real_time() + 3600)
    writer.write(b"Host: 127.0.0.1\r\n\r\n")
    assert await reader.readexactly(12) == b"HTTP/1.1 200"
    writer.transport.abort()

"""The daemon's connections: how many there may be, and how long each may take over its part.

    waiting for a request ──first byte──► its head ──whole──► its body ──► the answer ──► waiting …
       (keep-alive)          (head time)               (body time)     (stall time)

HTTP itself is aiohttp's; this adds the bounds it has none for, so that clients that send or read a byte now and
then hold nothing up. Where there are too many, the one that has waited longest gives way: first those that have
sent nothing whole, then idle ones; never one that is being answered. The time for a body is kept by the
middleware `whole_bodies`, after the token has been checked.
"""

import asyncio
import logging
import re
import socket
from collections.abc import Callable

import msgspec
from aiohttp import web
from aiohttp.web_request import BaseRequest

from andiron_daemon.failure import ErrorBody, ErrorInfo
from andiron_daemon.identifiers import new_id

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
# Bytes of a refused request that are still taken in, so that its client reads the refusal.
_LINGERING_SECONDS = 2.0
_LONGEST_LINE_BYTES = 8190
_MOST_HEADERS = 128
_BACKLOG = 128
_BAD_REQUEST = 400
_QUOTED = re.compile(r" when reading|: ?(?:b|bytearray\(b)['\"]")


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one daemon takes; times in seconds."""

    most: int = 512
    head_seconds: float = 10.0
    idle_seconds: float = 75.0
    stall_seconds: float = 60.0


class Connection(web.RequestHandler):
    """One connection; aiohttp asks for a class here."""

    __slots__ = ("_connections", "_has_begun", "_waits_since", "is_reading_body", "stalled_since")

    def __init__(self, connections: "Connections", server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # it is tested for, and none is kept
            keepalive_timeout=connections.bounds.idle_seconds,
            lingering_time=_LINGERING_SECONDS,
            max_line_size=_LONGEST_LINE_BYTES,
            max_field_size=_LONGEST_LINE_BYTES,
            max_headers=_MOST_HEADERS,
            # Packed bodies are refused; none is unpacked before that.
            auto_decompress=False,
        )
        self._connections = connections
        self._waits_since: float | None = loop.time()
        self._has_begun = False
        self.is_reading_body = False
        self.stalled_since: float | None = None

    @property
    def is_idle(self) -> bool:
        """Tell whether no request is being answered."""
        return self._waiter is not None and not self._waiter.done()

    @property
    def head_since(self) -> float | None:
        """Since when the head of a request is due: from its first byte, or on a new connection from the start."""
        # Before its first request, aiohttp may not yet have begun to wait for one.
        return self._waits_since if self.is_idle or self._request_count == 0 else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it."""
        self._connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a head begins, and when it is whole."""
        super().data_received(data)
        self._has_begun = True
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = self._loop.time()

    def pause_writing(self) -> None:
        """Note that the client reads nothing."""
        super().pause_writing()
        self.stalled_since = self._loop.time()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        super().resume_writing()
        self.stalled_since = None

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what is no HTTP in the one shape of errors, and close; what was sent goes into no log."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer has been sent already")
        identifier = new_id()
        if status == _BAD_REQUEST:
            _log.info("a request that is no HTTP was refused: %s [%s]", type(exc).__name__, identifier)
            info = ErrorInfo(
                code="invalid_request",
                message=f"this is not a request that HTTP knows: {_first_line(message)}",
                request_id=identifier,
                hint=f"A line may have {_LONGEST_LINE_BYTES} bytes, a request {_MOST_HEADERS} headers.",
            )
        else:
            _log.error("a request failed outside of any handler [%s]", identifier, exc_info=exc)
            info = ErrorInfo(code="internal", message="something went wrong inside Andiron", request_id=identifier)
        response = web.Response(
            body=msgspec.json.encode(ErrorBody(error=info)), status=status, content_type="application/json"
        )
        response.headers["Server"] = "Andiron"
        response.force_close()
        return response

    def give_up(self, reason: str) -> None:
        """End it; a client that has begun to ask is told why."""
        _log.info("a connection was ended: %s", reason)
        if self.transport is not None and self._has_begun:
            self.transport.write(_timed_out(reason))
        self.force_close()

    def abort(self) -> None:
        """End it at once."""
        if self.transport is not None:
            self.transport.abort()


class Connections:
    """All that are open; used from the event loop only."""

    def __init__(self, runner: web.AppRunner, bounds: Bounds) -> None:
        self.bounds = bounds
        self._runner = runner
        self._open: dict[Connection, None] = {}
        self._servers: list[asyncio.Server] = []
        self._look: asyncio.TimerHandle | None = None
        self._look_is_due = 0.0

    async def listen(self, opened: socket.socket) -> None:
        """Take connections of a listening socket; `close` ends that."""
        loop = asyncio.get_running_loop()
        server = self._runner.server
        assert server is not None
        self._servers.append(
            await loop.create_server(lambda: Connection(self, server, loop), sock=opened, backlog=_BACKLOG)
        )

    def close(self) -> None:
        """Take no more connections; ending those that are open is the runner's part."""
        for server in self._servers:
            server.close()
        if self._look is not None:
            self._look.cancel()

    def add(self, connection: Connection) -> None:
        """Count one in, in the place of another where there are too many."""
        if len(self._open) >= self.bounds.most:
            self._make_room(connection)
        if connection.transport is not None and not connection.transport.is_closing():
            self._open[connection] = None
        if self._look is None:
            self._look_later()

    def discard(self, connection: Connection) -> None:
        """Count one out."""
        self._open.pop(connection, None)

    def _make_room(self, newest: Connection) -> None:
        found = self._first(lambda one: one.head_since is not None or one.is_reading_body)
        found = found or self._first(lambda one: one.is_idle)
        if found is None:
            # All are being answered, most of them for a moment only; a few more are borne.
            if len(self._open) < self.bounds.most + self.bounds.most // 4:
                return
            found = newest
        self._open.pop(found, None)
        found.abort()

    def _first(self, is_wanted: Callable[[Connection], bool]) -> Connection | None:
        return next((one for one in self._open if is_wanted(one)), None)

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._look_is_due = loop.time() + _LOOK_SECONDS
        self._look = loop.call_at(self._look_is_due, self._look_over)

    def _look_over(self) -> None:
        """End what has taken too long; where the daemon itself stood still, what came meanwhile is read first."""
        self._look = None
        now = asyncio.get_running_loop().time()
        stood_still = now - self._look_is_due > _LOOK_SECONDS
        for connection in () if stood_still else tuple(self._open):
            if _is_over(connection.head_since, now, self.bounds.head_seconds):
                connection.give_up("the request did not come to its end in time")
            elif _is_over(connection.stalled_since, now, self.bounds.stall_seconds):
                _log.info("a connection was ended: its client reads nothing")
                connection.abort()
        if self._open:
            self._look_later()


def _is_over(since: float | None, now: float, seconds: float) -> bool:
    return since is not None and now - since > seconds


def _first_line(message: str | None) -> str:
    """Keep the sentence of aiohttp's message, not the bytes that it quotes below."""
    return _QUOTED.split((message or "").partition("\n")[0])[0].strip(": ") or "it cannot be read"


def _timed_out(reason: str) -> bytes:
    info = ErrorInfo(code="request_timeout", message=reason, request_id=new_id(), hint="Send it in one go.")
    body = msgspec.json.encode(ErrorBody(error=info))
    head = (
        "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nServer: Andiron\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body

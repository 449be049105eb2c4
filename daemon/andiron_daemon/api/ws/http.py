"""`GET /ws`: the upgrade, the loop over what comes in, and the close; the session itself is `connection`'s."""

import asyncio
import contextlib

from aiohttp import WSCloseCode, WSMsgType, web

from andiron_daemon import keys
from andiron_daemon.api.ws.connection import Connection
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.middleware.limits import client_of

# Named by clients that also name their token as a protocol; the token is not echoed.
PROTOCOL = "andiron"
_CLOSE_SECONDS = 1.0

Socket = web.WebSocketResponse[bool]
# The sockets that are open, with their sessions.
SOCKETS: web.AppKey[dict[Socket, Connection]] = web.AppKey("sockets")

# A task that nobody holds may vanish before it is done.
_closing: set[asyncio.Task[None]] = set()


async def serve(request: web.Request) -> web.StreamResponse:
    """Serve one socket until either side closes it."""
    socket: Socket = web.WebSocketResponse(
        timeout=_CLOSE_SECONDS,
        heartbeat=request.app[keys.HEARTBEAT_SECONDS],
        protocols=(PROTOCOL,),
        # On a loopback packing costs more than it saves, and a packed frame may unpack to anything.
        compress=False,
        # aiohttp refuses what reaches its limit.
        max_msg_size=request.app[keys.SERVICES].settings.max_frame_bytes + 1,
        # Left as bytes, text that is no UTF-8 can be answered like any other malformed frame.
        decode_text=False,
    )
    if not socket.can_prepare(request):
        raise InvalidRequestError("this is not a WebSocket upgrade", hint="Connect with a WebSocket client.")
    await socket.prepare(request)
    connection = Connection(
        request.app[keys.SERVICES], lambda data: socket.send_frame(data, WSMsgType.TEXT), client_of(request)
    )
    open_sockets = request.app[SOCKETS]
    open_sockets[socket] = connection
    try:
        with contextlib.suppress(ConnectionError):
            await _read(socket, connection)
    finally:
        open_sockets.pop(socket, None)
        await connection.aclose()
    return socket


async def close_all(app: web.Application) -> None:
    """Tell every client that the daemon is going away."""
    await asyncio.gather(*(_go_away(socket, connection) for socket, connection in list(app[SOCKETS].items())))


def refuse_all(app: web.Application) -> None:
    """Close every socket: the token it was opened with is no longer good."""
    open_sockets = app[SOCKETS]
    for socket in list(open_sockets):
        task = asyncio.ensure_future(_refuse(socket))
        _closing.add(task)
        task.add_done_callback(_closing.discard)


async def _refuse(socket: Socket) -> None:
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(2 * _CLOSE_SECONDS):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"the token was changed")


async def _read(socket: Socket, connection: Connection) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await connection.take(message.data)
        elif message.type is WSMsgType.BINARY:
            await connection.refuse_binary()


async def _go_away(socket: Socket, connection: Connection) -> None:
    await connection.finish(_CLOSE_SECONDS)
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(2 * _CLOSE_SECONDS):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"Andiron is stopping")

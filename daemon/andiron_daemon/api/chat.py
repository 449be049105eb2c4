"""`POST /api/v1/chat/…`: a message and its answer."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dispatch import CHAT
from andiron_daemon.api.wire import answer_stream, answer_whole, read_body, wants_stream
from andiron_daemon.middleware.request_id import request_id_of


async def message(request: web.Request) -> web.StreamResponse:
    """Answer a message, as one body unless events are asked for."""
    body = await read_body(request, CHAT.body)
    events = CHAT.begin(request.app[keys.SERVICES], body, request_id_of(request))
    if wants_stream(request, body.stream):
        return await answer_stream(request, events)
    return await answer_whole(events)


async def stream(request: web.Request) -> web.StreamResponse:
    """Answer a message as events."""
    body = await read_body(request, CHAT.body)
    return await answer_stream(request, CHAT.begin(request.app[keys.SERVICES], body, request_id_of(request)))

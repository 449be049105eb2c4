"""`POST /api/v1/code/…`: work on code."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.bodies import CompleteBody, WarmUp
from andiron_daemon.api.wire import answer_stream, answer_whole, json_response, read_body, wants_stream
from andiron_daemon.middleware.request_id import request_id_of


async def complete(request: web.Request) -> web.StreamResponse:
    """Complete at a cursor; with `max_tokens` 0 only warm the place up."""
    body = await read_body(request, CompleteBody)
    completion = request.app[keys.SERVICES].completion
    if body.max_tokens == 0:
        return json_response(WarmUp(id=completion.warm_up(body, request_id=request_id_of(request))), status=202)
    events = completion.complete(body, request_id=request_id_of(request))
    if wants_stream(request, body.stream):
        return await answer_stream(request, events)
    return await answer_whole(events)

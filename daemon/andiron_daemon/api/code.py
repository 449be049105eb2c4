"""`POST /api/v1/code/…`: work on code."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.bodies import CompleteBody, WarmUp
from andiron_daemon.api.wire import answer_stream, answer_whole, json_response, read_body, wants_stream
from andiron_daemon.completion.types import FeedbackInput
from andiron_daemon.middleware.request_id import request_id_of


async def complete(request: web.Request) -> web.StreamResponse:
    """Complete at a cursor; with `max_tokens` 0 only warm the place up."""
    body = await read_body(request, CompleteBody)
    completion = request.app[keys.SERVICES].completion
    if body.max_tokens == 0:
        return json_response(WarmUp(id=await completion.warm_up(body, request_id=request_id_of(request))), status=202)
    stream = wants_stream(request, body.stream)
    events = completion.complete(body, request_id=request_id_of(request), stream=stream)
    if stream:
        return await answer_stream(request, events)
    return await answer_whole(events)


async def feedback(request: web.Request) -> web.Response:
    """Take note of what became of a suggestion."""
    given = await read_body(request, FeedbackInput)
    await request.app[keys.SERVICES].completion.take_feedback(request.match_info["id"], given)
    return web.Response(status=204)

"""`/api/v1/chat/conversations`: what was said."""

from aiohttp import hdrs, web

from andiron_daemon import keys
from andiron_daemon.api.bodies import ExportQuery, PageQuery, RegenerateBody, TitleBody
from andiron_daemon.api.wire import answer_stream, answer_whole, json_response, read_body, read_query, wants_stream
from andiron_daemon.chat.export import as_markdown, file_name
from andiron_daemon.middleware.request_id import request_id_of


async def index(request: web.Request) -> web.Response:
    """List conversations, the newest first, or those in which the words of `q` were said."""
    given = read_query(request, PageQuery)
    words = given.q.strip() if given.q is not None else None
    page = await request.app[keys.SERVICES].chat.page(limit=given.limit, cursor=given.cursor, query=words)
    return json_response(page)


async def show(request: web.Request) -> web.Response:
    """Show a conversation with its messages."""
    return json_response(await request.app[keys.SERVICES].chat.get(request.match_info["id"]))


async def change(request: web.Request) -> web.Response:
    """Rename a conversation."""
    chat, identifier = request.app[keys.SERVICES].chat, request.match_info["id"]
    title = (await read_body(request, TitleBody)).title
    return json_response(await (chat.get(identifier) if title is None else chat.rename(identifier, title)))


async def delete(request: web.Request) -> web.Response:
    """Delete a conversation for good."""
    await request.app[keys.SERVICES].chat.delete(request.match_info["id"])
    return web.Response(status=204)


async def export(request: web.Request) -> web.Response:
    """Hand a conversation out as a file."""
    form = read_query(request, ExportQuery).format
    conversation = await request.app[keys.SERVICES].chat.get(request.match_info["id"])
    name = file_name(conversation, "md" if form == "markdown" else "json")
    response = json_response(conversation)
    if form == "markdown":
        response = web.Response(text=as_markdown(conversation), content_type="text/markdown")
    response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
    return response


async def regenerate(request: web.Request) -> web.StreamResponse:
    """Answer the last message again."""
    body = await read_body(request, RegenerateBody, b"{}")
    chat = request.app[keys.SERVICES].chat
    events = chat.regenerate(request.match_info["id"], body, request_id=request_id_of(request))
    if wants_stream(request, body.stream):
        return await answer_stream(request, events)
    return await answer_whole(events)

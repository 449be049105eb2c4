"""`/api/v1/chat/conversations`: what was said."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.wire import json_response
from andiron_daemon.errors import InvalidRequestError

_PAGE = 50


async def index(request: web.Request) -> web.Response:
    """List conversations, the newest first, or those in which the words of `q` were said."""
    page = await request.app[keys.SERVICES].chat.page(
        limit=_limit(request),
        cursor=request.query.get("cursor") or None,
        query=request.query.get("q", "").strip() or None,
    )
    return json_response(page)


async def show(request: web.Request) -> web.Response:
    """Show a conversation with its messages."""
    return json_response(await request.app[keys.SERVICES].chat.get(request.match_info["id"]))


async def delete(request: web.Request) -> web.Response:
    """Delete a conversation for good."""
    await request.app[keys.SERVICES].chat.delete(request.match_info["id"])
    return web.Response(status=204)


def _limit(request: web.Request) -> int:
    text = request.query.get("limit") or str(_PAGE)
    try:
        return int(text)
    except ValueError as error:
        raise InvalidRequestError(
            f"limit is {text!r}, which is not a whole number", details={"field": "limit"}
        ) from error

"""`GET /api/v1/privacy/log`: what was sent away from this machine, without the text."""

from typing import Annotated

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.wire import json_response, read_query
from andiron_daemon.protection import PrivacyStatus, Sending

_PAGE = 50


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many to show at most, and from which one on."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = _PAGE
    before: str | None = None


class PrivacyLog(msgspec.Struct, frozen=True, kw_only=True):
    """The latest sendings, the newest first; `next_before` goes on where there are more."""

    privacy: PrivacyStatus
    sendings: tuple[Sending, ...]
    next_before: str | None = None


async def log(request: web.Request) -> web.Response:
    """Show what was sent where, when and how much."""
    services = request.app[keys.SERVICES]
    query = read_query(request, LogQuery)
    sendings = await services.protection.sendings.latest(query.limit, query.before or None)
    more = sendings[-1].id if len(sendings) == query.limit else None
    privacy = services.protection.privacy(services.router.policy)
    return json_response(PrivacyLog(privacy=privacy, sendings=sendings, next_before=more))

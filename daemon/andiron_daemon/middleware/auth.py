"""Asks for the token on everything but the few open paths.

A browser cannot send headers with a WebSocket: on the sockets' paths the token may also come as a protocol,
`bearer.TOKEN` beside `andiron`, or as the query's `token`. The guard has checked the Origin by then.
"""

import hmac
from collections.abc import Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from andiron_daemon.errors import UnauthorizedError
from andiron_daemon.settings import Settings

_PROTOCOL_PREFIX = "bearer."


def auth(settings: Settings, open_paths: Collection[str], socket_paths: Collection[str] = ()) -> Middleware:
    """Make the middleware that asks for the token of the settings."""
    wanted = settings.token.encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if settings.auth and request.path not in open_paths:
            shown = _shown(request)
            if shown is None and request.path in socket_paths:
                shown = _shown_by_browser(request)
            if shown is None:
                raise UnauthorizedError(
                    "a token is needed", hint="Send `Authorization: Bearer TOKEN`; `andiron token --show` prints it."
                )
            if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), wanted):
                raise UnauthorizedError("the token is wrong", hint="`andiron token --show` prints the right one.")
        return await handler(request)

    return check


def _shown(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-API-Key")


def _shown_by_browser(request: web.Request) -> str | None:
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
    tokens = [
        name.strip().removeprefix(_PROTOCOL_PREFIX) for name in offered if name.strip().startswith(_PROTOCOL_PREFIX)
    ]
    return tokens[0] if tokens else request.query.get("token")

"""Asks for the token, or for the session a browser got by a one-time link, on everything but the few open routes.

A browser cannot send headers with a WebSocket: on the sockets' paths the token may also come as a protocol,
`bearer.TOKEN` beside `andiron`, or as the query's `token`. The guard has checked the Origin by then.

A browser sends its cookie whoever made it ask, pages of other programs on this machine included, since a cookie
knows no port. So a session counts only for what one of this daemon's own pages asks for.
"""

from collections.abc import Collection
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from andiron_daemon.access import Access
from andiron_daemon.errors import UnauthorizedError
from andiron_daemon.middleware.gate import Check

_PROTOCOL_PREFIX = "bearer."
_API_KEY = "X-API-Key"
_FETCH_SITE = "Sec-Fetch-Site"
_READING = ("GET", "HEAD")
AdmittedBy = Literal["token", "session", "nothing"]
_ADMITTED_KEY: web.RequestKey[AdmittedBy] = web.RequestKey("admitted_by")


def auth(access: Access, open_paths: Collection[str], socket_paths: Collection[str] = ()) -> Check:
    """Make the check that lets in who may come in; paths are as in the table of routes."""

    def check(request: web.Request) -> None:
        if access.is_required and (path := _route_path(request)) not in open_paths:
            shown = _shown(request)
            if shown is None and path in socket_paths:
                shown = _shown_by_browser(request)
            if shown is not None:
                if not access.is_token(shown):
                    raise UnauthorizedError("the token is wrong", hint="`andiron token --show` prints the right one.")
                request[_ADMITTED_KEY] = "token"
            elif session_of(request, access):
                request[_ADMITTED_KEY] = "session"
            else:
                raise UnauthorizedError(
                    "a token is needed",
                    hint="Send `Authorization: Bearer TOKEN`; `andiron token --show` prints it, "
                    "and `andiron open` signs a browser in.",
                )

    return check


def admitted_by(request: web.Request) -> AdmittedBy:
    """Tell what let a request in; `nothing` where nothing was asked for."""
    admitted: AdmittedBy = request.get(_ADMITTED_KEY, "nothing")
    return admitted


def check_token_shown(request: web.Request, access: Access) -> None:
    """Refuse who came by a session only: what makes or changes keys needs the token itself.

    Raises:
        UnauthorizedError: saying so.
    """
    if access.is_required and admitted_by(request) != "token":
        raise UnauthorizedError(
            "this needs the token itself, not a browser's session", hint="Ask on the command line: `andiron --help`."
        )


def session_of(request: web.Request, access: Access) -> str | None:
    """Return the secret of the session a request belongs to; None if it has none that counts."""
    if hdrs.COOKIE not in request.headers or not _is_own(request):
        return None
    secret = request.cookies.get(cookie_name(request))
    return secret if secret and access.is_session(secret) else None


def cookie_name(request: web.Request) -> str:
    """Name the cookie by the port the browser sees, so that two daemons of one machine do not undo each other."""
    _, _, port = request.host.rpartition(":")
    return f"andiron_session_{port}" if port.isdecimal() else "andiron_session"


def _is_own(request: web.Request) -> bool:
    """Tell whether a page of this daemon asks, or a person who typed an address."""
    own = f"http://{request.host}"
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and origin != own:
        return False
    site = request.headers.get(_FETCH_SITE)
    if site is not None:
        return site == "same-origin" or (site == "none" and request.method in _READING)
    # Browsers say that to the loopback; to other addresses of a plain network they say where they came from.
    if origin is None:
        source = urlsplit(request.headers.get(hdrs.REFERER, ""))
        return f"{source.scheme}://{source.netloc}" == own
    return True


def _route_path(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical


def _shown(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get(_API_KEY)


def _shown_by_browser(request: web.Request) -> str | None:
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
    tokens = [
        name.strip().removeprefix(_PROTOCOL_PREFIX) for name in offered if name.strip().startswith(_PROTOCOL_PREFIX)
    ]
    return tokens[0] if tokens else request.query.get("token")

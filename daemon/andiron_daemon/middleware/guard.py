"""Keeps web pages out: which Host names are answered to, and which web origins may call.

A page in a browser can reach the loopback, and by DNS rebinding even under a name of its own; the Host check
stops the second, the Origin check the first. Editors' webviews have origins of their own and are let in;
programs send no Origin. The token is asked for besides, by `auth`.
"""

from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from andiron_daemon.errors import ForbiddenHostError, ForbiddenOriginError
from andiron_daemon.settings import Settings

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_WILDCARDS = frozenset(("0.0.0.0", "::", ""))  # noqa: S104 -- they are compared, not bound
_EDITOR_SCHEMES = ("vscode-webview", "vscode-file")
_ORIGIN_KEY = web.RequestKey("allowed_origin", str)
_PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, PATCH, DELETE",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type, Accept, X-API-Key",
    hdrs.ACCESS_CONTROL_MAX_AGE: "600",
}


def guard(settings: Settings) -> Middleware:
    """Make the middleware that refuses foreign hosts and origins, and answers preflights of the others."""
    hosts = _LOOPBACK | {_bare(host) for host in (settings.host, *settings.allowed_hosts)} - _WILDCARDS
    origins = frozenset(origin.rstrip("/").lower() for origin in settings.backend_cors_origins)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get(hdrs.HOST, "")
        name, port = _split(host)
        if name not in hosts:
            raise ForbiddenHostError(
                f"the Host {host!r} is not one Andiron answers to",
                hint="Use 127.0.0.1 or localhost, or add the name to ANDIRON_ALLOWED_HOSTS.",
                details={"host": host},
            )
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return await handler(request)
        if not _is_allowed(origin, hosts, port, origins):
            raise ForbiddenOriginError(
                f"the web origin {origin!r} may not call Andiron",
                hint="If it is a page of yours, add it to BACKEND_CORS_ORIGINS.",
                details={"origin": origin},
            )
        request[_ORIGIN_KEY] = origin
        if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
            return web.Response(status=204, headers=_PREFLIGHT)
        return await handler(request)

    return check


async def show_allowed_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the browser hand the answer to the page that may have it."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    if _ORIGIN_KEY in request:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request[_ORIGIN_KEY]
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "X-Request-Id, Retry-After"
        response.headers[hdrs.VARY] = "Origin"


def _is_allowed(origin: str, hosts: frozenset[str], port: int | None, origins: frozenset[str]) -> bool:
    if origin.lower() in origins or "*" in origins:
        return True
    scheme, separator, authority = origin.lower().partition("://")
    if not separator or not authority:
        return False
    if scheme in _EDITOR_SCHEMES:
        return True
    # Pages this daemon serves itself, under whichever of its names.
    name, own_port = _split(authority)
    return scheme == "http" and name in hosts and own_port == port


def _split(authority: str) -> tuple[str, int | None]:
    """Cut `name:port`; a name that cannot be one is empty."""
    try:
        parts = urlsplit(f"//{authority}")
        plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
        return (_bare(parts.hostname or ""), parts.port) if plain else ("", None)
    except ValueError:
        return "", None


def _bare(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()

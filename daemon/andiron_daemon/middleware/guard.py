"""Keeps web pages out: which Host names are answered to, and which web origins may call.

A page in a browser can reach the loopback, and by DNS rebinding even under a name of its own; the Host check
stops the second, the Origin check the first. Editors' webviews have origins of their own and are let in;
programs send no Origin. What a page merely embeds (an image, a script) has no Origin either, but says that it
comes from another site; only following a link to a page of ours may. The token is asked for besides, by `auth`.
"""

import functools
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from andiron_daemon.errors import ForbiddenHostError, ForbiddenOriginError, InvalidRequestError
from andiron_daemon.middleware.gate import Check
from andiron_daemon.middleware.headers import header_name
from andiron_daemon.settings import Settings

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_WILDCARDS = frozenset(("0.0.0.0", "::", ""))  # noqa: S104 -- they are compared, not bound
# No page of the web can have an origin of these; `app` is of editors and note books that are built on a browser.
_EDITOR_SCHEMES = ("vscode-webview", "vscode-file", "app")
_FETCH_SITE = header_name("Sec-Fetch-Site")
_FETCH_MODE = "Sec-Fetch-Mode"
_FOREIGN_SITES = frozenset(("cross-site", "same-site"))
_HEADERS_OF_CLIENTS = "Authorization, Content-Type, Accept, X-API-Key"
_ASKS_PRIVATE_NETWORK = "Access-Control-Request-Private-Network"
_ALLOWS_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"
_READING = (hdrs.METH_GET, hdrs.METH_HEAD)
_ORIGIN_KEY = web.RequestKey("allowed_origin", str)
_PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, PATCH, DELETE",
    hdrs.ACCESS_CONTROL_MAX_AGE: "600",
}


def guard(settings: Settings) -> Check:
    """Make the check that refuses foreign hosts and origins, and answers preflights of the others."""
    hosts = _LOOPBACK | {_bare(host) for host in (settings.host, *settings.allowed_hosts)} - _WILDCARDS
    origins = frozenset(origin.rstrip("/").lower() for origin in settings.backend_cors_origins)

    def check(request: web.Request) -> web.Response | None:
        headers = request.headers
        port = _check_host(headers.getall(hdrs.HOST, ()), hosts)
        if request.raw_path[:1] != "/":
            _check_target(request.raw_path, hosts)
        if hdrs.CONTENT_ENCODING in headers:
            _check_encoding("Content-Encoding", headers[hdrs.CONTENT_ENCODING], "identity")
        if hdrs.TRANSFER_ENCODING in headers:
            _check_encoding("Transfer-Encoding", headers[hdrs.TRANSFER_ENCODING], "chunked")
        origin = headers.get(hdrs.ORIGIN)
        if origin is None:
            if headers.get(_FETCH_SITE) in _FOREIGN_SITES:
                _check_navigation(request)
            return None
        if not _is_allowed(origin, hosts, port, origins):
            raise ForbiddenOriginError(
                f"the web origin {origin!r} may not call Andiron",
                hint="If it is a page of yours, add it to BACKEND_CORS_ORIGINS.",
                details={"origin": origin},
            )
        request[_ORIGIN_KEY] = origin
        if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in headers:
            return _preflight(request)
        return None

    return check


def _check_host(named: Sequence[str], hosts: frozenset[str]) -> int | None:
    """Return the port a request names."""
    host = named[0] if len(named) == 1 else ", ".join(named)
    name, port = _split(host)
    if name not in hosts:
        raise ForbiddenHostError(
            f"the Host {host!r} is not one Andiron answers to",
            hint="Use 127.0.0.1 or localhost, or add the name to ANDIRON_ALLOWED_HOSTS.",
            details={"host": host},
        )
    return port


def _check_target(target: str, hosts: frozenset[str]) -> None:
    """A whole address in the place of a path counts as the Host, whatever that says."""
    if "://" in target:
        _check_host([urlsplit(target).netloc], hosts)


def _check_encoding(header: str, encoding: str, only: str) -> None:
    """A packed body may unpack to anything, and on a loopback packing costs more than it saves."""
    if encoding.strip().lower() != only:
        raise InvalidRequestError(
            f"the {header} is {encoding!r}", hint="Send the body as it is.", details={"header": header}
        )


def _check_navigation(request: web.Request) -> None:
    """Let a person follow a link from elsewhere; let no page elsewhere embed or probe what is here."""
    if request.method not in _READING or request.headers.get(_FETCH_MODE) != "navigate":
        raise ForbiddenOriginError(
            "a page of another web site may not call Andiron",
            hint="If it is a page of yours, add its origin to BACKEND_CORS_ORIGINS and fetch with CORS.",
        )


def _preflight(request: web.Request) -> web.Response:
    answer = web.Response(status=204, headers=_PREFLIGHT)
    # A page that may call may send what it likes: OpenAI's own client has a dozen headers that tell of itself.
    asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS)
    answer.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = asked or _HEADERS_OF_CLIENTS
    if request.headers.get(_ASKS_PRIVATE_NETWORK) == "true":
        answer.headers[_ALLOWS_PRIVATE_NETWORK] = "true"
    return answer


def show_allowed_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the browser hand the answer to the page that may have it."""
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


@functools.lru_cache(maxsize=128)
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

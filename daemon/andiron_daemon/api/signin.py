"""A browser's way in: a link with a code that works once, traded for a session in a cookie.

    andiron open ─token─► POST /api/v1/system/links ─► /signin#CODE ─page─► POST /signin ─► cookie

Opening the link changes nothing: the code stands behind the `#`, which no browser sends and no log, proxy or
preview sees, and the page's own script posts it. So whatever fetches links ahead of a person uses none up.
"""

import asyncio
from urllib.parse import urlencode

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.access import LINK_SECONDS, SESSION_SECONDS, Access
from andiron_daemon.api.bodies import Link, LinkBody, Session, SignedIn, SignInBody
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.errors import InvalidRequestError, UnauthorizedError
from andiron_daemon.middleware.auth import admitted_by, check_token_shown, cookie_name, session_of
from andiron_daemon.tokens import replace_token

_FIRST_PAGE = "/docs"


async def make_link(request: web.Request) -> web.Response:
    """Make a link that signs one browser in."""
    access = _access(request)
    check_token_shown(request, access)
    wanted = (await read_body(request, LinkBody, b"{}")).page
    pages = request.app[keys.PAGES]
    if wanted is not None and wanted not in pages:
        raise InvalidRequestError(
            f"there is no page {wanted!r}", hint=f"The pages are: {', '.join(pages)}.", details={"field": "page"}
        )
    fragment = urlencode({"code": access.make_link(), "page": wanted or _FIRST_PAGE})
    return json_response(Link(url=f"http://{request.host}/signin#{fragment}", expires_in_seconds=LINK_SECONDS))


async def sign_in(request: web.Request) -> web.Response:
    """Trade a link's code for a session."""
    secret = _access(request).redeem((await read_body(request, SignInBody)).code)
    if secret is None:
        raise UnauthorizedError(
            "this link is not good, or no longer: it works once, and for two minutes",
            hint="`andiron open` makes another.",
        )
    response = json_response(SignedIn(expires_in_seconds=SESSION_SECONDS))
    response.set_cookie(
        cookie_name(request), secret, max_age=int(SESSION_SECONDS), httponly=True, samesite="Strict", path="/"
    )
    return response


async def show_session(request: web.Request) -> web.Response:
    """Tell a page whether its requests are let in, and by what."""
    return json_response(Session(admitted_by=admitted_by(request)))


async def sign_out(request: web.Request) -> web.Response:
    """End the browser's session."""
    access = _access(request)
    secret = session_of(request, access)
    if secret is not None:
        access.end_session(secret)
    response = web.Response(status=204)
    response.del_cookie(cookie_name(request), path="/", httponly=True, samesite="Strict")
    return response


async def rotate_token(request: web.Request) -> web.Response:
    """Put a new token in force; the old one is refused from the moment this is answered."""
    access = _access(request)
    check_token_shown(request, access)
    file = access.check_rotation()
    access.take(await asyncio.to_thread(replace_token, file))
    return web.Response(status=204)


def _access(request: web.Request) -> Access:
    return request.app[keys.ACCESS]

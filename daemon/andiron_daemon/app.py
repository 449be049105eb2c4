"""The web application: wiring only.

    request ─ edge (id, counting, errors) ─ gate (guard, auth, limits, body) ─► handler ─► services

Whoever runs it makes its runner with `handler_cancellation=True`: a client that leaves then cancels its
handler, and with it the work, even while no token comes.
"""

import functools
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from aiohttp import hdrs, web

from andiron_daemon import keys
from andiron_daemon.access import Access
from andiron_daemon.api.dialects.failures import reshape_failure
from andiron_daemon.api.events import end_all
from andiron_daemon.api.openapi import encode_document
from andiron_daemon.api.routes import OPEN_PATHS, PAGES, ROUTES, SOCKET_PATHS
from andiron_daemon.api.ws.http import SOCKETS, close_all, refuse_all
from andiron_daemon.health import LocalModel
from andiron_daemon.middleware.auth import auth
from andiron_daemon.middleware.edge import edge
from andiron_daemon.middleware.gate import gate
from andiron_daemon.middleware.guard import guard, show_allowed_origin
from andiron_daemon.middleware.headers import SERVER, show_protection
from andiron_daemon.middleware.limits import limit_bodies, limit_rates
from andiron_daemon.middleware.request_id import show_request_id
from andiron_daemon.middleware.whole_bodies import whole_bodies
from andiron_daemon.paths import Paths
from andiron_daemon.services import build_services
from andiron_daemon.settings import Settings
from andiron_models.backend import Backend


def create_app(
    settings: Settings,
    paths: Paths,
    *,
    backends: Mapping[str, Backend] | None = None,
    token_file: Path | None = None,
    stop: Callable[[], None] | None = None,
    keep_alive_seconds: float = 10.0,
    heartbeat_seconds: float = 20.0,
) -> web.Application:
    """Make the application; its services are built when it starts and closed when it is cleaned up.

    Args:
        settings: with the token in force in them.
        paths: the folders.
        backends: instead of those registered.
        token_file: where the token is kept, if it may be replaced while the daemon runs.
        stop: asks the process to stop gracefully; else SIGTERM is raised in it.
        keep_alive_seconds: how long a stream may be silent.
        heartbeat_seconds: how often a socket is pinged.
    """
    access = Access(settings, token_file)
    app = web.Application(
        middlewares=[
            edge(reshape_failure),
            gate(
                (guard(settings), auth(access, OPEN_PATHS, SOCKET_PATHS), limit_bodies),
                limit_rates(OPEN_PATHS),
                whole_bodies(settings.body_seconds),
            ),
        ],
        client_max_size=settings.max_body_bytes,
    )
    app[keys.ACCESS] = access
    app[keys.LOCAL_MODEL] = LocalModel()
    app[keys.PAGES] = PAGES
    description: Callable[[], bytes] = functools.cache(functools.partial(encode_document, ROUTES))
    app[keys.DESCRIPTION] = description
    access.on_rotation(lambda token: refuse_all(app))
    app[keys.STOP] = stop or _terminate
    app[keys.KEEP_ALIVE_SECONDS] = keep_alive_seconds
    app[keys.HEARTBEAT_SECONDS] = heartbeat_seconds
    app[SOCKETS] = {}
    app.on_shutdown.append(close_all)
    app.on_shutdown.append(end_all)
    app[keys.ENDPOINTS] = tuple(f"{route.method} {route.plain_path}" for route in ROUTES)
    app.on_response_prepare.append(_finish_headers)
    for route in ROUTES:
        if route.method == "GET":
            # Of what has no end nobody could be told the head alone.
            is_endless = route.events is not None or route.is_socket
            app.router.add_get(route.path, route.handler, allow_head=not is_endless)
        else:
            app.router.add_route(route.method, route.path, route.handler)

    async def services(app: web.Application) -> AsyncIterator[None]:
        async with build_services(settings, paths, backends) as built:
            app[keys.SERVICES] = built
            access.on_rotation(built.protection.know)
            access.on_rotation(lambda token: built.events.turn_away())
            yield

    app.cleanup_ctx.append(services)
    return app


async def _finish_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Say on the way out what every answer says; what most answers have or need not is seen here, without a call."""
    headers = response.headers
    show_request_id(request, headers)
    if hdrs.ORIGIN in request.headers:
        show_allowed_origin(request, response)
    if headers.get(hdrs.SERVER) != SERVER:
        show_protection(response)


def _terminate() -> None:
    signal.raise_signal(signal.SIGTERM)

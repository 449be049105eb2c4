"""`GET /health`: whether the daemon is there, and how its local model is; quick, also while that loads."""

from aiohttp import web

from andiron_daemon import __version__, keys
from andiron_daemon.api.bodies import Health
from andiron_daemon.api.wire import json_response


async def show(request: web.Request) -> web.Response:
    """Say that the daemon is there."""
    app = request.app
    services = app[keys.SERVICES]
    local = app[keys.LOCAL_MODEL]
    model = local.known or await local.word(services.backends)
    return json_response(
        Health(status="ok", version=__version__, uptime_s=round(services.uptime_seconds, 3), model=model)
    )

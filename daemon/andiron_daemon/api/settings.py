"""`/api/v1/settings`: what may change while the daemon runs."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.runtime import RuntimeChange


async def show(request: web.Request) -> web.Response:
    """Show what holds now, and what there is to choose from."""
    return json_response(request.app[keys.SERVICES].runtime.view())


async def change(request: web.Request) -> web.Response:
    """Change what is given, from the next request on."""
    wanted = await read_body(request, RuntimeChange)
    return json_response(await request.app[keys.SERVICES].runtime.change(wanted))

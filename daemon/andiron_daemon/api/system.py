"""`POST /api/v1/system/…`: the daemon's own life."""

import asyncio

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.bodies import Stopping
from andiron_daemon.api.wire import json_response


async def stop(request: web.Request) -> web.Response:
    """Stop gracefully, after this has been answered."""
    asyncio.get_running_loop().call_soon(request.app[keys.STOP])
    return json_response(Stopping(), status=202)

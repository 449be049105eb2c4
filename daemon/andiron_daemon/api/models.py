"""`/api/v1/models`: who can be asked."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.bodies import ModelList
from andiron_daemon.api.wire import json_response


async def index(request: web.Request) -> web.Response:
    """List the models of every backend."""
    return json_response(ModelList(models=await request.app[keys.SERVICES].router.models()))

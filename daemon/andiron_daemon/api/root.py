"""`GET /`: what answers here."""

from aiohttp import web

from andiron_daemon import __version__, keys
from andiron_daemon.api.bodies import Root
from andiron_daemon.api.dialects.ollama_models import GREETING, is_ollamas_port
from andiron_daemon.api.wire import json_response


async def show(request: web.Request) -> web.Response:
    """Name the program, its version and its endpoints; on Ollama's own port, what its clients look for there."""
    if is_ollamas_port(request):
        return web.Response(text=GREETING)
    endpoints = request.app[keys.ENDPOINTS]
    return json_response(Root(name="Andiron", version=__version__, api="v1", docs="/docs", endpoints=endpoints))

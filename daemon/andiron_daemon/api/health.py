"""`GET /health`: whether the daemon is there, and how its local model is; quick, also while that loads."""

import asyncio

from aiohttp import web

from andiron_daemon import __version__, keys
from andiron_daemon.api.bodies import Health, ModelWord
from andiron_daemon.api.wire import json_response
from andiron_daemon.services import Services
from andiron_models.types import BackendState

_PATIENCE_SECONDS = 0.5
_WORDS: dict[BackendState, ModelWord] = {
    "ready": "loaded",
    "loading": "loading",
    "idle": "idle",
    "failed": "failed",
    "unreachable": "failed",
    "unconfigured": "none",
}


async def show(request: web.Request) -> web.Response:
    """Say that the daemon is there."""
    services = request.app[keys.SERVICES]
    uptime = round(services.uptime_seconds, 3)
    return json_response(Health(status="ok", version=__version__, uptime_s=uptime, model=await _local_model(services)))


async def _local_model(services: Services) -> ModelWord:
    local = services.backends.get("local")
    if local is None:
        return "none"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return _WORDS[(await local.status()).state]
    except TimeoutError:
        return "failed"

"""`GET /api/v1/status`: everything the daemon tells of itself."""

import asyncio
import os
from typing import Any

import msgspec
from aiohttp import web

from andiron_daemon import __version__, keys
from andiron_daemon.api.bodies import ProcessInfo, Rates, Status, StorageInfo, Trouble
from andiron_daemon.api.wire import json_response
from andiron_daemon.errors import StorageError
from andiron_daemon.services import Services
from andiron_daemon.settings import masked
from andiron_daemon.upkeep import DayUsage
from andiron_models.router import LOCAL


async def show(request: web.Request) -> web.Response:
    """Show process, settings, backends, storage, rates and the last errors."""
    services = request.app[keys.SERVICES]
    counters = services.counters
    backends = await services.router.status()
    engines = [backend.engine for backend in backends if backend.name == LOCAL]
    return json_response(
        Status(
            version=__version__,
            process=await _process(services),
            settings=_in_force(services),
            backends=backends,
            local_engine=engines[0] if engines else {},
            storage=await _storage(services),
            completion=await services.completion.status(),
            runtime=services.runtime.view(),
            rates=Rates(requests=dict(counters.requests), errors=dict(counters.errors), tokens=counters.tokens),
            usage=await _usage(services),
            limits=await services.protection.limits(),
            privacy=services.protection.privacy(services.router.policy),
            last_errors=tuple(counters.last_errors),
        )
    )


def _in_force(services: Services) -> dict[str, Any]:
    """Show the settings, those that were changed since the start as they are now."""
    now = services.runtime.view()
    changed = {
        "backend": now.backend,
        "chat_model": now.chat_model or "",
        "completion_model": now.completion_model or "",
    }
    return masked(msgspec.structs.replace(services.settings, **changed))


async def _process(services: Services) -> ProcessInfo:
    held = await asyncio.to_thread(rss_bytes)
    return ProcessInfo(pid=os.getpid(), rss_bytes=held, uptime_s=round(services.uptime_seconds, 3))


def rss_bytes() -> int:
    """Say how much memory the daemon's own process holds; it blocks."""
    import psutil

    return int(psutil.Process().memory_info().rss)


async def _usage(services: Services) -> tuple[DayUsage, ...]:
    try:
        return await services.upkeep.recent_usage()
    except StorageError:
        # `storage` says what is the matter.
        return ()


async def _storage(services: Services) -> StorageInfo:
    path = str(services.database.file)
    size_bytes = await services.database.size_bytes()
    try:
        counts = await services.chat.counts()
    except StorageError as error:
        return StorageInfo(path=path, bytes=size_bytes, error=Trouble(message=error.message, hint=error.hint))
    return StorageInfo(path=path, bytes=size_bytes, conversations=counts.conversations, messages=counts.messages)

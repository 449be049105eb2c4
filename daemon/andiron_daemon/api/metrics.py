"""`GET /metrics`: the daemon's figures for Prometheus, with the token like everything else."""

import asyncio

from aiohttp import hdrs, web

from andiron_daemon import __version__, keys
from andiron_daemon.api.status import rss_bytes
from andiron_daemon.metrics import CONTENT_TYPE, Figures, metrics_text


async def show(request: web.Request) -> web.Response:
    """Write every figure as text."""
    services = request.app[keys.SERVICES]
    workers = [worker for backend in await services.router.status() for worker in backend.engine.get("workers", ())]
    budget = await services.protection.budget.status()
    figures = Figures(
        version=__version__,
        uptime_seconds=services.uptime_seconds,
        rss_bytes=await asyncio.to_thread(rss_bytes),
        workers=tuple(workers),
        completion_counts=(await services.completion.status()).counts,
        refused=services.protection.turnstile.status().refused,
        budget_tokens=budget.daily_tokens,
        budget_spent=budget.spent_tokens,
    )
    text = await metrics_text(services.counters, figures)
    return web.Response(body=text, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})

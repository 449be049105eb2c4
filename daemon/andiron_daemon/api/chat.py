"""`POST /api/v1/chat/…`: a message and its answer."""

from aiohttp import web

from andiron_daemon.api.dispatch import CHAT, generate


async def message(request: web.Request) -> web.StreamResponse:
    """Answer a message, as one body unless events are asked for."""
    return await generate(request, CHAT)


async def stream(request: web.Request) -> web.StreamResponse:
    """Answer a message as events."""
    return await generate(request, CHAT, as_events=True)

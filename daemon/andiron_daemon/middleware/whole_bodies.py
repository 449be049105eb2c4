"""Reads every body to its end before its handler begins, in bounded time and once its client has been let in."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from andiron_daemon.connections import Connection
from andiron_daemon.errors import RequestTimeoutError


def whole_bodies(seconds: float) -> Middleware:
    """Make the middleware that gives a body so much time to come."""

    @web.middleware
    async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.can_read_body:
            if request.content.is_eof():
                # It is all here; there is nothing to wait for, and no timer is needed.
                await request.read()
            else:
                await _read(request, seconds)
        return await handler(request)

    return read


async def _read(request: web.Request, seconds: float) -> None:
    """Read it; aiohttp keeps it, so that the handler has it at once."""
    connection = request.protocol
    if isinstance(connection, Connection):
        connection.is_reading_body = True
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            await request.read()
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise RequestTimeoutError(
            f"the body did not come to its end within {seconds:g} s", hint="Send it in one go."
        ) from error
    finally:
        if isinstance(connection, Connection):
            connection.is_reading_body = False

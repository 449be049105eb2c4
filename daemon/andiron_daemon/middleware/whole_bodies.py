"""Reads every body to its end before its handler begins, in bounded time and once its client has been let in."""

import asyncio

from aiohttp import web

from andiron_daemon.connections import Connection
from andiron_daemon.errors import RequestTimeoutError
from andiron_daemon.middleware.gate import Reading


def whole_bodies(seconds: float) -> Reading:
    """Make what gives a body so much time to come."""

    async def read(request: web.Request) -> None:
        if request.content.is_eof():
            # It is all here; there is nothing to wait for, and no timer is needed.
            await request.read()
        else:
            await _read(request, seconds)

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

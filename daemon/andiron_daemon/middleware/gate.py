"""Lets a request through its checks, one after the other, before anything waits for it.

A check looks at the request and raises, or answers it itself, or has nothing against it. They are plain functions
behind one middleware: each middleware of its own would cost every request as much as most of these checks do.
"""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Check = Callable[[web.Request], web.Response | None]


def gate(*checks: Check) -> Middleware:
    """Make the middleware of these checks."""

    @web.middleware
    async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
        for check in checks:
            answer = check(request)
            if answer is not None:
                return answer
        return await handler(request)

    return pass_on

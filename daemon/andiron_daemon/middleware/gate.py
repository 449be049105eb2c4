"""The inner middleware: a request passes its checks, is admitted, and comes to its handler with its whole body.

A check looks at the request and raises, or answers it itself, or has nothing against it.
"""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from andiron_daemon.limits.turnstile import UnderWay

Check = Callable[[web.Request], web.Response | None]
# Gives the place that is held until the request is answered, where there is one to hold.
Admission = Callable[[web.Request], UnderWay | None]
Reading = Callable[[web.Request], Awaitable[None]]


def gate(checks: Sequence[Check], admit: Admission, read: Reading) -> Middleware:
    """Make the middleware: the checks in order, then the limits, and only for who has passed all that, the body."""

    @web.middleware
    async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
        for check in checks:
            answer = check(request)
            if answer is not None:
                return answer
        place = admit(request)
        if place is None:
            if request.can_read_body:
                await read(request)
            return await handler(request)
        with place:
            if request.can_read_body:
                await read(request)
            return await handler(request)

    return pass_on

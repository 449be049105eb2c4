"""The outer middleware: every request gets its id here, is counted, and is answered whatever goes wrong.

There are two middlewares, this and `gate`, and what they do stands beside them as plain functions: a middleware of
its own would cost a request as much as most of that does.
"""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from andiron_daemon import keys
from andiron_daemon.middleware.counting import route_name
from andiron_daemon.middleware.errors import answer_failure
from andiron_daemon.middleware.request_id import give_request_id

_SWITCHING_PROTOCOLS = 101


def edge(reshape: Callable[[web.Request, web.Response], None]) -> Middleware:
    """Make the middleware.

    Args:
        reshape: writes a failure down anew for who speaks another protocol.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        give_request_id(request)
        name = route_name(request)
        counters = request.app[keys.SERVICES].counters
        counters.count_request(name)
        started = time.perf_counter()
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 -- the HTTP edge
            counters.count_time(name, time.perf_counter() - started)
            if isinstance(error, ConnectionError) and _has_left(request):
                # Whatever is answered reaches nobody; it was no fault of ours.
                return web.Response()
            failure = answer_failure(request, error)
            reshape(request, failure)
            return failure
        except BaseException:
            counters.count_time(name, time.perf_counter() - started)
            raise
        # A socket's time is how long somebody worked, and says nothing.
        if response.status != _SWITCHING_PROTOCOLS:
            counters.count_time(name, time.perf_counter() - started)
        return response

    return answer


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()

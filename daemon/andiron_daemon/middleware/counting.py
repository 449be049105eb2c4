"""Counts requests by the route they take, and how long they take."""

import functools
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from andiron_daemon import keys

_SWITCHING_PROTOCOLS = 101


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request; paths that lead nowhere are one, and a socket's time is not counted."""
    resource = request.match_info.route.resource
    name = _name(request.method, "(no such path)" if resource is None else resource.canonical)
    counters = request.app[keys.SERVICES].counters
    counters.count_request(name)
    started = time.perf_counter()
    try:
        response = await handler(request)
        if response.status == _SWITCHING_PROTOCOLS:
            return response
    except BaseException:
        counters.count_time(name, time.perf_counter() - started)
        raise
    counters.count_time(name, time.perf_counter() - started)
    return response


@functools.lru_cache(maxsize=256)
def _name(method: str, path: str) -> str:
    return f"{method} {path}"

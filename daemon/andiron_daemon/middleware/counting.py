"""Counts requests by the route they take."""

from aiohttp import web
from aiohttp.typedefs import Handler

from andiron_daemon import keys


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request; paths that lead nowhere are one."""
    resource = request.match_info.route.resource
    name = resource.canonical if resource is not None else "(no such path)"
    request.app[keys.SERVICES].counters.count_request(f"{request.method} {name}")
    return await handler(request)

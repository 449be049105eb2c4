"""Under which name a request is counted."""

import functools

from aiohttp import web


def route_name(request: web.Request) -> str:
    """Name the route a request takes; paths that lead nowhere are one."""
    resource = request.match_info.route.resource
    return _name(request.method, "(no such path)" if resource is None else resource.canonical)


@functools.lru_cache(maxsize=256)
def _name(method: str, path: str) -> str:
    return f"{method} {path}"

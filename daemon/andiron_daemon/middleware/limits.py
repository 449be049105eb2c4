"""Refuses what is too much before anything works on it: bodies that are too large or no JSON, and too many requests.

A client is who shows the same kind of key from the same address and origin; the token itself is one for all. Which
class of endpoint a route belongs to is looked up once for each route. What is open without a token costs nothing to
answer and is not limited.
"""

import functools
from collections.abc import Collection, Hashable

from aiohttp import hdrs, web

from andiron_daemon import keys
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.limits.buckets import Class
from andiron_daemon.limits.turnstile import UnderWay
from andiron_daemon.middleware.auth import admitted_by
from andiron_daemon.middleware.errors import payload_too_large
from andiron_daemon.middleware.gate import Admission

# What a keystroke asks for, in every protocol.
_COMPLETIONS = frozenset(
    (
        "/api/v1/code/complete",
        "/api/v1/code/complete/{id}/feedback",
        "/infill",
        "/completion",
        "/completions",
        "/v1/completions",
        "/v1/fim/completions",
        "/v1/events",
        "/api/generate",
    )
)
_JSON = "application/json"
_GENERATING = ("/api/v1/chat/message", "/api/v1/chat/stream", "/api/v1/code/", "/v1/", "/api/chat", "/api/embed")


def limit_bodies(request: web.Request) -> None:
    """Check what the headers say of the body; one that is larger than it said is stopped while it is read.

    A page can send other content types across origins without asking first, so that only JSON is taken.
    """
    if request.body_exists:
        if (request.content_length or 0) > request.client_max_size:
            raise payload_too_large(request)
        # Most say just that, which is seen without taking it apart.
        if request.headers.get(hdrs.CONTENT_TYPE) != _JSON and request.content_type != _JSON:
            raise InvalidRequestError(
                f"the Content-Type is {request.content_type!r}",
                hint="Send JSON with `Content-Type: application/json`.",
                details={"content_type": request.content_type},
            )


def limit_rates(open_paths: Collection[str]) -> Admission:
    """Make what lets each client ask only so often, and for so much at once."""
    look_up = functools.lru_cache(maxsize=256)(functools.partial(class_of, open_paths=frozenset(open_paths)))

    def admit(request: web.Request) -> UnderWay | None:
        resource = request.match_info.route.resource
        kind = look_up(request.method, "" if resource is None else resource.canonical)
        if kind is None:
            return None
        turnstile = request.app[keys.SERVICES].protection.turnstile
        client = client_of(request)
        turnstile.admit(client, kind)
        return None if kind == "requests" else turnstile.under_way(client)

    return admit


def class_of(method: str, path: str, open_paths: Collection[str]) -> Class | None:
    """Say which class of endpoint a route belongs to; None is not limited."""
    if path in open_paths:
        return None
    if method == hdrs.METH_POST and path in _COMPLETIONS:
        return "completions"
    if method == hdrs.METH_POST and (path.startswith(_GENERATING) or path.endswith("/regenerate")):
        return "generations"
    return "requests"


def client_of(request: web.Request) -> Hashable:
    """Name who asks, without anything secret in the name."""
    return (request.remote, request.headers.get(hdrs.ORIGIN), admitted_by(request))

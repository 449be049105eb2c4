"""Refuses bodies that are too large or are no JSON, before anything reads them."""

from aiohttp import web
from aiohttp.typedefs import Handler

from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.middleware.errors import payload_too_large


@web.middleware
async def limit_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check what the headers say of the body; one that is larger than it said is stopped while it is read.

    A page can send other content types across origins without asking first, so that only JSON is taken.
    """
    if request.body_exists:
        if (request.content_length or 0) > request.client_max_size:
            raise payload_too_large(request)
        if request.content_type != "application/json":
            raise InvalidRequestError(
                f"the Content-Type is {request.content_type!r}",
                hint="Send JSON with `Content-Type: application/json`.",
                details={"content_type": request.content_type},
            )
    return await handler(request)

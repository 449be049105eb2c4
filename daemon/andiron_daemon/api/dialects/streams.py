"""Streams as other protocols have them: `data:` events that end in `[DONE]`, and lines of JSON.

A failure before anything was sent is raised, to be answered with its status; later ones go in-band, in the
protocol's own shape. A client that leaves cancels the work.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Literal

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.failure import ErrorBody
from andiron_daemon.middleware.errors import describe
from andiron_daemon.pump import Pump, pumped

DONE = b"data: [DONE]\n\n"
_KEEP_ALIVE = b": still at it\n\n"
_TYPES = {"sse": "text/event-stream", "ndjson": "application/x-ndjson"}

Form = Literal["sse", "ndjson"]


def event(body: msgspec.Struct, name: str | None = None) -> bytes:
    """Write one server-sent event."""
    head = b"" if name is None else b"event: %b\n" % name.encode()
    return head + b"data: %b\n\n" % msgspec.json.encode(body)


def line(body: msgspec.Struct) -> bytes:
    """Write one line of JSON."""
    return msgspec.json.encode(body) + b"\n"


async def send(
    request: web.Request, chunks: AsyncGenerator[bytes, None], form: Form, failed: Callable[[ErrorBody], bytes]
) -> web.StreamResponse:
    """Send chunks as they come; `failed` writes down what went wrong on the way."""
    interval = request.app[keys.KEEP_ALIVE_SECONDS]
    async with pumped(chunks) as pump:
        first = await pump.next_within(interval if form == "sse" else None)
        response = web.StreamResponse(headers={"Content-Type": _TYPES[form], "Cache-Control": "no-store"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # the client has left; leaving the pump cancels what it asked for
            await response.write(_KEEP_ALIVE if first is None else first)
            await _send_rest(request, response, pump, form, failed)
            await response.write_eof()
    return response


async def _send_rest(
    request: web.Request,
    response: web.StreamResponse,
    pump: Pump[bytes],
    form: Form,
    failed: Callable[[ErrorBody], bytes],
) -> None:
    interval = request.app[keys.KEEP_ALIVE_SECONDS] if form == "sse" else None
    while True:
        try:
            chunk = await pump.next_within(interval)
        except StopAsyncIteration:
            return
        except Exception as error:  # noqa: BLE001 -- the HTTP edge, once the status has been sent
            await response.write(failed(describe(request, error)))
            return
        await response.write(_KEEP_ALIVE if chunk is None else chunk)

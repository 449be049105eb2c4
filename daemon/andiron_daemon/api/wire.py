"""Bodies in and out: JSON checked while it is decoded, and answers as one body or as server-sent events."""

import contextlib
import re
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web

from andiron_daemon import keys
from andiron_daemon.answers import Started, StaticPart, TextDelta
from andiron_daemon.api.bodies import WarmUp
from andiron_daemon.api.choices import choices_at
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.middleware.errors import describe
from andiron_daemon.middleware.headers import JSON_HEADERS
from andiron_daemon.pump import Pump, pumped

Body = TypeVar("Body")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An event that says its own name."""

    name: str
    body: msgspec.Struct


Event = TypeVar("Event", bound=msgspec.Struct)

_EVENT_STREAM = "text/event-stream"
_STREAM_HEADERS = {"Content-Type": _EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_KEEP_ALIVE = b": still at it\n\n"
_FIELD = re.compile(r"^(.*) - at (?:`key` in )?`\$\.?(.*)`$", re.DOTALL)
_NO_SUCH_WORD = "Invalid enum value"
_MISSING = re.compile(r"^Object missing required field `(.*)`$")


async def read_body(request: web.Request, kind: type[Body], default: bytes = b"") -> Body:
    """Decode the body, or `default` where there is none.

    Raises:
        InvalidRequestError: naming the field that is wrong, and what was expected there.
    """
    content = await request.read() or default
    if not content:
        raise InvalidRequestError("the body is empty", hint="Send a JSON object.")
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise field_error(error, kind) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not JSON: {error}", hint="Send a JSON object in UTF-8.") from error


def read_query(request: web.Request, kind: type[Body]) -> Body:
    """Make a structure of the query; a parameter that is empty counts as left out.

    Raises:
        InvalidRequestError: naming the parameter that is wrong.
    """
    given = {name: value for name, value in request.query.items() if value.strip()}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise field_error(error, kind, "the query") from error


def convert_body(fields: dict[str, Any], kind: type[Body]) -> Body:
    """Make a body of fields that came another way.

    Raises:
        InvalidRequestError: as for `read_body`.
    """
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise field_error(error, kind) from error


def json_response(body: msgspec.Struct, status: int = 200) -> web.Response:
    """Answer with a body."""
    return web.Response(body=msgspec.json.encode(body), status=status, headers=JSON_HEADERS)


def wants_stream(request: web.Request, asked: bool) -> bool:
    """Tell whether the answer is to come as events."""
    return asked or _EVENT_STREAM in request.headers.get(hdrs.ACCEPT, "")


async def answer_whole(events: AsyncGenerator[Event, None]) -> web.Response:
    """Wait for the whole answer; a client that leaves cancels it."""
    answer: Event | None = None
    async with contextlib.aclosing(events):
        async for event in events:
            answer = event
    assert answer is not None
    return json_response(answer, status=web.HTTPAccepted.status_code if isinstance(answer, WarmUp) else 200)


async def answer_stream(request: web.Request, events: AsyncGenerator[Event, None]) -> web.StreamResponse:
    """Send events as they come, each flushed at once; a client that leaves cancels the work.

    A failure before anything was sent is raised, to be answered with its status; later ones go in-band.
    The runner must be made with `handler_cancellation=True`, or a client that leaves while nothing is sent
    is noticed only at the next event.
    """
    interval = request.app[keys.KEEP_ALIVE_SECONDS]
    async with pumped(events) as pump:
        first = await pump.next_within(interval)
        response = web.StreamResponse(headers=_STREAM_HEADERS)
        await response.prepare(request)
        try:
            await response.write(_KEEP_ALIVE if first is None else _encoded(first))
            async with contextlib.aclosing(_later(request, pump, interval)) as chunks:
                async for chunk in chunks:
                    await response.write(chunk)
            await response.write_eof()
        except ConnectionError:
            # The client has left; leaving the pump cancels what it asked for.
            return response
    return response


async def _later(request: web.Request, pump: "Pump[Event]", interval: float) -> AsyncGenerator[bytes, None]:
    """Yield what is to be written after the first event, comments while nothing is ready included."""
    while True:
        try:
            event = await pump.next_within(interval)
        except StopAsyncIteration:
            return
        except Exception as error:  # noqa: BLE001 -- the HTTP edge, once the status has been sent
            yield _event("error", describe(request, error))
            return
        yield _KEEP_ALIVE if event is None else _encoded(event)


def _encoded(event: msgspec.Struct) -> bytes:
    if isinstance(event, Named):
        return _event(event.name, event.body)
    if isinstance(event, Started):
        return _event("start", event)
    if isinstance(event, StaticPart):
        return _event("static", event)
    return _event("delta" if isinstance(event, TextDelta) else "done", event)


def _event(name: str, body: msgspec.Struct) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(body))


def field_error(error: msgspec.ValidationError, kind: Any, whole: str = "the body") -> InvalidRequestError:
    """Make the error for a wrong field of msgspec's sentence about it; `kind` says what the field may be."""
    told = str(error)
    at = _FIELD.match(told)
    message, field = (at[1], at[2]) if at else (told, "")
    missing = _MISSING.match(message)
    if missing:
        field = f"{field}.{missing[1]}" if field else missing[1]
        message = "it is missing"
    shown = f"{field}: {message[0].lower()}{message[1:]}" if field else f"{whole}: {message}"
    words = choices_at(kind, field) if message.startswith(_NO_SUCH_WORD) else ()
    hint = f"It is one of: {', '.join(words)}." if words else None
    return InvalidRequestError(shown, hint=hint, details={"field": field} if field else None)

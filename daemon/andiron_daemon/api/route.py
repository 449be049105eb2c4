"""One row of the table of routes; the rows stand in `routes` and, for other people's protocols, in `dialects`."""

import re
from typing import Any

import msgspec
from aiohttp.typedefs import Handler

JSON = "application/json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"
_PATTERN = re.compile(r":[^}]*}")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `request` and `response` are the types of the bodies, `status` what success answers with.

    Args:
        method: in capitals.
        path: with `{name}` where a part of it varies, `{name:pattern}` where that is not just up to the next slash.
        handler: answers.
        summary: one sentence, of the description of the API.
        is_open: answers without a token.
        is_socket: takes the token as a browser can send it with a WebSocket.
        request: the body; `request_optional` where it may be left out.
        response: the body of success.
        status: of success.
        can_stream: success can come as events too, or only so where JSON is not among `media_types`; `events`
            are their types by name, if not the usual ones.
        query: the query's parameters, one field each.
        media_types: what success comes as; `response` describes the JSON among them.
        codes: of errors that do not follow from the rest of the row.
        error: the body of a failure, where a protocol of somebody else's has one of its own.
        needs_token: a browser's session is not enough.
        description: what more there is to say of it.
        tag: under which the description lists it, if not under the path's.
        is_page: is for browsers, and not part of the described API.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    is_open: bool = False
    is_socket: bool = False
    request: type[msgspec.Struct] | None = None
    request_optional: bool = False
    response: type[msgspec.Struct] | None = None
    status: int = 200
    can_stream: bool = False
    events: dict[str, Any] | None = None
    query: type[msgspec.Struct] | None = None
    media_types: tuple[str, ...] = (JSON,)
    codes: tuple[str, ...] = ()
    error: type[msgspec.Struct] | None = None
    needs_token: bool = False
    description: str = ""
    tag: str = ""
    is_page: bool = False

    @property
    def plain_path(self) -> str:
        """The path with names only where it varies, not what they match."""
        return _PATTERN.sub("}", self.path)

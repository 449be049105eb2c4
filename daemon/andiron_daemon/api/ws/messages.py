"""What travels over the socket, read and written: frames in, replies out. What they ask for is `commands`' affair."""

from typing import Annotated, Any

import msgspec

from andiron_daemon.api.wire import field_error
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.failure import ErrorBody

_LONGEST_ID = 200
_LARGEST_ID = 2**53

Identifier = (
    Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_ID)]
    | Annotated[int, msgspec.Meta(ge=-_LARGEST_ID, le=_LARGEST_ID)]
)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sends; `context` carries the other fields of the HTTP body of that kind."""

    type: str
    id: Identifier | None = None
    message: str | None = None
    context: dict[str, Any] | None = None
    stream: bool = False


class MalformedFrameError(InvalidRequestError):
    """The frame cannot be meant; `frame_id` is its id where that could be read."""

    def __init__(self, error: InvalidRequestError, frame_id: "Identifier | None" = None) -> None:
        super().__init__(error.message, hint=error.hint, details=error.details)
        self.frame_id = frame_id


def read_frame(data: bytes) -> Frame:
    """Read a text frame.

    Raises:
        MalformedFrameError: naming what is wrong.
    """
    try:
        fields = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedFrameError(
            InvalidRequestError(f"the frame is not JSON: {error}", hint="Send a JSON object in UTF-8 as a text frame.")
        ) from error
    try:
        return msgspec.convert(fields, Frame)
    except msgspec.ValidationError as error:
        raise MalformedFrameError(field_error(error, Frame, "the frame"), _id_of(fields)) from error


def pong(identifier: Identifier | None) -> bytes:
    """Answer a ping."""
    return msgspec.json.encode({"type": "pong", "id": identifier, "response": "pong", "status": "success"})


def delta(kind: str, identifier: Identifier, text: str) -> bytes:
    """Tell of more text."""
    return msgspec.json.encode({"type": kind, "id": identifier, "delta": text, "status": "streaming"})


def reply(kind: str, identifier: Identifier, text: str, body: dict[str, Any]) -> bytes:
    """Tell the whole answer; the body's own id, where it has one, goes by the name of its kind."""
    fields = dict(body)
    if "id" in fields:
        fields[f"{kind.removesuffix('_response')}_id"] = fields.pop("id")
    status = "cancelled" if fields.get("finish_reason") == "cancelled" else "success"
    return msgspec.json.encode({**fields, "type": kind, "id": identifier, "response": text, "status": status})


def failure(identifier: Identifier | None, body: ErrorBody) -> bytes:
    """Tell that a request failed, or that a frame could not be read."""
    told = {"type": "error", "id": identifier, "response": body.error.message, "status": "error"}
    return msgspec.json.encode({**told, "error": body.error})


def _id_of(fields: Any) -> Identifier | None:
    """Find the id in a frame that is wrong elsewhere."""
    try:
        identifier: Identifier | None = msgspec.convert(
            fields.get("id") if isinstance(fields, dict) else None, Identifier | None
        )
    except msgspec.ValidationError:
        return None
    return identifier

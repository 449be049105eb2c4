"""The lines of a worker's standard error that are about one request, and the daemon's reading of them."""

import msgspec

# What nothing else begins a line with.
PREFIX = "@andiron "


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line; `event` holds no text of a person's."""

    request_id: str
    event: str
    is_error: bool = False


def read_note(line: str) -> Note | None:
    """Read a line; None if it is one of the others."""
    if not line.startswith(PREFIX):
        return None
    try:
        return msgspec.json.decode(line[len(PREFIX) :], type=Note)
    except msgspec.MsgspecError:
        return None

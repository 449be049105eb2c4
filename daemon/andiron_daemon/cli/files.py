"""Files named on a command line as context for a question: FILE, FILE:LINE or FILE:LINE-LINE."""

import re
from pathlib import Path
from typing import Any

from andiron_daemon.errors import InvalidRequestError, PayloadTooLargeError

_LARGEST_BYTES = 1024 * 1024
_MARKED = re.compile(r"^(?P<path>.+?):(?P<first>\d+)(?:-(?P<last>\d+))?$")


def read_context_file(named: str) -> dict[str, Any]:
    """Read a file as the API takes it, with its lines marked where they are named.

    Raises:
        InvalidRequestError: if it cannot be read as text, or has no such lines.
        PayloadTooLargeError: if it is too large to be shown to a model.
    """
    marked = _MARKED.match(named)
    if marked is None or Path(named).exists():
        return {"path": named, "content": _read(Path(named))}
    path, first = marked["path"], int(marked["first"])
    last = int(marked["last"] or first)
    content = _read(Path(path))
    count = len(content.splitlines())
    if not 1 <= first <= last <= count:
        raise InvalidRequestError(f"{path} has no lines {first}-{last}", hint=f"It has {count}; they count from 1.")
    selection = {"start": {"line": first - 1, "character": 0}, "end": {"line": last, "character": 0}}
    return {"path": path, "content": content, "selection": selection}


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise PayloadTooLargeError(
                f"{path} is larger than {_LARGEST_BYTES} bytes", hint="Pipe in the part you mean."
            )
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"{path} is no text in UTF-8", hint="Convert it, or name another.") from error
    except OSError as error:
        raise InvalidRequestError(f"{path}: cannot be read: {error.strerror}", hint="Name an existing file.") from error

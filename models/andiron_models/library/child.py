"""One pull in a process of its own: `python -m andiron_models.library.child`.

A request as one line of JSON comes on stdin, events as lines of JSON go to stdout. When stdin ends (the parent
stops the pull, or is gone) the pull is cancelled; what was fetched is kept. The parent's side is `pulls`.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from andiron_models.errors import ModelError
from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.errors import PullCancelledError
from andiron_models.library.fetch import pull

_PROGRESS_SECONDS = 0.1


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch, and where to."""

    entry: CatalogueEntry
    models_folder: str


class ProgressEvent(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """How many bytes are here, and of how many."""

    bytes: int
    total: int | None


class NoticeEvent(msgspec.Struct, frozen=True, tag_field="event", tag="notice"):
    """A sentence for people."""

    text: str


class DoneEvent(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """The model is here, checked."""

    path: str


class FailedEvent(msgspec.Struct, frozen=True, tag_field="event", tag="failed"):
    """The pull ended without the model."""

    code: str
    message: str
    hint: str | None = None
    details: dict[str, Any] = {}
    is_cancelled: bool = False


Event = ProgressEvent | NoticeEvent | DoneEvent | FailedEvent


def main() -> int:
    """Serve one request; the exit status is 0 when the model is here."""
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=PullRequest)
    cancel = threading.Event()
    threading.Thread(target=_cancel_at_end_of_input, args=(cancel,), daemon=True).start()
    teller = _Teller()
    try:
        path = pull(
            request.entry,
            Path(request.models_folder),
            progress=teller.progress,
            notice=lambda text: _send(NoticeEvent(text)),
            cancel=cancel,
        )
    except ModelError as error:
        is_cancelled = isinstance(error, PullCancelledError)
        _send(FailedEvent(error.code, error.message, error.hint, error.details, is_cancelled))
        return 1
    _send(DoneEvent(str(path)))
    return 0


class _Teller:
    """Sends progress a few times a second, and always the last of it."""

    def __init__(self) -> None:
        self._next_seconds = 0.0

    def progress(self, size_bytes: int, total_bytes: int | None) -> None:
        now_seconds = time.monotonic()
        if now_seconds >= self._next_seconds or size_bytes == total_bytes:
            self._next_seconds = now_seconds + _PROGRESS_SECONDS
            _send(ProgressEvent(size_bytes, total_bytes))


def _send(event: Event) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
    sys.stdout.buffer.flush()


def _cancel_at_end_of_input(cancel: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not the buffer: its lock would be held while the process ends
        pass
    cancel.set()


if __name__ == "__main__":
    sys.exit(main())

"""The file a model grows in while it is fetched.

Sources write to it as to a file; each write looks for a cancellation, tells the progress, and turns a full
disk into a DiskSpaceError. What was written stays, so that a later pull can go on.
"""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from andiron_models.library.errors import DiskSpaceError, PullCancelledError, PullError, SourceError

Progress = Callable[[int, int | None], None]
Notice = Callable[[str], None]
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Part:
    """An open part file, positioned at its end; `total_bytes` is what it will be, where known."""

    def __init__(
        self, path: Path, total_bytes: int | None, progress: Progress | None, cancel: threading.Event | None
    ) -> None:
        self.path = path
        self.total_bytes = total_bytes
        self._progress = progress
        self._cancel = cancel
        self._file = path.open("ab", buffering=0)  # a full disk must show in `write`, not when closing
        self._size = self._file.tell()
        self._told = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def size_bytes(self) -> int:
        """How much is there."""
        return self._size

    def write(self, data: bytes) -> int:
        """Append.

        Raises:
            PullCancelledError: someone stopped the pull.
            DiskSpaceError: the disk is full.
            SourceError: more came than the model is long.
        """
        self.check_cancelled()
        if self.total_bytes is not None and self._size + len(data) > self.total_bytes:
            raise SourceError(f"more than the expected {self.total_bytes} bytes came")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise write_error(error, self.path) from error
        self._size += len(data)
        self.tell_progress()
        return len(data)

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._size

    def seek(self, offset: int) -> int:
        """Make `offset` the place where the file is cut by `truncate`."""
        self._size = offset
        return offset

    def truncate(self, size_bytes: int | None = None) -> int:
        """Drop what stands behind `size_bytes`, or behind the place sought."""
        if size_bytes is not None:
            self._size = size_bytes
        self._file.truncate(self._size)
        self._told = min(self._told, self._size)
        return self._size

    def sync(self) -> None:
        """Have what was written on the disk when this returns."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise write_error(error, self.path) from error

    def check_cancelled(self) -> None:
        """Raise PullCancelledError if someone stopped the pull."""
        if self._cancel is not None and self._cancel.is_set():
            raise PullCancelledError("the pull was cancelled", hint="Pull again to go on where it stopped.")

    def tell_progress(self, pending_bytes: int = 0) -> None:
        """Report what is there, with `pending_bytes` that have come but are not joined yet; never less than before."""
        if self._progress is not None:
            here = self._size + pending_bytes
            self._told = max(self._told, min(here, self.total_bytes) if self.total_bytes else here)
            self._progress(self._told, self.total_bytes)


def write_error(error: OSError, path: Path) -> PullError:
    """Say what hindered writing: a full disk, or anything else."""
    if error.errno in _FULL:
        hint = "Make room and pull again; what was fetched is kept."
        return DiskSpaceError(f"there is no room left for {path}", hint=hint)
    hint = "Set ANDIRON_HOME to a folder that can be written, or mend its permissions."
    return PullError(f"cannot write {path}: {error.strerror or error}", hint=hint)

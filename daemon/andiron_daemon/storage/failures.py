"""SQLite's and the file system's errors as one StorageError that says what to do.

`details["reason"]` is a stable word: disk_full, read_only, locked, corrupt, foreign, newer, unmigrated,
unreadable, moved, closed.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andiron_daemon.errors import StorageError

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_CANTOPEN: "unreadable",
    sqlite3.SQLITE_IOERR: "unreadable",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
}
_BY_ERRNO = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.EROFS: "read_only",
}
_MESSAGES = {
    "disk_full": (
        "the disk is full; nothing that was saved before is lost",
        "Free some space on the disk that holds it, then try again.",
    ),
    "read_only": (
        "the database cannot be written",
        "Give yourself the right to write to the folder, or set ANDIRON_HOME or DATABASE_URL to another.",
    ),
    "locked": (
        "another program keeps the database locked",
        "Close the other program that has it open, then try again.",
    ),
    "corrupt": (
        "the database is damaged, and was left as it is",
        "Move the file away to start afresh; `sqlite3 FILE .recover` can often save what is in it.",
    ),
    "foreign": (
        "the database belongs to another program, and was left as it is",
        "Set DATABASE_URL to a file of Andiron's own, or unset it.",
    ),
    "newer": (
        "the database was written by a newer Andiron, and was left as it is",
        "Start the newer Andiron again, or set DATABASE_URL to another file.",
    ),
    "unmigrated": (
        "the database cannot be brought to this version, and was left at the one before",
        "Start the Andiron that wrote it, and report this; the copy beside it is whole.",
    ),
    "unreadable": (
        "the database cannot be opened or read",
        "See whether the folder exists and may be entered, or set DATABASE_URL to another file.",
    ),
    "moved": (
        "the database was moved or removed while it was in use",
        "Start Andiron again: it goes on with what is there then, and makes a new one where there is none.",
    ),
    "closed": ("the database is closed", "The daemon is stopping; start it again with `andiron serve`."),
}


def storage_error(reason: str, file: Path, told: str = "") -> StorageError:
    """Make the error for a reason; `told` is what the layer below said."""
    message, hint = _MESSAGES[reason]
    said = f" ({told})" if told else ""
    return StorageError(f"{file}: {message}{said}", hint=hint, details={"reason": reason})


def reason_of(error: sqlite3.Error) -> str | None:
    """Say why SQLite failed; None for a statement that is wrong in itself."""
    return _BY_SQLITE_CODE.get((getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF)


@contextmanager
def mapped_errors(file: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into StorageError; a faulty statement stays what it is."""
    try:
        yield
    except sqlite3.Error as error:
        reason = reason_of(error)
        if reason is None:
            raise
        raise storage_error(reason, file, str(error)) from error
    except OSError as error:
        raise storage_error(_BY_ERRNO.get(error.errno or 0, "unreadable"), file, error.strerror or "") from error

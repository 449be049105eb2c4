"""What a person does with the database as a whole: look it over, copy it, shrink it.

Each opens the file for itself and blocks; a daemon may be running meanwhile. Nothing here migrates: a file of
another version is looked over and copied as it is, and not changed.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from andiron_daemon.errors import NotFoundError
from andiron_daemon.storage.failures import mapped_errors, storage_error
from andiron_daemon.storage.migrations import APPLICATION_ID, MIGRATIONS, schema_version

_BUSY_SECONDS = 5.0
_PROBLEMS_SHOWN = 20


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `problems` is empty in a sound file; `is_current` says that this Andiron wrote its form."""

    file: str
    version: int
    is_current: bool
    size_bytes: int
    free_bytes: int
    rows: dict[str, int]
    problems: tuple[str, ...]


def examine(file: Path) -> Examination:
    """Look the whole file over: pages, rows that point nowhere, the search index, who may read it.

    Raises:
        NotFoundError: if there is none.
        StorageError: if it cannot be read at all, or belongs to another program.
    """
    with _connected(file) as connection:
        problems = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_PROBLEMS_SHOWN})")]
        problems = [problem for problem in problems if problem != "ok"]
        strays = len(connection.execute("PRAGMA foreign_key_check").fetchall())
        if strays:
            problems.append(f"{strays} rows belong to nothing")
        problems += _index_problems(connection)
        problems += _open_to_others(file)
        page_bytes, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        version = schema_version(connection)
        return Examination(
            file=str(file),
            version=version,
            is_current=version == len(MIGRATIONS),
            size_bytes=page_bytes * pages,
            free_bytes=page_bytes * free,
            rows=_row_counts(connection),
            problems=tuple(problems),
        )


def back_up(file: Path, copy: Path) -> int:
    """Copy the database as it is at one moment into a new file that only its owner may read; return its size.

    Raises:
        NotFoundError: if there is none.
        StorageError: if it cannot be read, or the copy not written; no half of a copy stays.
    """
    with _connected(file) as connection, mapped_errors(copy):
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with contextlib.closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
                # A copy is one file, without a log beside it.
                target.execute("PRAGMA journal_mode = DELETE")
                if target.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise storage_error("corrupt", file)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    return copy.stat().st_size


def vacuum(file: Path) -> tuple[int, int]:
    """Give the space of what was deleted back; return the size before and after.

    Raises:
        NotFoundError: if there is none.
        StorageError: if it cannot be written now, or is not of this version.
    """
    with _connected(file) as connection:
        if schema_version(connection) > len(MIGRATIONS):
            raise storage_error("newer", file)
        before = file.stat().st_size
        connection.execute("PRAGMA secure_delete = ON")
        if _has_index(connection):
            connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, file.stat().st_size


@contextlib.contextmanager
def _connected(file: Path) -> Iterator[sqlite3.Connection]:
    """Connect to a database of ours, in autocommit."""
    if not file.exists():
        raise NotFoundError(f"there is no database at {file}", hint="`andiron serve` makes one when it first runs.")
    with mapped_errors(file):
        uri = f"{file.absolute().as_uri()}?mode=rw"
        with contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        ) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise storage_error("foreign", file)
            yield connection


def _row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'messages_fts%' ORDER BY name"
        )
    ]
    quoted = ((name, name.replace('"', '""')) for name in tables)
    return {
        name: connection.execute(f'SELECT count(*) FROM "{safe}"').fetchone()[0]  # noqa: S608 -- quoted above
        for name, safe in quoted
    }


def _has_index(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'messages_fts'").fetchone() is not None


def _index_problems(connection: sqlite3.Connection) -> list[str]:
    """Have the search index compare itself with the messages; SQLite wants that to be a write."""
    if not _has_index(connection):
        return ["there is no search index"]
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        return [f"the search index does not fit the messages: {error}"]
    finally:
        connection.execute("ROLLBACK")
    return []


def _open_to_others(file: Path) -> list[str]:
    if os.name != "posix":
        return []
    parts = [part for part in (file, file.with_name(f"{file.name}-wal")) if part.exists()]
    return [f"{part} can be read by others" for part in parts if part.stat().st_mode & 0o077]

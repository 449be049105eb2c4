"""One SQLite file: a single writer thread, a few readers, nothing on the event loop.

    new ──open──► open ──aclose──► closed        a failed open leaves it new, and the next use tries again

A file that is damaged, foreign, or of a newer version is never changed; one that was taken away is not written to
any longer, where nobody would find it again. A write that was acknowledged is on
disk (WAL with synchronous=FULL). What the tables mean is left to the modules beside this one.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from andiron_daemon.errors import ConfigurationError, StorageError
from andiron_daemon.paths import make_private
from andiron_daemon.storage.failures import mapped_errors, reason_of, storage_error
from andiron_daemon.storage.migrations import APPLICATION_ID, MIGRATIONS, apply_migrations, schema_version
from andiron_daemon.storage.transaction import transaction

if TYPE_CHECKING:
    import sqlite_utils

    from andiron_daemon.storage.migrations import Migration

Result = TypeVar("Result")

_log = logging.getLogger(__name__)
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_READERS = 2


def database_file(url: str, default: Path) -> Path:
    """Read DATABASE_URL.

    Raises:
        ConfigurationError: for any other database than a SQLite file.
    """
    if not url:
        return default
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or not path or path == ":memory:":
        # What stands before the colon is enough: the rest may carry a password.
        raise ConfigurationError(
            f"DATABASE_URL is a {url.partition(':')[0]!r} address; only sqlite:///path of a file can be used",
            hint="Databases on a server come with team mode, which is not there yet. Unset it to use the data folder.",
            details={"setting": "database_url"},
        )
    return Path(path).expanduser().absolute()


class Database:
    """The file, opened on first use; `aclose` may be called again."""

    def __init__(
        self, file: Path, *, migrations: "Sequence[Migration]" = MIGRATIONS, busy_timeout_seconds: float = 5.0
    ) -> None:
        self.file = file
        self._migrations = migrations
        self._busy_timeout_seconds = busy_timeout_seconds
        self._opening = asyncio.Lock()
        self._identity: tuple[int, int] | None = None
        self._is_open = False
        self._is_closed = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="andiron-database-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="andiron-database-reader")
        self._reader = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._write_connection: sqlite3.Connection | None = None
        self._tables: sqlite_utils.Database | None = None

    async def open(self) -> None:
        """Open the file, making or migrating it where that is due.

        Raises:
            StorageError: if it cannot be used; what is there stays as it is.
        """
        if self._is_closed:
            raise storage_error("closed", self.file)
        if self._is_open:
            return
        async with self._opening:
            if not self._is_open:
                await self._in(self._writer, self._open)
                self._is_open = True

    async def read(self, work: "Callable[[sqlite3.Connection], Result]") -> Result:
        """Run `work` on a reader's thread with a connection that cannot write."""
        await self.open()
        return await self._in(self._readers, lambda: self._read(work))

    async def write(self, work: "Callable[[sqlite_utils.Database], Result]") -> Result:
        """Run `work` in a transaction on the writer's thread; return when it is on disk.

        Writes take place one after the other. One that was queued takes place even if the caller is cancelled.
        """
        await self.open()
        return await self._in(self._writer, lambda: self._write(work))

    async def checkpoint(self) -> None:
        """Move what was written into the file itself and empty the log beside it."""
        await self.open()
        await self._in(self._writer, self._checkpoint)

    async def size_bytes(self) -> int:
        """Measure the file and its log; 0 when there is none."""
        return await asyncio.to_thread(_size_bytes, self.file)

    async def aclose(self) -> None:
        """Finish what is queued, then close."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._close)

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        try:
            future = asyncio.get_running_loop().run_in_executor(threads, work)
        except RuntimeError as error:
            raise storage_error("closed", self.file) from error
        return await asyncio.shield(future)

    def _open(self) -> None:
        with mapped_errors(self.file):
            make_private(self.file.parent)
            is_new = not self.file.exists() or self.file.stat().st_size == 0
            if not is_new:
                self._refuse_what_is_not_ours()
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
            connection = self._connect("rw")
            try:
                self._migrate(connection, is_new=is_new)
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
            except BaseException:
                connection.close()
                raise
        self._write_connection, self._identity = connection, _identity(self.file)

    def _refuse_what_was_moved(self) -> None:
        if _identity(self.file) != self._identity:
            raise storage_error("moved", self.file)

    def _connect(self, mode: str) -> sqlite3.Connection:
        """Connect without making the file, in autocommit, so that transactions begin where we say."""
        connection = sqlite3.connect(
            f"{self.file.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _refuse_what_is_not_ours(self) -> None:
        """Look without touching: at the header's bytes first, then through a connection that cannot write."""
        with self.file.open("rb") as stream:
            header = stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
            raise storage_error("corrupt", self.file, "it is not a SQLite file")
        self._refuse_newer(int.from_bytes(header[60:64], "big"))
        with contextlib.closing(self._connect("ro")) as connection:
            self._refuse_newer(schema_version(connection))
            application_id = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application_id != APPLICATION_ID and tables:
            raise storage_error("foreign", self.file)

    def _refuse_newer(self, version: int) -> None:
        if version > len(self._migrations):
            raise storage_error("newer", self.file, f"version {version}, this one knows {len(self._migrations)}")

    def _migrate(self, connection: sqlite3.Connection, *, is_new: bool) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        version = schema_version(connection)
        if version == len(self._migrations):
            return
        if not is_new and version:
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise storage_error("corrupt", self.file)
            self._back_up(connection, version)
        try:
            apply_migrations(connection, self._migrations)
        except sqlite3.Error as error:
            raise storage_error(reason_of(error) or "unmigrated", self.file, str(error)) from error

    def _back_up(self, connection: sqlite3.Connection, version: int) -> None:
        copy = self.file.with_name(f"{self.file.name}.v{version}.backup")
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
        _log.info("%s: version %d is kept as %s", self.file, version, copy.name)

    def _read(self, work: "Callable[[sqlite3.Connection], Result]") -> Result:
        with mapped_errors(self.file):
            self._refuse_what_was_moved()
            connection: sqlite3.Connection | None = getattr(self._reader, "connection", None)
            if connection is None:
                connection = self._connect("rw")
                self._connections.append(connection)
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA query_only = ON")
                self._reader.connection = connection
            return work(connection)

    def _write(self, work: "Callable[[sqlite_utils.Database], Result]") -> Result:
        import sqlite_utils

        try:
            with mapped_errors(self.file):
                assert self._write_connection is not None
                self._refuse_what_was_moved()
                if self._tables is None:
                    self._tables = sqlite_utils.Database(self._write_connection, execute_plugins=False)
                with transaction(self._write_connection):
                    return work(self._tables)
        except StorageError as error:
            # The caller may be gone by now; the log still tells.
            _log.warning("a write failed: %s", error)
            raise

    def _checkpoint(self) -> None:
        with mapped_errors(self.file):
            assert self._write_connection is not None
            self._write_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _close(self) -> None:
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
        if self._write_connection is not None:
            self._write_connection.close()


def _identity(file: Path) -> tuple[int, int] | None:
    """Tell which file stands there; None if there is none."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _size_bytes(file: Path) -> int:
    total = 0
    for part in (file, file.with_name(f"{file.name}-wal")):
        with contextlib.suppress(OSError):
            total += part.stat().st_size
    return total

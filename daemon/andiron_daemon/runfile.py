"""Single instance: a lock that is held while the daemon runs, and a file that says where it listens.

The lock is the truth and dies with the process; run.json may be left behind by one that was killed and
means nothing while the lock is free, whoever has its pid by now. Reaching the daemon is `client`'s affair.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths

# A client that looks whether the lock is free holds it for a moment; the daemon waits that moment out.
_LOOK_SECONDS = 0.5


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What run.json says; `token_path` is null when the token came from the settings, or none is asked for."""

    pid: int
    host: str
    port: int
    url: str
    token_path: str | None
    version: str
    started_at: str


class AlreadyRunningError(Exception):
    """Another daemon of the same state folder holds the lock."""


@contextmanager
def single_instance(paths: Paths) -> Iterator[None]:
    """Hold the lock of the state folder.

    Raises:
        AlreadyRunningError: if another process holds it.
        ConfigurationError: if the state folder cannot be written.
    """
    lock = _lock(paths)
    if not _is_taken(lock, _LOOK_SECONDS):
        raise AlreadyRunningError(str(paths.state))
    try:
        yield
    finally:
        lock.release()


def is_held(paths: Paths) -> bool:
    """Tell whether a daemon holds the lock.

    Raises:
        ConfigurationError: if the lock cannot be looked at.
    """
    if not lock_file(paths).exists():
        return False
    lock = _lock(paths)
    if not _is_taken(lock, 0):
        return True
    lock.release()
    return False


def write_run_file(paths: Paths, record: RunRecord) -> None:
    """Write run.json so that a reader sees all of it or none."""
    write_private(paths.run_file, msgspec.json.format(msgspec.json.encode(record)))


def read_run_file(paths: Paths) -> RunRecord | None:
    """Read run.json; None if there is none or it is not one."""
    try:
        return msgspec.json.decode(paths.run_file.read_bytes(), type=RunRecord)
    except (OSError, msgspec.DecodeError):
        return None


def remove_run_file(paths: Paths) -> None:
    """Remove run.json if it is this process's own."""
    record = read_run_file(paths)
    if record is not None and record.pid == os.getpid():
        paths.run_file.unlink(missing_ok=True)


def write_private(file: Path, content: bytes) -> None:
    """Replace a file in one step with one that only its owner can read.

    It is not forced to the disk: that can take seconds on a busy one, and after a power cut it means nothing.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(content)
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _is_taken(lock: FileLock, timeout_seconds: float) -> bool:
    """Take the lock if it becomes free in time, and tell whether it is taken."""
    try:
        lock.acquire(timeout=timeout_seconds, poll_interval=0.02)
    except Timeout:
        return False
    except OSError as error:
        raise ConfigurationError(
            f"{lock.lock_file}: cannot be locked: {error.strerror}",
            hint="Make the state folder yours, or set ANDIRON_HOME to another one.",
        ) from error
    return True


def lock_file(paths: Paths) -> Path:
    """Name the file that is locked while a daemon runs."""
    return paths.state / "run.lock"


def _lock(paths: Paths) -> FileLock:
    return FileLock(lock_file(paths), mode=0o600)

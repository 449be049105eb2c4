"""One installer at a time: a lock the system takes back even from a process that was killed."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andiron_installer.bootstrap.failures import AlreadyRunningError

_PATIENCE_SECONDS = 3.0


@contextmanager
def only_installer(lock_file: Path) -> Iterator[int]:
    """Hold the lock while the block runs; the descriptor may be left open in a child to keep it as long.

    Raises:
        AlreadyRunningError: another installer holds it.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock_patiently(descriptor)
        except OSError as error:
            raise AlreadyRunningError(
                f"another installer, or what a killed one left running, is at work in {lock_file.parent}",
                "Wait until it is done, or end it, then start again.",
            ) from error
        yield descriptor
    finally:
        os.close(descriptor)


def _lock_patiently(descriptor: int) -> None:
    """Wait a moment for what a stopped installer left, which may take that long to be gone."""
    deadline_seconds = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _lock(descriptor)
        except OSError:
            if time.monotonic() >= deadline_seconds:
                raise
            time.sleep(0.05)
        else:
            return


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

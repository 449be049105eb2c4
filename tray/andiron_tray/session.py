"""One tray a session: a lock held while it is shown, by the panel's bus or display it is shown on."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from filelock import FileLock, Timeout

from andiron_daemon.paths import Paths, make_private
from andiron_tray.errors import TrayUnavailableError

# What tells two sessions of one person apart, the first that is set; on a platform with none there is one session.
_NAMES = ("DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "DISPLAY", "SESSIONNAME")


class AlreadyShownError(Exception):
    """A tray is shown in this session."""


@contextmanager
def one_tray(paths: Paths, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Hold the session's lock.

    Raises:
        AlreadyShownError: another tray holds it.
        TrayUnavailableError: the state folder cannot be written.
    """
    session = session_name(os.environ if environment is None else environment)
    try:
        make_private(paths.state)
        lock = FileLock(paths.state / f"tray-{session}.lock", mode=0o600)
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyShownError(session) from None
    except OSError as error:
        raise TrayUnavailableError(
            f"{paths.state}: cannot be written: {error.strerror}", "Set ANDIRON_HOME to a folder of yours."
        ) from error
    try:
        yield
    finally:
        lock.release()


def session_name(environment: Mapping[str, str]) -> str:
    """Name a session shortly, by what no other one of this person shares."""
    found = next((environment[name] for name in _NAMES if environment.get(name)), "")
    address = found.split(",guid=")[0]
    return hashlib.sha256(address.encode()).hexdigest()[:8]

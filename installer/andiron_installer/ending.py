"""The end of a daemon that runs: asked for, waited for however slow it is, and forced where it never comes."""

from collections.abc import Callable
from contextlib import suppress

import psutil

from andiron_daemon.client import ClientError, find_client, running_daemon, wait_until_stopped
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths

_QUIET_SECONDS = 20.0
# A daemon ends in 12 s unless its machine is busy; one that needs this long hangs.
_LONGEST_SECONDS = 180.0
_KILLED_SECONDS = 10.0


class EndError(DaemonError):
    """The daemon cannot be ended; it runs on."""


def end_daemon(paths: Paths, told: Callable[[str], None]) -> None:
    """Have the daemon of these folders end, if there is one.

    Args:
        paths: whose daemon.
        told: hears what is waited for, if it takes long.

    Raises:
        EndError: it does not let itself be asked, or outlives being killed.
    """
    record, client = running_daemon(paths), find_client(paths)
    try:
        if client is not None:
            client.stop()
    except ClientError as error:
        raise EndError(f"the daemon cannot be stopped: {error.message}", hint="Try: andiron stop") from error
    if wait_until_stopped(paths, timeout_seconds=_QUIET_SECONDS):
        return
    told("the daemon takes its time to end; waiting")
    if wait_until_stopped(paths, timeout_seconds=_LONGEST_SECONDS - _QUIET_SECONDS):
        return
    if record is not None:
        told(f"the daemon does not end; killing it (pid {record.pid})")
        # The lock is held, so that the pid is truly its own; what it acknowledged is on the disk.
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            psutil.Process(record.pid).kill()
        if wait_until_stopped(paths, timeout_seconds=_KILLED_SECONDS):
            return
    raise EndError("the daemon does not end", hint="Try: andiron stop")

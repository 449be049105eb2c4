"""The daemon as the set-up needs it: found, or started in the background as `andiron serve --detach` does."""

import subprocess
import time
from collections.abc import Callable

import msgspec

from andiron_daemon import __version__
from andiron_daemon.client import Client, ClientError, find_client, running_daemon, wait_until_stopped
from andiron_daemon.paths import Paths
from andiron_daemon.program import own_command
from andiron_installer.bootstrap.failures import DaemonError

# Longer than `andiron serve --detach` waits, which says more of what is wrong.
_START_SECONDS = 240.0
_STOP_SECONDS = 30.0
# The first question waits for the model to be read from the disk, on a slow machine for minutes.
_ANSWER_SECONDS = 900.0


class Daemon(msgspec.Struct, frozen=True, kw_only=True):
    """A daemon that answers; `history` says how it came to run."""

    client: Client
    url: str
    token_path: str | None
    history: str


def ensure_daemon(paths: Paths, *, changed: bool, agree: Callable[[str], bool]) -> Daemon:
    """Return the daemon of these folders, started if there is none.

    Args:
        paths: whose daemon.
        changed: whether what is installed has changed, so that one that runs is out of date.
        agree: asks the person; only about restarting one that runs.

    Raises:
        DaemonError: it does not start, or one that runs does not answer.
    """
    record = running_daemon(paths)
    history = "was already running"
    if record is not None and (changed or record.version != __version__):
        if agree(f"The daemon that runs (pid {record.pid}) is from before this set-up. Restart it?"):
            _stop(paths)
            record, history = None, "restarted"
        else:
            history = "still runs what was installed before; `andiron stop` ends it"
    elif record is None:
        history = "started"
    if record is None:
        _start()
    record = running_daemon(paths)
    client = find_client(paths, timeout_seconds=_ANSWER_SECONDS)
    if record is None or client is None:
        raise DaemonError("the daemon ended as soon as it was ready", f"Look at its log: {paths.log_file}")
    return Daemon(client=client, url=record.url, token_path=record.token_path, history=history)


def _start() -> None:
    command = own_command("serve", "--detach")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=_START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DaemonError(f"the daemon did not start in {_START_SECONDS:.0f} s", "Try: andiron serve") from error
    if done.returncode != 0:
        said = dict(line.partition(": ")[::2] for line in done.stderr.splitlines())
        reason = said.get("error") or done.stderr.strip() or f"exit code {done.returncode}"
        raise DaemonError(f"the daemon did not start: {reason}", said.get("hint") or "Try: andiron serve")


def _stop(paths: Paths) -> None:
    client = find_client(paths)
    try:
        if client is not None:
            client.stop()
    except ClientError as error:
        raise DaemonError(f"the daemon cannot be stopped: {error.message}", "Try: andiron stop") from error
    began = time.monotonic()
    if not wait_until_stopped(paths, timeout_seconds=_STOP_SECONDS):
        raise DaemonError(f"the daemon still runs after {time.monotonic() - began:.0f} s", "Try: andiron stop")

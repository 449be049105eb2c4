"""Starting the daemon in the background: in a session of its own, with its first words kept for the starter."""

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

from andiron_daemon.client import answering_daemon
from andiron_daemon.errors import ConfigurationError, DaemonError
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.program import own_command
from andiron_daemon.runfile import RunRecord

_POLL_SECONDS = 0.03
# One that ends is not waited for; a machine that is busy with something else may need this long.
_START_SECONDS = 180.0
_END_SECONDS = 5.0
_WINDOWS_DETACHED = 0x00000008 | 0x00000200  # DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP


class StartError(DaemonError):
    """The daemon ended before it answered; `status` is its exit status."""

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


def start_in_background(
    paths: Paths, options: Sequence[str] = (), *, timeout_seconds: float = _START_SECONDS
) -> RunRecord:
    """Start `andiron serve` and return once it answers.

    Raises:
        StartError: with what it said, if it ended or did not answer in time.
    """
    try:
        make_private(paths.state)
        first_words = (paths.state / "start.log").open("w+b")
    except OSError as error:
        raise ConfigurationError(
            f"{paths.state}: cannot be written: {error.strerror}",
            hint="Make room there, or set ANDIRON_HOME to a folder of yours.",
        ) from error
    with first_words:
        os.chmod(first_words.name, 0o600)  # noqa: PTH101 -- an open file's name
        process = subprocess.Popen(
            own_command("serve", *options),
            stdin=subprocess.DEVNULL,
            stdout=first_words,
            stderr=first_words,
            start_new_session=os.name == "posix",
            creationflags=_WINDOWS_DETACHED if os.name == "nt" else 0,
        )
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            ended = process.poll()  # before the look, so that one that answered and ended is not missed
            record = answering_daemon(paths)
            if record is not None:
                return record
            if ended is not None:
                first_words.seek(0)
                raise _failure(first_words.read().decode("utf-8", "replace"), ended, paths)
            time.sleep(_POLL_SECONDS)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):  # one that does not even end is not this command's to wait for
        process.wait(_END_SECONDS)
    raise StartError(
        f"Andiron did not answer within {timeout_seconds:.0f} s",
        status=1,
        hint="Start it where it can be seen, `andiron serve`, when the machine is less busy.",
    )


def _failure(said: str, status: int, paths: Paths) -> StartError:
    """Turn the `error:` and `hint:` lines of the child back into an error."""
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    hints = [line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")]
    if not lines:
        # What it said is kept in a file, for which a full disk has no room.
        return StartError(
            f"Andiron ended with exit status {status}, and what it said could not be kept",
            status=status or 1,
            hint=f"Look whether there is room in {paths.state}, then see what it says: andiron serve",
        )
    return StartError(errors[-1] if errors else lines[-1], status=status or 1, hint=hints[-1] if hints else None)

"""No service manager: the same commands over a supervisor of our own, in a session of its own.

Starting at login is left to the desktop's session, by an autostart entry that every desktop reads.
"""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from andiron_daemon.client import ClientError, find_client
from andiron_daemon.paths import find_paths, make_private
from andiron_daemon.settings import SETTINGS
from andiron_installer.service.control import Logs, State
from andiron_installer.service.description import Description
from andiron_installer.service.errors import ServiceError
from andiron_installer.service.places import configuration_folder
from andiron_installer.service.plan import MARK, Plan, PlannedFile
from andiron_installer.service.supervisor import SupervisorRecord, lock_file, record_file

_POLL_SECONDS = 0.05
_TAKEN_UP_SECONDS = 20.0
_WINDOWS_DETACHED = 0x00000008 | 0x00000200  # DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP


class Supervised:
    """Our own supervisor in the background."""

    kind = "supervisor"

    def plan(self, description: Description, *, autostart: bool) -> Plan:
        """Plan the desktop's autostart entry, if it is to start at login; the supervisor itself needs no file."""
        entry = PlannedFile(autostart_file(description), desktop_entry(description).encode())
        return Plan(
            kind=self.kind,
            name=description.name,
            autostart=autostart,
            variables=description.variables,
            files=(entry,) if autostart else (),
            autostart_note="by the desktop's session; without a desktop nothing starts it at login"
            if autostart
            else "",
        )

    def start(self, description: Description) -> None:
        """Start a supervisor and return when it has taken over."""
        make_private(description.state_folder)
        if not is_supervised(description):
            record_file(description).unlink(missing_ok=True)
        process = subprocess.Popen(
            description.supervisor_command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(description),
            start_new_session=os.name == "posix",
            creationflags=_WINDOWS_DETACHED if os.name == "nt" else 0,
        )
        deadline = time.monotonic() + _TAKEN_UP_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if is_supervised(description):
                process.returncode = 0  # it is meant to outlive this process; there is nothing to wait for
                return
            time.sleep(_POLL_SECONDS)
        state = read_state(description)
        if state.activity == "failed" or process.poll() != 0:
            reason = state.detail or "its supervisor ended at once"
            raise ServiceError(f"the service did not start: {reason}", hint="See why: andiron service logs")

    def stop(self, description: Description) -> None:
        """End the daemon and its supervisor."""
        stop_supervised(description)

    def state(self, description: Description) -> State:
        """Read what the supervisor says of itself."""
        return read_state(description)

    def logs(self, description: Description, *, lines: int, follow: bool) -> Logs:
        """Point at the file its words go to."""
        return Logs(file=description.output_file)


def _environment(description: Description) -> dict[str, str]:
    """Return this terminal's variables without settings: a service reads those from files, whoever starts it."""
    settings = {setting.variable for setting in SETTINGS}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANDIRON_")}
    return {name: value for name, value in kept.items() if name not in settings} | description.variables


def is_supervised(description: Description) -> bool:
    """Tell whether a supervisor holds its lock; a record alone means nothing, whoever has its pid by now."""
    file = lock_file(description)
    if not file.exists():
        return False
    lock = FileLock(file, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError as error:
        raise ServiceError(f"{file}: cannot be looked at: {error.strerror}", hint="Make it yours.") from error
    lock.release()
    return False


def read_state(description: Description) -> State:
    """Read the supervisor's record in the light of its lock."""
    try:
        record = msgspec.json.decode(record_file(description).read_bytes(), type=SupervisorRecord)
    except (OSError, msgspec.DecodeError):
        record = None
    if is_supervised(description):
        if record is None:
            return State(activity="starting")
        return State(activity=record.activity, pid=record.daemon_pid, restarts=record.restarts, detail=record.detail)
    if record is not None and record.activity == "failed":
        return State(activity="failed", restarts=record.restarts, detail=record.detail)
    if record is not None and record.activity in ("running", "waiting"):
        return State(activity="stopped", restarts=record.restarts, detail="its supervisor was killed")
    return State(activity="stopped")


def stop_supervised(description: Description) -> None:
    """Ask the daemon to end, which ends its supervisor too; tell the supervisor itself where that does not help.

    Raises:
        ServiceError: it still runs.
    """
    state = read_state(description)
    if not is_supervised(description):
        return
    if os.name == "nt" and state.pid is not None:
        client = find_client(find_paths())
        with suppress(ClientError):
            if client is not None:
                client.stop()
    else:
        _signal_supervisor(description)
    deadline = time.monotonic() + description.stop_seconds + 5
    while is_supervised(description):
        if time.monotonic() > deadline:
            raise ServiceError("the service does not end", hint="See why: andiron service logs")
        time.sleep(_POLL_SECONDS)


def _signal_supervisor(description: Description) -> None:
    with suppress(OSError, msgspec.DecodeError):
        record = msgspec.json.decode(record_file(description).read_bytes(), type=SupervisorRecord)
        # The lock is held, so that the pid is truly the supervisor's own.
        os.kill(record.pid, signal.SIGTERM)


def autostart_file(description: Description) -> Path:
    """Where desktops look for what to start at login."""
    return configuration_folder() / "autostart" / f"{description.name}.desktop"


def desktop_entry(description: Description) -> str:
    """Render the autostart entry."""
    assignments = [f"{name}={value}" for name, value in sorted(description.variables.items()) if name != "PATH"]
    command = (*(("env", *assignments) if assignments else ()), *description.start_command)
    return f"""\
# {MARK}
[Desktop Entry]
Type=Application
Name=Andiron
Comment={description.title}
Exec={" ".join(quoted(word) for word in command)}
Terminal=false
NoDisplay=true
"""


def quoted(word: str) -> str:
    """Quote an argument as the desktop entry specification asks: first as an argument, then as a value."""
    escaped = "".join(f"\\{character}" if character in '"`$\\' else character for character in word)
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'

"""The supervisor: a small process that runs the daemon where no service manager does, and starts it again.

    running ──ended with 0 or 78, or told to stop──► gone
       │ ▲
 crash ▼ │ after a delay that doubles
    waiting ──too often──► gone, saying so

Its lock tells whether it runs; what it last wrote into its record is believed while the lock is held.
"""

import datetime
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import msgspec
from filelock import FileLock, Timeout

from andiron_daemon.runfile import write_private
from andiron_installer.service.control import Activity
from andiron_installer.service.description import CONFIGURATION_STATUS, Description
from andiron_installer.service.errors import ServiceError

_OUTPUT_BYTES = 1024 * 1024


class SupervisorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the supervisor is at; `daemon_pid` while its daemon runs."""

    pid: int
    activity: Activity
    daemon_pid: int | None = None
    restarts: int = 0
    detail: str = ""


class Patience:
    """Decides when a daemon that crashed is started again; times are of the monotonic clock."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._crashes: deque[float] = deque()

    def delay_after_crash(self, now_seconds: float) -> float | None:
        """Return how long to wait before the next start, None for never."""
        described = self._description
        self._crashes.append(now_seconds)
        while now_seconds - self._crashes[0] > described.restart_window_seconds:
            self._crashes.popleft()
        count = len(self._crashes)
        if count > described.restart_limit:
            return None
        return float(min(described.first_delay_seconds * 2 ** (count - 1), described.longest_delay_seconds))


class _StopRequestedError(Exception):
    """A signal asked for the end."""


class Supervisor:
    """One for a state folder; `run` returns when there is nothing more to run."""

    def __init__(
        self,
        description: Description,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._description = description
        self._clock = clock
        self._sleep = sleep
        self._patience = Patience(description)
        self._restarts = 0

    def run(self) -> int:
        """Run the daemon until it ends by itself; return 0, or 1 if it was given up.

        Raises:
            ServiceError: the state folder cannot be written.
        """
        lock = FileLock(lock_file(self._description), mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return 0
        except OSError as error:
            raise _unwritable(lock_file(self._description), error) from error
        try:
            with _signals_heard(), _output(self._description) as output:
                return self._keep_running(output)
        except OSError as error:
            raise _unwritable(self._description.state_folder, error) from error
        finally:
            lock.release()

    def _keep_running(self, output: BinaryIO) -> int:
        try:
            while True:
                status = self._run_once(output)
                if status == 0:
                    self._write("stopped")
                    return 0
                if status == CONFIGURATION_STATUS:
                    self._write("failed", detail="a setting is wrong (exit status 78)")
                    return 0
                if not self._wait(status, output):
                    return 1
        except _StopRequestedError:
            self._write("stopped")
            return 0

    def _run_once(self, output: BinaryIO) -> int:
        began = self._clock()
        child = subprocess.Popen(
            self._description.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **self._description.variables},
        )
        try:
            self._write("running", daemon_pid=child.pid)
            status = child.wait()
        finally:
            self._end(child)
        if status not in (0, CONFIGURATION_STATUS):
            self._tell(output, f"the daemon ended with status {status} after {self._clock() - began:.0f} s")
        return status

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Let no daemon outlive its supervisor; one that does not end when asked is killed."""
        if child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(self._description.stop_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _wait(self, status: int, output: BinaryIO) -> bool:
        """Wait before the next start; False if there is to be none."""
        delay_seconds = self._patience.delay_after_crash(self._clock())
        if delay_seconds is None:
            self._tell(output, "it ended too often and is given up; `andiron service start` tries again")
            self._write("failed", detail=f"it ended too often (last with status {status}) and was given up")
            return False
        self._restarts += 1
        self._tell(output, f"starting it again in {delay_seconds:g} s")
        self._write("waiting", detail=f"it ended with status {status}; started again in {delay_seconds:g} s")
        self._sleep(delay_seconds)
        return True

    def _write(self, activity: Activity, *, daemon_pid: int | None = None, detail: str = "") -> None:
        record = SupervisorRecord(
            pid=os.getpid(), activity=activity, daemon_pid=daemon_pid, restarts=self._restarts, detail=detail
        )
        write_private(record_file(self._description), msgspec.json.encode(record))

    def _tell(self, output: BinaryIO, text: str) -> None:
        moment = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        output.write(f"{moment} supervisor: {text}\n".encode())
        output.flush()


def lock_file(description: Description) -> Path:
    """Return the file that is locked while a supervisor runs."""
    return description.state_folder / "supervisor.lock"


def record_file(description: Description) -> Path:
    """Return the file the supervisor writes what it is at into."""
    return description.state_folder / "supervisor.json"


@contextmanager
def _signals_heard() -> Iterator[None]:
    """While the block runs, a signal that asks for the end interrupts it; one is enough."""
    names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise _StopRequestedError

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _output(description: Description) -> BinaryIO:
    """Open the file for what is said, the one before kept once when it has grown."""
    file = description.output_file
    if file.exists() and file.stat().st_size > _OUTPUT_BYTES:
        file.replace(file.with_suffix(".log.1"))
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(handle, "ab")


def _unwritable(file: Path, error: OSError) -> ServiceError:
    return ServiceError(
        f"{file}: cannot be used: {error.strerror or error}",
        hint="Make the state folder writable, or set ANDIRON_HOME.",
    )

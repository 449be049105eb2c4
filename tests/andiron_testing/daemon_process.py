"""The real daemon as a process of its own, for tests that use it as people do."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil

from andiron_daemon.client import Client, find_client, running_daemon, wait_until_healthy
from andiron_daemon.paths import Paths, find_paths, make_private
from andiron_daemon.runfile import RunRecord
from andiron_testing.surroundings import foreign_variables, own_variables

ANDIRON = (sys.executable, "-P", "-m", "andiron_daemon")
_START_SECONDS = 30.0
_END_SECONDS = 20.0


def andiron(
    *arguments: str, variables: Mapping[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in the test's own home, with `typed` piped in."""
    return subprocess.run(
        [*ANDIRON, *arguments],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **(variables or {})},
        timeout=90,
        check=False,
    )


class DaemonProcess:
    """A daemon that was started on a free port and answers; `said` is all of its stderr once it has ended."""

    def __init__(self, paths: Paths, options: tuple[str, ...], variables: Mapping[str, str]) -> None:
        self.paths = paths
        self._said = ""
        self.process = subprocess.Popen(
            [*ANDIRON, "serve", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=_without_empty({**_environment(paths), "PORT": "0", **variables}),
        )
        record = wait_until_healthy(paths, timeout_seconds=_START_SECONDS)
        if record is None:
            self.kill()
            raise AssertionError(f"the daemon did not start: {self.said()}\n{self.log()}")
        self.record: RunRecord = record

    @property
    def client(self) -> Client:
        """A client with its token."""
        client = find_client(self.paths, timeout_seconds=60)
        assert client is not None, "the daemon is gone"
        return client

    @property
    def token(self) -> str:
        """The token in its file."""
        return self.paths.token_file.read_text(encoding="ascii").strip()

    def andiron(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command in this daemon's home."""
        return andiron(*arguments, variables=_environment(self.paths), typed=typed)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the daemon itself."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end and return the exit status."""
        return self.process.wait(_END_SECONDS)

    def kill(self) -> None:
        """Kill it with its children, as a power cut would."""
        workers = self.workers()
        self.process.kill()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        self.process.wait(_END_SECONDS)

    def workers(self) -> list[psutil.Process]:
        """The child processes of the daemon."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def said(self) -> str:
        """All of its stderr; it must have ended."""
        stream = self.process.stderr
        assert stream is not None
        if not stream.closed:
            with stream:
                self._said = stream.read()
        return self._said

    def log(self) -> str:
        """Its log so far."""
        return self.paths.log_file.read_text(encoding="utf-8") if self.paths.log_file.exists() else ""

    def is_running(self) -> bool:
        """Tell whether it holds its lock."""
        return running_daemon(self.paths) is not None


def _environment(paths: Paths) -> dict[str, str]:
    """Return an environment with nothing of the caller's settings in it."""
    foreign = foreign_variables()
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, **own_variables(str(paths.state.parent))}


def _without_empty(variables: dict[str, str]) -> dict[str, str]:
    """Take away what is empty: the variable is then not set at all."""
    return {name: value for name, value in variables.items() if value}


def put_model(file: Path, paths: Paths) -> None:
    """Put a model file into a models folder, without a second copy where the file system allows."""
    make_private(paths.models)
    target = paths.models / file.name
    try:
        target.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, target)


@contextmanager
def daemon_with(model: Path, home: Path) -> Iterator[DaemonProcess]:
    """Run a daemon that answers by one model, for benchmarks; it is killed at the end."""
    paths = find_paths(str(home))
    put_model(model, paths)
    daemon = DaemonProcess(paths, (), {})
    try:
        yield daemon
    finally:
        daemon.kill()
        daemon.said()


class StartDaemon(Protocol):
    """Starts a daemon of the test's home: options as on the command line, variables by name."""

    def __call__(self, *options: str, **variables: str) -> DaemonProcess: ...

"""Programs run with bounds: time, output, memory, priority, and an end for all they started.

    start ──► new group, lower priority, memory limit ──► talk ──► kill the group, whatever happened

The environment is built from a short list, so that no secret and no proxy is handed on.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.linter import LinterError

if sys.platform != "win32":
    import resource

_CHUNK_BYTES = 64 * 1024
_LAST_WORDS_BYTES = 16 * 1024
_NICENESS = 10
# What programs need to find their files and their user's taste; everything else stays here.
_PASSED_ON = (
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "SYSTEMROOT",
    "PATHEXT",
    "TMPDIR",
    "TEMP",
    "TMP",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "RUSTUP_HOME",
    "CARGO_HOME",
    "GOROOT",
)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one run of a program may take; memory is what it can write to, not what it reserves."""

    seconds: float = 10.0
    output_bytes: int = 8 * 1024 * 1024
    memory_bytes: int = 4 * 1024**3


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended; `errors` is the end of what it complained about."""

    status: int
    output: bytes
    errors: str

    @property
    def last_words(self) -> str:
        """The line that says most about a failure."""
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower() or "cause" in line.lower()]
        said = (telling or lines or ["it said nothing"])[-1]
        return said[:300]


class Child:
    """A running program; its output is counted, and reading more than the limit ends it."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        self._process = process
        self._left_bytes = limits.output_bytes
        self._limits = limits
        self._errors = b""
        self._listening = asyncio.create_task(self._listen())

    async def write(self, data: bytes) -> None:
        """Send input; a program that reads no further is left to itself."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def read(self) -> bytes:
        """Return what there is of output, empty at its end.

        Raises:
            LinterError: when it is more than the limit.
        """
        assert self._process.stdout is not None
        data = await self._process.stdout.read(_CHUNK_BYTES)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise LinterError(f"it printed more than {self._limits.output_bytes // 1024} KiB")
        return data

    async def finish(self, data: bytes) -> Finished:
        """Send the last input and read to the end."""
        writing = asyncio.create_task(self._write_last(data))
        chunks: list[bytes] = []
        try:
            while chunk := await self.read():
                chunks.append(chunk)
        finally:
            writing.cancel()
            await asyncio.wait({writing})
        await self._listening
        status = await self._process.wait()
        output = b"".join(chunks)
        errors = self._errors if self._process.stderr is not None else output[-_LAST_WORDS_BYTES:]
        return Finished(status=status, output=output, errors=errors.decode("utf-8", "replace"))

    async def end(self) -> None:
        """Kill the program and what it started, and let go of its pipes."""
        self._listening.cancel()
        kill_group(self._process.pid)
        # Whoever left the group may hold the pipes open; closing our ends is what makes waiting come to an end.
        transport = self._process._transport  # type: ignore[attr-defined]  # noqa: SLF001  # there is no other way
        for number in range(3):
            pipe = transport.get_pipe_transport(number)
            if pipe is not None:
                pipe.close()
        await asyncio.wait({self._listening, asyncio.create_task(self._process.wait())})

    async def _write_last(self, data: bytes) -> None:
        assert self._process.stdin is not None
        await self.write(data)
        self._process.stdin.close()

    async def _listen(self) -> None:
        if self._process.stderr is None:
            return
        while chunk := await self._process.stderr.read(_CHUNK_BYTES):
            self._errors = (self._errors + chunk)[-_LAST_WORDS_BYTES:]


@asynccontextmanager
async def running(
    command: Sequence[str | Path],
    *,
    folder: Path,
    limits: Limits,
    variables: Mapping[str, str] | None = None,
    reads_errors: bool = False,
) -> AsyncIterator[Child]:
    """Run a program for the length of the block; `reads_errors` takes what it complains about for output.

    Raises:
        LinterError: when it cannot be started, or is not done in time.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if reads_errors else subprocess.PIPE,
            cwd=folder,
            env={**_environment(), **(variables or {})},
            start_new_session=True,
        )
    except OSError as error:
        raise LinterError(f"it cannot be started: {error.strerror or error}") from error
    _bound(process.pid, limits)
    child = Child(process, limits)
    try:
        async with asyncio.timeout(limits.seconds):
            yield child
    except TimeoutError:
        raise LinterError(f"it took longer than {limits.seconds:g} s") from None
    finally:
        await child.end()


async def run_program(
    command: Sequence[str | Path],
    *,
    folder: Path,
    limits: Limits,
    data: bytes = b"",
    variables: Mapping[str, str] | None = None,
    reads_errors: bool = False,
) -> Finished:
    """Run a program to its end.

    Raises:
        LinterError: as `running`, and when a signal ended it.
    """
    async with running(command, folder=folder, limits=limits, variables=variables, reads_errors=reads_errors) as child:
        finished = await child.finish(data)
    if finished.status < 0:
        raise LinterError(f"it was ended by {_signal_name(-finished.status)}: {finished.last_words}")
    return finished


def kill_group(pid: int) -> None:
    """End a program and all that it started; one that is gone is fine."""
    if sys.platform == "win32":
        import psutil

        with contextlib.suppress(psutil.Error):
            parent = psutil.Process(pid)
            for process in [*parent.children(recursive=True), parent]:
                process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _bound(pid: int, limits: Limits) -> None:
    """Lower the priority and bound the memory; one that has ended already needs neither."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpriority(os.PRIO_PGRP, pid, _NICENESS)
        if hasattr(resource, "prlimit"):
            resource.prlimit(pid, resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    kept["PATH"] = os.pathsep.join(
        folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()
    )
    return kept | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PYTHONSAFEPATH": "1"}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""One worker process and its pipe: start it, send, receive, end it.

What its life means is the supervisor's affair. The child ignores Ctrl-C, sees no secrets of the environment,
takes no modules from the working folder, and ends by itself when its pipe closes.
"""

import asyncio
import collections
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from andiron_models.errors import BackendUnavailableError
from andiron_models.local import wire
from andiron_models.local.notes import read_note

STOP_SECONDS = 5.0
# How long llama.cpp's threads spin at a barrier before they sleep. libgomp's own 300,000 cost nothing on a quiet
# machine and nearly everything beside a compiler (60 tokens a second became 3); with 500 both stay quick.
_SPINS = "500"
_SIGILL = 4
_CHUNK_BYTES = 64 * 1024
_SECRETS = ("KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "AUTH", "COOKIE", "_URL", "_URI", "_DSN", "PROXY")
_LAST_LINES = 30
# What Windows ends a program with that uses an instruction the processor does not have.
_ILLEGAL_INSTRUCTION = 0xC000001D
_ANOTHER_BUILD_HINT = (
    "This build of llama.cpp was made for another processor. Build it on this one, with Andiron's own Python: "
    "python -m pip install --force-reinstall --no-deps --no-binary llama-cpp-python llama-cpp-python"
)
_log = logging.getLogger(__name__)


class Worker(Protocol):
    """What the supervisor needs of a running worker."""

    @property
    def process_id(self) -> int:
        """The child's process id."""

    def send(self, message: wire.ToWorker) -> None:
        """Queue a message; one for a worker that has gone is dropped."""

    async def stop(self) -> None:
        """End the process, kindly first; returns when it is gone."""


OnMessage = Callable[[wire.FromWorker], None]


class OnExit(Protocol):
    """Who is told that a worker has gone."""

    def __call__(self, reason: str, hint: str | None = None) -> None:
        """Take note of why, and what to do about it where sending the request again is not it."""


class Launch(Protocol):
    """How a worker is started; the callbacks run on the event loop, `on_exit` exactly once and last."""

    async def __call__(self, on_message: OnMessage, on_exit: OnExit) -> Worker:
        """Start a process."""


class WorkerProcess:
    """A child that runs `andiron_models.worker`."""

    def __init__(self, process: asyncio.subprocess.Process, on_message: OnMessage, on_exit: OnExit) -> None:
        self._process = process
        self._on_message = on_message
        self._on_exit = on_exit
        self._last_lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._task = asyncio.create_task(self._watch())

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    def send(self, message: wire.ToWorker) -> None:
        """Queue a message; one for a worker that has gone is dropped."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(wire.encode(message))

    async def stop(self) -> None:
        """End the process: ask, then terminate, then kill."""
        if self._process.returncode is None:
            self.send(wire.Stop())
            await self._end_within(STOP_SECONDS, self._process.terminate)
            await self._end_within(STOP_SECONDS, self._process.kill)
        await self._task

    async def _end_within(self, seconds: float, otherwise: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                otherwise()

    async def _watch(self) -> None:
        errors = asyncio.create_task(self._read_errors())
        reason = ""
        try:
            await self._read_messages()
            await self._end_within(STOP_SECONDS, self._process.kill)  # it has nothing more to say
        except wire.BrokenPipeProtocolError as error:
            reason = f"its pipe broke: {error}"
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        status = await self._process.wait()
        await errors
        if self._process.stdin is not None:
            self._process.stdin.close()
        is_foreign = status in (-_SIGILL, _ILLEGAL_INSTRUCTION)
        self._on_exit(reason or self._describe(status), _ANOTHER_BUILD_HINT if is_foreign else None)

    async def _read_messages(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        frames = wire.Frames()
        while data := await stdout.read(_CHUNK_BYTES):
            for message in frames.take(data):
                self._on_message(message)
        if frames.is_inside_a_frame:
            raise wire.BrokenPipeProtocolError("it ended inside a message")

    async def _read_errors(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while True:
            try:
                line = await stderr.readline()
            except ValueError:
                continue  # a line over the limit was dropped; the pipe goes on
            if not line:
                return
            text = line.decode("utf-8", errors="replace").rstrip()
            note = read_note(text)
            if note is not None:
                level = logging.ERROR if note.is_error else logging.DEBUG
                told = {"request_id": note.request_id}
                _log.log(level, "worker %d: %s", self._process.pid, note.event, extra=told)
                continue
            self._last_lines.append(text)
            _log.debug("worker %d: %s", self._process.pid, text)

    def _describe(self, status: int) -> str:
        if status < 0:
            with contextlib.suppress(ValueError):
                return self._with_last_words(f"it was ended by {signal.Signals(-status).name}")
        return self._with_last_words(f"it ended with status {status}")

    def _with_last_words(self, text: str) -> str:
        lines = [line for line in self._last_lines if line.strip()]
        return f"{text}; its last words: {lines[-1][:300]}" if lines else text


async def launch_worker(on_message: OnMessage, on_exit: OnExit) -> Worker:
    """Start a worker of this Python's own.

    Raises:
        BackendUnavailableError: the system starts no process.
    """
    return await launch_program([sys.executable, "-P", "-m", "andiron_models.worker"], on_message, on_exit)


async def launch_program(command: Sequence[str], on_message: OnMessage, on_exit: OnExit) -> Worker:
    """Start any program that speaks as a worker does.

    Raises:
        BackendUnavailableError: the system starts no process.
    """
    environment = {"GOMP_SPINCOUNT": _SPINS} | {
        name: value for name, value in os.environ.items() if not any(secret in name.upper() for secret in _SECRETS)
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            limit=1024 * 1024,
        )
    except OSError as error:
        raise BackendUnavailableError(
            f"the local engine's process cannot be started: {error}", hint="Close other programs and try again."
        ) from error
    return WorkerProcess(process, on_message, on_exit)

"""The pulls that are under way: one a model however many ask, each in a process of its own.

A pull belongs to this service, not to who asked: followers come and go. Cancelling one keeps what was fetched, and
starting it again goes on from there.

    running ──► done | failed | cancelled ──(start again)──► running
"""

import asyncio
import contextlib
import functools
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Literal

import msgspec

from andiron_models.errors import ModelError
from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.child import DoneEvent, Event, FailedEvent, NoticeEvent, ProgressEvent, PullRequest
from andiron_models.library.errors import PullCancelledError, PullError

PullState = Literal["running", "done", "failed", "cancelled"]
Runner = Callable[[CatalogueEntry, Path], AsyncGenerator[Event, None]]
_RATE_SECONDS = 5.0
_STOP_SECONDS = 1.0
_LAST_WORDS_BYTES = 4096


class PullStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a pull is; `rate` is bytes a second over the last seconds, `error` says why it failed."""

    id: str
    state: PullState
    bytes: int = 0
    total: int | None = None
    rate: float = 0.0
    notices: tuple[str, ...] = ()
    path: str | None = None
    error: ModelError | None = None


class Pull:
    """One model on its way; `follow` it, or look at its `status`."""

    def __init__(self, entry: CatalogueEntry, clock: Callable[[], float]) -> None:
        self.entry = entry
        self.status = PullStatus(id=entry.id, state="running", total=entry.size_bytes)
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()
        self._changed = asyncio.Event()

    async def follow(self) -> AsyncGenerator[PullStatus, None]:
        """Yield the status now and after every change, the last one once the pull has ended."""
        while True:
            changed, status = self._changed, self.status
            yield status
            if status.state != "running":
                return
            if status is self.status:
                await changed.wait()

    def take(self, event: Event) -> None:
        """Take what the process tells."""
        match event:
            case ProgressEvent():
                self._set(bytes=event.bytes, total=event.total, rate=self._rate(event.bytes))
            case NoticeEvent():
                self._set(notices=(*self.status.notices, event.text))
            case DoneEvent():
                self._set(state="done", path=event.path, bytes=self.status.total or self.status.bytes)
            case FailedEvent():
                kind = PullCancelledError if event.is_cancelled else PullError
                self.end(kind(event.message, hint=event.hint, details=event.details))

    def end(self, error: ModelError) -> None:
        """Note that it ended without the model."""
        state: PullState = "cancelled" if isinstance(error, PullCancelledError) else "failed"
        self._set(state=state, error=error, rate=0.0)

    def _set(self, **changes: object) -> None:
        self.status = msgspec.structs.replace(self.status, **changes)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _rate(self, size_bytes: int) -> float:
        now = self._clock()
        self._samples.append((now, size_bytes))
        while self._samples[0][0] < now - _RATE_SECONDS and len(self._samples) > 1:
            self._samples.popleft()
        first, first_bytes = self._samples[0]
        return max(0.0, (size_bytes - first_bytes) / (now - first)) if now > first else 0.0


class Pulls:
    """All pulls of this process; close it to stop them."""

    def __init__(
        self,
        models_folder: Path,
        run: Runner | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models_folder = models_folder
        self._run = run or pull_in_a_process
        self._clock = clock
        self._pulls: dict[str, Pull] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, entry: CatalogueEntry) -> Pull:
        """Begin, or join what has begun already."""
        pull = self._pulls.get(entry.id)
        if pull is None or pull.status.state != "running":
            pull = self._pulls[entry.id] = Pull(entry, self._clock)
            task = asyncio.create_task(self._carry_out(pull), name=f"pull {entry.id}")
            task.add_done_callback(functools.partial(_settle, pull))
            self._tasks[entry.id] = task
        return pull

    def status(self, model_id: str) -> PullStatus | None:
        """Say how a model's last pull is; None if there was none."""
        pull = self._pulls.get(model_id)
        return pull.status if pull is not None else None

    async def cancel(self, model_id: str) -> bool:
        """Stop a pull and wait until it has; False if none was running."""
        if model_id not in self._tasks:
            return False
        was_running = self._cancel(model_id)
        await asyncio.wait([self._tasks[model_id]])
        return was_running

    async def aclose(self) -> None:
        """Stop all pulls; may be called again."""
        for model_id in self._tasks:
            self._cancel(model_id)
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def _cancel(self, model_id: str) -> bool:
        """Cancel once: a second time it would be torn from stopping its process."""
        task = self._tasks[model_id]
        return not task.cancelling() and task.cancel()

    async def _carry_out(self, pull: Pull) -> None:
        """Take the events; the last one counts only when the process is gone."""
        last: Event | None = None
        try:
            async with contextlib.aclosing(self._run(pull.entry, self._models_folder)) as events:
                async for event in events:
                    if isinstance(event, DoneEvent | FailedEvent):
                        last = event
                        break
                    pull.take(event)
        except ModelError as error:
            pull.end(error)
        if last is not None:
            pull.take(last)


def _settle(pull: Pull, task: asyncio.Task[None]) -> None:
    """See to it that a pull whose task has ended has ended too, however that came."""
    if pull.status.state != "running":
        return
    if task.cancelled():
        hint = "Pull again to go on where it stopped."
        pull.end(PullCancelledError(f"the pull of {pull.entry.id} was cancelled", hint=hint))
    else:
        reason = task.exception() or "it ended without a word"
        pull.end(PullError(f"the pull of {pull.entry.id} failed: {reason}", hint="Pull again."))


async def pull_in_a_process(entry: CatalogueEntry, models_folder: Path) -> AsyncGenerator[Event, None]:
    """Run a pull as `andiron_models.library.child`; closing the generator ends the process and what it started.

    Raises:
        PullError: the process cannot be started, or ended before the pull did.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # modules come from the installation, never from the folder someone happens to be in
            "-m",
            "andiron_models.library.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1024 * 1024,
            start_new_session=True,
        )
    except OSError as error:
        raise PullError(f"the download process cannot be started: {error}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    last_words = asyncio.create_task(_last_words(process))
    try:
        request = PullRequest(entry=entry, models_folder=str(models_folder))
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        while line := await process.stdout.readline():
            event = msgspec.json.decode(line, type=Event)
            yield event
            if isinstance(event, DoneEvent | FailedEvent):
                return
        status = await process.wait()
        raise PullError(
            f"the download process ended with status {status}: {await last_words}",
            hint="Pull again; what was fetched is kept.",
        )
    finally:
        await _stop(process)
        await asyncio.gather(last_words, process.stdout.read())  # to their ends, else the pipes stay open


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    tail = b""
    while chunk := await process.stderr.read(_LAST_WORDS_BYTES):
        tail = (tail + chunk)[-_LAST_WORDS_BYTES:]
    lines = tail.decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the process: by the end of its input, which cancels the pull, else by force with all it started."""
    assert process.stdin is not None
    if process.returncode is None:
        process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            await asyncio.to_thread(_kill_family, process.pid)
            await process.wait()


def _kill_family(process_id: int) -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process_id)
        for member in [*family.children(recursive=True), family]:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()

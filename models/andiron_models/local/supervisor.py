"""One model's worker over time: started when needed, kept warm, ended when idle, restarted after a crash.

    stopped ─► loading ─► ready ─► stopped      idle for `idle_seconds`, or unloaded
                  │         │
                  ▼         ▼
               failed ◄─ crashed                the next request starts a new worker, after a back-off

A crash fails the requests that were under way, each with the same clear error; no other part notices. So does
silence: a worker at work tells its figures twice a second, so one that says nothing for long stands still and
is ended. A new worker is started only when the one before is gone, so that a model is never in memory twice.
"""

import asyncio
import contextlib
import copy
import functools
import itertools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import TypeVar

from andiron_models.errors import (
    BackendUnavailableError,
    DeadlineError,
    ModelDoesNotFitError,
    ModelError,
    ModelFileError,
    WorkerDiedError,
)
from andiron_models.local import wire
from andiron_models.local.process import Launch, Worker, launch_worker

STALL_SECONDS = 120.0
_LOOKS = 4
_BACK_OFF_SECONDS = (0.0, 0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
_log = logging.getLogger(__name__)

Request = Callable[[int], wire.ToWorker]
_Item = wire.FromWorker | ModelError
T = TypeVar("T")


class _Life:
    """One worker process from its start to its end, and what is waited for from it."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.info: wire.EngineInfo | None = None
        self.error: ModelError | None = None
        self.moved = asyncio.Event()
        self.requests: dict[int, asyncio.Queue[_Item]] = {}
        self.was_told_to_stop = False
        self.heard = 0

    def fail(self, error: ModelError) -> None:
        """Tell everyone who waits that nothing more will come."""
        self.error = error
        self.moved.set()
        for queue in self.requests.values():
            queue.put_nowait(error)

    async def patiently(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for as long as the worker is heard of.

        Its silence is counted in looks: a daemon that was stopped for a while has heard nothing either, and
        finds what was said meanwhile before the next one.

        Raises:
            TimeoutError: it said nothing for `STALL_SECONDS`.
        """
        silent_looks = 0
        while silent_looks < _LOOKS:
            heard = self.heard
            try:
                async with asyncio.timeout(STALL_SECONDS / _LOOKS):
                    return await wait()
            except TimeoutError:
                silent_looks = silent_looks + 1 if self.heard == heard else 0
        raise TimeoutError


class Supervisor:
    """Owns the worker of one model; `aclose` ends it for good."""

    def __init__(
        self,
        name: str,
        load: Callable[[], wire.Load],
        *,
        idle_seconds: float,
        launch: Launch = launch_worker,
        clock: Callable[[], float] | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is started.

        Args:
            name: the model's id, for people.
            load: makes the message a new worker begins with; may raise a ModelError, such as for lack of memory.
            idle_seconds: how long an unused worker is kept, 0 for ever.
            launch: starts a worker process.
            clock: seconds that only grow; the event loop's if not given.
            on_change: called whenever `state` has become another.
        """
        self.name = name
        self.info: wire.EngineInfo | None = None
        self.stats: wire.Stats | None = None
        self.progress = 0.0
        self.last_error: ModelError | None = None
        self.restarts = 0
        self._load = load
        self._idle_seconds = idle_seconds
        self._launch = launch
        self._clock = clock or asyncio.get_running_loop().time
        self._on_change = on_change
        self._life: _Life | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._failures = 0
        self._failed_at = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> str:
        """One of `idle`, `loading`, `ready`, `failed`."""
        if self._life is not None:
            return "ready"
        if self._starting is not None:
            return "loading"
        return "failed" if self.last_error is not None else "idle"

    @property
    def process_id(self) -> int | None:
        """The worker's process id, while there is one that is loaded."""
        worker = self._life.worker if self._life is not None else None
        return worker.process_id if worker is not None else None

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way or the model is being loaded."""
        return (self._life is not None and bool(self._life.requests)) or self._starting is not None

    async def start(self) -> None:
        """Have a loaded worker; many may wait for the same one.

        Raises:
            ModelError: the model cannot be loaded, or has crashed too often just now.
        """
        if self._life is not None:
            return
        if self._starting is None:
            self._refuse_while_backing_off()
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
            self._on_change()
        starting = self._starting
        try:
            await asyncio.shield(starting)
        except ModelError as error:
            raise _for_one(error) from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if starting.cancelled() and not (task is not None and task.cancelling()):
                raise BackendUnavailableError(f"{self.name} was unloaded while it was being loaded") from None
            raise

    async def run(self, request: Request) -> AsyncGenerator[wire.FromWorker, None]:
        """Send a request to the worker and yield what comes back; closing cancels it.

        Raises:
            ModelError: what the worker answered, or that it died.
        """
        await self.start()
        life = self._life
        if life is None or life.worker is None:
            raise WorkerDiedError(f"the engine of {self.name} ended as the request came", hint="Send it again.")
        request_id = next(self._ids)
        with self._registered(life, request_id) as queue:
            life.worker.send(request(request_id))
            is_over = False
            try:
                while True:
                    item = await self._next(life, queue)
                    if isinstance(item, ModelError):
                        is_over = True
                        raise _for_one(item)
                    is_over = isinstance(item, wire.Done | wire.Measured | wire.Told | wire.Embedded)
                    if is_over:
                        self._failures = 0
                    yield item
                    if is_over:
                        return
            finally:
                if not is_over:
                    life.worker.send(wire.Cancel(id=request_id))

    async def _next(self, life: _Life, queue: asyncio.Queue[_Item]) -> _Item:
        try:
            return await life.patiently(queue.get)
        except TimeoutError:
            if life.worker is not None:
                self._give_up(life, f"it said nothing for {STALL_SECONDS:.0f} s")
                self._end(life, life.worker)
        return await queue.get()  # giving up has told everyone

    def tell(self, message: wire.ToWorker) -> None:
        """Send the worker what has no answer; without a worker there is nobody to tell."""
        if self._life is not None and self._life.worker is not None:
            self._life.worker.send(message)

    async def stop(self) -> None:
        """End the worker, if there is one, and forget what failed; requests under way fail, the next starts another."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        self._let_go()
        if self.last_error is not None:
            self.last_error, self._failures = None, 0
            self._on_change()
        await self._gone()

    async def aclose(self) -> None:
        """End the worker; nobody is to ask again."""
        await self.stop()

    # -- starting

    def _refuse_while_backing_off(self) -> None:
        delay = _BACK_OFF_SECONDS[min(self._failures, len(_BACK_OFF_SECONDS) - 1)]
        remaining = self._failed_at + delay - self._clock()
        if self._failures and remaining > 0:
            reason = self.last_error.message if self.last_error is not None else "unknown"
            raise BackendUnavailableError(
                f"the engine of {self.name} failed {self._failures} times in a row: {reason}",
                hint=f"It is tried again in {remaining:.0f} s.",
                details={"retry_after_seconds": round(remaining, 1)},
            )

    async def _start(self) -> None:
        await self._gone()
        message = await asyncio.to_thread(self._load)
        self.progress = 0.0
        life = _Life()
        life.worker = await self._launch(
            functools.partial(self._on_message, life), functools.partial(self._on_exit, life)
        )
        try:
            life.worker.send(message)
            await self._wait_while_it_moves(life)
        except BaseException:
            self._end(life, life.worker)
            await self._gone()
            raise
        self._life, self.info = life, life.info
        self.last_error = None
        self._set_idle_timer()

    async def _wait_while_it_moves(self, life: _Life) -> None:
        """Wait for the model to be loaded; only standing still for long is a failure."""
        while life.info is None and life.error is None:
            life.moved.clear()
            try:
                await life.patiently(life.moved.wait)
            except TimeoutError as error:
                raise DeadlineError(f"loading {self.name} made no progress for {STALL_SECONDS:.0f} s") from error
        if life.error is not None:
            raise life.error

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        error = None if task.cancelled() else task.exception()
        if isinstance(error, ModelDoesNotFitError):
            self.last_error = error  # found out without starting anything, so it may be asked again at once
        elif isinstance(error, ModelError):
            self._note_failure(error)
        self._on_change()

    # -- ending

    def _let_go(self) -> None:
        """Have the worker that is loaded end by itself."""
        self._cancel_idle_timer()
        life, self._life, self.info, self.stats = self._life, None, None, None
        if life is not None and life.worker is not None:
            self._end(life, life.worker)
            self._on_change()

    def _end(self, life: _Life, worker: Worker) -> None:
        life.was_told_to_stop = True
        task = asyncio.create_task(worker.stop())
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def _gone(self) -> None:
        """Wait until no worker is on its way out any more."""
        while self._stopping:
            await asyncio.wait(self._stopping)

    # -- what the worker says

    def _on_message(self, life: _Life, message: wire.FromWorker) -> None:
        life.moved.set()
        life.heard += 1
        match message:
            case wire.Loading():
                self.progress = message.fraction
            case wire.Ready():
                life.info = message.info
            case wire.LoadFailed():
                life.error = ModelFileError(message.message, hint=message.hint)
            case wire.Stats():
                if life is self._life:
                    self.stats = message
            case _:
                queue = life.requests.get(message.id)
                if queue is not None:
                    queue.put_nowait(message.error() if isinstance(message, wire.Failed) else message)

    def _on_exit(self, life: _Life, reason: str, hint: str | None = None) -> None:
        if life.was_told_to_stop:
            life.fail(BackendUnavailableError(f"{self.name} was unloaded", hint="Send the request again."))
            return
        if life.error is None:  # else it said why it ends
            self._give_up(life, reason, hint)

    def _give_up(self, life: _Life, reason: str, hint: str | None = None) -> None:
        error = WorkerDiedError(
            f"the local engine of {self.name} ended unexpectedly: {reason}",
            hint=hint or "Send the request again; a new one is started for it.",
            details={"reason": reason},
        )
        life.fail(error)
        if life is self._life:
            self._cancel_idle_timer()
            self._life, self.info, self.stats = None, None, None
            self.restarts += 1
            self._note_failure(error)
            self._on_change()
            _log.warning("%s", error.message)

    def _note_failure(self, error: ModelError) -> None:
        self.last_error = error
        self._failures += 1
        self._failed_at = self._clock()

    # -- idleness

    @contextlib.contextmanager
    def _registered(self, life: _Life, request_id: int) -> Iterator[asyncio.Queue[_Item]]:
        self._cancel_idle_timer()
        queue = life.requests[request_id] = asyncio.Queue()
        try:
            yield queue
        finally:
            del life.requests[request_id]
            if self._life is not None and not self._life.requests:
                self._set_idle_timer()

    def _set_idle_timer(self) -> None:
        self._cancel_idle_timer()
        if self._idle_seconds > 0:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._on_idle)

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _on_idle(self) -> None:
        _log.info("%s was not used for %.0f s and is unloaded", self.name, self._idle_seconds)
        self._let_go()


def _for_one(error: ModelError) -> ModelError:
    """Copy an error that several are told, since each may add to its own, such as which conversation it is about."""
    copied = copy.copy(error)
    copied.details = dict(error.details)
    return copied

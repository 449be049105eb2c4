"""One model's worker over time: started when needed, kept warm, ended when idle, restarted after a crash.

    stopped ─► loading ─► ready ─► stopped      idle for `idle_seconds`, or unloaded
                  │         │
                  ▼         ▼
               failed ◄─ crashed                the next request starts a new worker, after a back-off

A crash fails the requests that were under way, each with the same clear error; no other part notices.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, Callable, Iterator

from andiron_models.errors import BackendUnavailableError, DeadlineError, ModelError, ModelFileError, WorkerDiedError
from andiron_models.local import wire
from andiron_models.local.process import Launch, Worker, launch_worker

STALL_SECONDS = 120.0
_BACK_OFF_SECONDS = (0.0, 0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
_log = logging.getLogger(__name__)

Request = Callable[[int], wire.ToWorker]
_Item = wire.FromWorker | ModelError


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
    ) -> None:
        """Prepare; nothing is started.

        Args:
            name: the model's id, for people.
            load: makes the message a new worker begins with; may raise a ModelError, such as for lack of memory.
            idle_seconds: how long an unused worker is kept, 0 for ever.
            launch: starts a worker process.
            clock: seconds that only grow; the event loop's if not given.
        """
        self.name = name
        self.info: wire.EngineInfo | None = None
        self.stats: wire.Stats | None = None
        self.progress = 0.0
        self.last_error: ModelError | None = None
        self.restarts = 0
        self.used_at = 0.0
        self._load = load
        self._idle_seconds = idle_seconds
        self._launch = launch
        self._clock = clock or asyncio.get_running_loop().time
        self._worker: Worker | None = None
        self._starting: asyncio.Task[None] | None = None
        self._loaded: asyncio.Future[None] | None = None
        self._moved = asyncio.Event()
        self._requests: dict[int, asyncio.Queue[_Item]] = {}
        self._ids = itertools.count(1)
        self._failures = 0
        self._failed_at = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> str:
        """One of `idle`, `loading`, `ready`, `failed`."""
        if self._worker is not None and self.info is not None:
            return "ready"
        if self._starting is not None:
            return "loading"
        return "failed" if self.last_error is not None else "idle"

    @property
    def process_id(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._worker.process_id if self._worker is not None else None

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way or the model is being loaded."""
        return bool(self._requests) or self._starting is not None

    async def start(self) -> None:
        """Have a loaded worker; many may wait for the same one.

        Raises:
            ModelError: the model cannot be loaded, or has crashed too often just now.
        """
        if self._worker is not None and self.info is not None:
            return
        if self._starting is None:
            self._refuse_while_backing_off()
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
        starting = self._starting
        try:
            await asyncio.shield(starting)
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
        worker = self._worker
        if worker is None:
            raise WorkerDiedError(f"the engine of {self.name} ended as the request came", hint="Send it again.")
        request_id = next(self._ids)
        queue: asyncio.Queue[_Item] = asyncio.Queue()
        with self._registered(request_id, queue):
            worker.send(request(request_id))
            is_over = False
            try:
                while True:
                    item = await queue.get()
                    if isinstance(item, ModelError):
                        is_over = True
                        raise item
                    is_over = isinstance(item, wire.Done | wire.Measured)
                    if is_over:
                        self._failures = 0
                    yield item
                    if is_over:
                        return
            finally:
                if not is_over:
                    worker.send(wire.Cancel(id=request_id))

    async def stop(self) -> None:
        """End the worker, if there is one; the next request starts another."""
        self._cancel_idle_timer()
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, ModelError):
                await self._starting
        worker, self._worker, self.info = self._worker, None, None
        if worker is not None:
            await worker.stop()
        for task in list(self._stopping):
            await task

    async def aclose(self) -> None:
        """End the worker for good; requests under way fail."""
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
        message = await asyncio.to_thread(self._load)
        loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loaded = loaded
        self.progress = 0.0
        worker = await self._launch(self._on_message, self._on_exit)
        try:
            worker.send(message)
            await self._wait_while_it_moves(loaded)
        except BaseException:
            await worker.stop()
            raise
        finally:
            self._loaded = None
        self._worker = worker
        self.last_error = None
        self._set_idle_timer()

    async def _wait_while_it_moves(self, loaded: asyncio.Future[None]) -> None:
        """Wait for the model to be loaded; only standing still for long is a failure."""
        while not loaded.done():
            self._moved.clear()
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    await self._moved.wait()
            except TimeoutError as error:
                raise DeadlineError(f"loading {self.name} made no progress for {STALL_SECONDS:.0f} s") from error
        loaded.result()

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, ModelError):
            self._note_failure(error)

    # -- what the worker says

    def _on_message(self, message: wire.FromWorker) -> None:
        self._moved.set()
        match message:
            case wire.Loading():
                self.progress = message.fraction
            case wire.Ready():
                self.info = message.info
                if self._loaded is not None and not self._loaded.done():
                    self._loaded.set_result(None)
            case wire.LoadFailed():
                if self._loaded is not None and not self._loaded.done():
                    self._loaded.set_exception(ModelFileError(message.message, hint=message.hint))
            case wire.Stats():
                self.stats = message
            case _:
                queue = self._requests.get(message.id)
                if queue is not None:
                    queue.put_nowait(message.error() if isinstance(message, wire.Failed) else message)

    def _on_exit(self, reason: str) -> None:
        error = WorkerDiedError(
            f"the local engine of {self.name} ended unexpectedly: {reason}",
            hint="Send the request again; a new one is started for it.",
            details={"reason": reason},
        )
        self._moved.set()
        was_wanted = self._worker is not None
        self._worker, self.info, self.stats = None, None, None
        self._cancel_idle_timer()
        if self._loaded is not None and not self._loaded.done():
            self._loaded.set_exception(error)
        for queue in self._requests.values():
            queue.put_nowait(error)
        if was_wanted:
            self.restarts += 1
            self._note_failure(error)
            _log.warning("%s", error.message)

    def _note_failure(self, error: ModelError) -> None:
        self.last_error = error
        self._failures += 1
        self._failed_at = self._clock()

    # -- idleness

    @contextlib.contextmanager
    def _registered(self, request_id: int, queue: asyncio.Queue[_Item]) -> Iterator[None]:
        self._cancel_idle_timer()
        self._requests[request_id] = queue
        try:
            yield
        finally:
            del self._requests[request_id]
            self.used_at = self._clock()
            if not self._requests:
                self._set_idle_timer()

    def _set_idle_timer(self) -> None:
        self._cancel_idle_timer()
        if self._idle_seconds > 0 and self._worker is not None:
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self._idle_seconds, self._on_idle)

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _on_idle(self) -> None:
        worker, self._worker, self.info, self.stats = self._worker, None, None, None
        if worker is not None:
            _log.info("%s was not used for %.0f s and is unloaded", self.name, self._idle_seconds)
            task = asyncio.create_task(worker.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

"""A worker that is no process: it hears what it is sent and says what a test tells it to."""

import asyncio
from collections.abc import Callable

from andiron_models.errors import ModelError
from andiron_models.local import wire
from andiron_models.local.process import OnExit, OnMessage
from andiron_models.types import Finish, FinishReason, Timings, Usage

INFO = wire.EngineInfo(
    description="a fake",
    context_length=4096,
    trained_context_length=8192,
    threads=2,
    gpu_layers=0,
    slots=4,
    can_chat=True,
    can_infill=True,
    size_bytes=1,
    parameters=1,
    prompt_tokens_per_second=100.0,
    generate_tokens_per_second=20.0,
    slice_tokens=16,
)


def load_message(path: str = "model.gguf") -> wire.Load:
    """Make the message a worker begins with."""
    return wire.Load(path=path, context_length=4096, threads=2, gpu_layers=0)


class FakeWorker:
    """One worker; `sent` is what it was told. It says `Ready` to a load unless it is to wait for the test."""

    def __init__(self, process_id: int, on_message: OnMessage, on_exit: OnExit) -> None:
        self.process_id = process_id
        self.sent: list[wire.ToWorker] = []
        self.on_sent: Callable[[wire.ToWorker], None] = lambda message: None
        self.is_alive = True
        self.was_asked_to_stop = False
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._on_message = on_message
        self._on_exit = on_exit

    def send(self, message: wire.ToWorker) -> None:
        """Hear a message; one for a worker that has gone is dropped."""
        if self.is_alive:
            self.sent.append(message)
            self.on_sent(message)

    async def stop(self) -> None:
        """End as soon as the test lets it."""
        self.was_asked_to_stop = True
        await self.may_end.wait()
        self.die("it ended with status 0")

    def say(self, *messages: wire.FromWorker) -> None:
        """Say something to the daemon."""
        for message in messages:
            self._on_message(message)

    def be_ready(self) -> None:
        """Say that the model is loaded."""
        self.say(wire.Ready(info=INFO))

    def answer(self, request_id: int, *texts: str, reason: FinishReason = "stop") -> None:
        """Answer a request from its beginning to its end."""
        self.say(wire.Taken(id=request_id), *(wire.Piece(id=request_id, text=text) for text in texts))
        self.say(wire.Done(id=request_id, finish=Finish(reason=reason, usage=Usage(), timings=Timings())))

    def die(self, reason: str = "it was ended by SIGKILL", hint: str | None = None) -> None:
        """End; only once."""
        if self.is_alive:
            self.is_alive = False
            self._on_exit(reason, hint)

    def heard(self, kind: type[wire.ToWorker]) -> list[wire.ToWorker]:
        """What it was sent of one kind."""
        return [message for message in self.sent if isinstance(message, kind)]


class FakeLaunch:
    """Starts fake workers; `workers` are all so far. `error` is raised instead of starting one."""

    def __init__(self, *, loads_at_once: bool = True) -> None:
        self.workers: list[FakeWorker] = []
        self.loads_at_once = loads_at_once
        self.error: ModelError | None = None
        self.answers: tuple[str, ...] | None = None

    @property
    def last(self) -> FakeWorker:
        """The worker started last."""
        return self.workers[-1]

    @property
    def alive(self) -> list[FakeWorker]:
        """The workers that have not ended."""
        return [worker for worker in self.workers if worker.is_alive]

    async def __call__(self, on_message: OnMessage, on_exit: OnExit) -> FakeWorker:
        """Start a worker."""
        if self.error is not None:
            raise self.error
        worker = FakeWorker(100 + len(self.workers), on_message, on_exit)
        worker.on_sent = lambda message: self._react(worker, message)
        self.workers.append(worker)
        return worker

    def _react(self, worker: FakeWorker, message: wire.ToWorker) -> None:
        if isinstance(message, wire.Load) and self.loads_at_once:
            worker.be_ready()
        elif isinstance(message, wire.Chat | wire.Infill) and self.answers is not None:
            worker.answer(message.id, *self.answers)
        elif isinstance(message, wire.Cancel):
            finish = Finish(reason="cancelled", usage=Usage(), timings=Timings())
            worker.say(wire.Done(id=message.id, finish=finish))


async def settled() -> None:
    """Let everything happen that needs no time."""
    for _ in range(20):
        await asyncio.sleep(0)

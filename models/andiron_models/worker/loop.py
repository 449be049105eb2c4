"""The worker's two threads: one reads the pipe and prepares, one evaluates and answers.

    pipe ─► reading thread (decode, template, tokenize) ─► inbox ─► evaluating thread (scheduler, engine) ─► pipe

The reading thread interrupts an evaluation that is no longer wanted. When the pipe closes, the process ends;
when the evaluation fails as a whole, so does the process, for nobody could end the reading thread's wait.
"""

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn

import psutil

from andiron_models.errors import ModelError
from andiron_models.local import wire
from andiron_models.types import Priority
from andiron_models.worker.embedding import serve_embeddings
from andiron_models.worker.engine import EngineOptions, LlamaEngine, quantize
from andiron_models.worker.job import Job, Lane
from andiron_models.worker.journal import Journal
from andiron_models.worker.measure import calibrate, measure
from andiron_models.worker.pace import Pace
from andiron_models.worker.preparation import Preparation
from andiron_models.worker.scheduler import SHORT_SLICE_MS, Scheduler
from andiron_models.worker.state_file import StateFile
from andiron_models.worker.states import StateStore
from andiron_models.worker.telling import tell

_STATS_SECONDS = 0.5
_SLICE_LIMIT = 512

Inbox = queue.SimpleQueue[Job | wire.ToWorker]


class Outbox:
    """The way back to the daemon; any thread may send, frames never mix.

    What a step of the scheduler has to say goes in one write, so that the daemon is woken once.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.journal = Journal()
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: wire.FromWorker) -> None:
        """Write one frame, and whatever was kept before it."""
        self.journal.saw(message)
        with self._lock:
            self._stream.write(wire.encode(message))
            self._stream.flush()

    def keep(self, message: wire.FromWorker) -> None:
        """Keep a frame until the next is sent or `flush` is called."""
        self.journal.saw(message)
        with self._lock:
            self._stream.write(wire.encode(message))

    def flush(self) -> None:
        """Write what was kept."""
        with self._lock:
            self._stream.flush()


def run(source: BinaryIO, sink: BinaryIO) -> None:
    """Serve one daemon until it says stop or goes away."""
    outbox = Outbox(sink)
    first = wire.read_message(source)
    while isinstance(first, wire.Quantize):
        _quantize(first, outbox)
        first = wire.read_message(source)
    if isinstance(first, wire.Load) and first.embeds:
        serve_embeddings(first, source, outbox.send)
    elif isinstance(first, wire.Load):
        _serve(first, source, outbox)


def _serve(load: wire.Load, source: BinaryIO, outbox: Outbox) -> None:
    lanes = [Lane.COMPLETION] * load.completion_slots + [Lane.CHAT] * load.chat_slots
    options = EngineOptions(
        context_length=load.context_length, threads=load.threads, gpu_layers=load.gpu_layers, sequences=len(lanes)
    )
    pace = Pace()
    try:
        engine = LlamaEngine(Path(load.path), options, _progress(outbox))
        preparation = Preparation(engine, load.layout)
        calibrate(engine, pace, time.monotonic)
    except ModelError as error:
        outbox.send(wire.LoadFailed(message=error.message, hint=error.hint))
        return
    states = StateStore(load.state_cache_bytes)
    saved = StateFile(Path(load.state_folder), engine.path) if load.state_folder is not None else None
    if saved is not None:
        saved.read(states)
    scheduler = Scheduler(
        engine,
        lanes=lanes,
        queue_limit=load.queue_limit,
        states=states,
        pace=pace,
        clock=time.monotonic,
        emit=outbox.keep,
    )
    inbox: Inbox = queue.SimpleQueue()
    reading = threading.Thread(
        target=_read, args=(source, inbox, outbox, preparation, scheduler, engine), name="reader"
    )
    outbox.send(wire.Ready(info=_info(load, engine, preparation, pace)))
    reading.start()
    try:
        _evaluate(inbox, outbox, scheduler, engine)
    except BrokenPipeError:
        _leave(0)
    except Exception:  # noqa: BLE001 - the named edge: the daemon sees the process end, and why on standard error
        traceback.print_exc()
        _leave(1)
    reading.join()
    if saved is not None:
        scheduler.slots.save_all()
        saved.write(states)
    engine.close()


def _leave(status: int) -> NoReturn:
    """End the process without waiting for the reading thread."""
    sys.stderr.flush()
    os._exit(status)


def _read(
    source: BinaryIO,
    inbox: Inbox,
    outbox: Outbox,
    preparation: Preparation,
    scheduler: Scheduler,
    engine: LlamaEngine,
) -> None:
    """Read the pipe to its end, which is also the end of the evaluation."""
    try:
        while (message := wire.read_message(source)) is not None:
            match message:
                case wire.Chat() | wire.Infill() | wire.Continue():
                    _take(message, inbox, outbox, preparation, scheduler, engine)
                case wire.Tokenize() | wire.Detokenize() | wire.Apply():
                    _tell(message, outbox, preparation, engine)
                case wire.Cancel():
                    inbox.put(message)
                    if scheduler.should_interrupt(cancelled=message.id):
                        engine.interrupt()
                case wire.Stop():
                    return
                case _:
                    inbox.put(message)
    finally:
        inbox.put(wire.Stop())
        engine.interrupt()


def _tell(message: wire.Asked, outbox: Outbox, preparation: Preparation, engine: LlamaEngine) -> None:
    try:
        told: wire.Told | wire.Failed = tell(message, engine, preparation)
    except ModelError as error:
        told = wire.failed(message.id, error)
    except Exception:  # noqa: BLE001 - the named edge: one request's fault must not end the others
        traceback.print_exc()
        told = wire.Failed(id=message.id, code="internal", message="the text could not be read")
    outbox.send(told)


def _take(
    message: wire.Chat | wire.Infill | wire.Continue,
    inbox: Inbox,
    outbox: Outbox,
    preparation: Preparation,
    scheduler: Scheduler,
    engine: LlamaEngine,
) -> None:
    outbox.journal.began(message)
    try:
        if isinstance(message, wire.Chat):
            job = preparation.chat(message.id, message.request)
        elif isinstance(message, wire.Continue):
            job = preparation.continue_text(message.id, message.request)
        else:
            job = preparation.infill(message.id, message.request, plainly=message.plainly)
    except ModelError as error:
        outbox.send(wire.failed(message.id, error))
        return
    except Exception:  # noqa: BLE001 - the named edge: one request's fault must not end the others
        traceback.print_exc()
        outbox.send(wire.Failed(id=message.id, code="internal", message="the request could not be prepared"))
        return
    inbox.put(job)
    if scheduler.should_interrupt(completion_came=job.priority is Priority.COMPLETION):
        engine.interrupt()


def _evaluate(inbox: Inbox, outbox: Outbox, scheduler: Scheduler, engine: LlamaEngine) -> None:
    """Work until told to stop; asleep while there is nothing to do."""
    reported_at = 0.0
    process = psutil.Process()
    while True:
        while scheduler.is_idle or not inbox.empty():
            if scheduler.is_idle and inbox.empty():
                outbox.send(_stats(scheduler, process))
            message = inbox.get()
            if isinstance(message, wire.Stop):
                return
            _handle(message, outbox, scheduler, engine)
            outbox.flush()
        scheduler.step(has_news=lambda: not inbox.empty())
        outbox.flush()
        now = time.monotonic()
        if now - reported_at >= _STATS_SECONDS:
            reported_at = now
            outbox.send(_stats(scheduler, process))


def _handle(message: Job | wire.ToWorker, outbox: Outbox, scheduler: Scheduler, engine: LlamaEngine) -> None:
    match message:
        case Job():
            scheduler.submit(message)
        case wire.Cancel():
            scheduler.cancel(message.id)
        case wire.Forget():
            scheduler.slots.forget(message.place)
        case wire.Measure() if scheduler.is_idle:
            for slot in scheduler.slots.slots:
                scheduler.slots.empty(slot)
            outbox.send(_measured(message, engine))
        case wire.Measure():
            outbox.send(wire.Failed(id=message.id, code="queue_full", message="the engine is busy"))
        case _:
            raise wire.BrokenPipeProtocolError(f"{type(message).__name__} cannot come now")


def _measured(message: wire.Measure, engine: LlamaEngine) -> wire.Measured | wire.Failed:
    try:
        return measure(engine, engine.tokenize(message.text), message.id, time.monotonic)
    except ModelError as error:
        return wire.failed(message.id, error)


def _quantize(message: wire.Quantize, outbox: Outbox) -> None:
    try:
        size = quantize(Path(message.source), Path(message.target), message.quantization, message.threads)
    except ModelError as error:
        outbox.send(wire.failed(message.id, error))
    else:
        outbox.send(wire.Quantized(id=message.id, size_bytes=size))


def _progress(outbox: Outbox) -> Callable[[float], None]:
    """Make a progress callback that reports whole percents."""
    shown = -1

    def report(fraction: float) -> None:
        nonlocal shown
        percent = int(100 * fraction)
        if percent > shown:
            shown = percent
            outbox.send(wire.Loading(fraction=fraction))

    return report


def _info(load: wire.Load, engine: LlamaEngine, preparation: Preparation, pace: Pace) -> wire.EngineInfo:
    note = None if preparation.can_infill else "no infill tokens; the text before the cursor is continued"
    return wire.EngineInfo(
        description=engine.description,
        context_length=engine.context_length,
        trained_context_length=engine.trained_context_length,
        threads=load.threads,
        gpu_layers=load.gpu_layers if engine.can_offload else 0,
        slots=load.completion_slots + load.chat_slots,
        can_chat=preparation.can_chat,
        can_infill=preparation.can_infill,
        size_bytes=engine.size_bytes,
        parameters=engine.parameters,
        prompt_tokens_per_second=pace.tokens_per_second(64),
        generate_tokens_per_second=pace.tokens_per_second(1),
        slice_tokens=pace.tokens_within(SHORT_SLICE_MS, _SLICE_LIMIT),
        infill_note=note,
        can_call_tools=preparation.can_call_tools,
    )


def _stats(scheduler: Scheduler, process: psutil.Process) -> wire.Stats:
    slots = scheduler.slots
    return wire.Stats(
        running=scheduler.running_count,
        waiting=scheduler.waiting_count,
        cells_used=slots.cells_used,
        cells=slots.cells,
        states_bytes=slots.states.size_bytes,
        states=len(slots.states),
        prompt_tokens_per_second=scheduler.pace.tokens_per_second(64),
        generate_tokens_per_second=scheduler.pace.tokens_per_second(1),
        rss_bytes=int(process.memory_info().rss),
    )

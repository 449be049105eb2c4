"""Tuning a model for this machine: measure it, try other quantizations, keep the best that loses nothing.

A machine's quickest quantization depends on its instructions: re-quantizing 4-bit K-quants to 8 bit gave a
third more prompt speed on one machine with AVX-512. Each candidate is measured in a worker of its own, and
is refused when it fits a sample text worse than the model's own file by more than `LOSS_TOLERANCE`.
"""

import asyncio
import importlib.resources
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from andiron_models.errors import ModelError, WorkerDiedError
from andiron_models.library.errors import DiskSpaceError
from andiron_models.library.hardware import this_machine
from andiron_models.library.records import update_record
from andiron_models.library.shelf import InstalledModel
from andiron_models.library.tuned import Tuned, tuned_path, write_tuned
from andiron_models.local import wire
from andiron_models.local.process import Launch, Worker, launch_worker

CANDIDATES = ("Q8_0", "Q4_0")
LOSS_TOLERANCE = 0.01
_WORTH = 0.95
_CONTEXT = 4096
_PROMPT_TOKENS = 64
_NEW_TOKENS = 16

Report = Callable[[str], None]
Message = TypeVar("Message")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One file's figures; `quantization` is None for the model's own."""

    quantization: str | None
    size_bytes: int
    prompt_tokens_per_second: float
    generate_tokens_per_second: float
    mean_loss: float

    @property
    def completion_ms(self) -> float:
        """What a usual completion would take: some prompt tokens, some new ones."""
        prompt_ms = 1000 * _PROMPT_TOKENS / self.prompt_tokens_per_second
        return prompt_ms + 1000 * _NEW_TOKENS / self.generate_tokens_per_second


async def tune(
    model: InstalledModel,
    models_folder: Path,
    *,
    candidates: Sequence[str] = CANDIDATES,
    launch: Launch = launch_worker,
    report: Report = lambda _: None,
) -> tuple[Reading, list[Reading]]:
    """Measure a model and its candidates, keep the best, and record the speeds.

    Returns:
        The reading of the file that will be loaded from now on, and all readings.

    Raises:
        ModelError: the model cannot be measured, or there is no disk space for a candidate.
    """
    report(f"measuring {model.path.name}")
    readings = [await _measure(model.path, None, launch)]
    made: list[Path] = []
    try:
        for quantization in candidates:
            target = tuned_path(models_folder, model.id, quantization)
            made.append(target)
            report(f"writing {quantization}")
            await _quantize(model.path, target, quantization, launch)
            report(f"measuring {quantization}")
            readings.append(await _measure(target, quantization, launch))
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    best = choose(readings)
    _keep(model, models_folder, best, made)
    return best, readings


def choose(readings: Sequence[Reading]) -> Reading:
    """Choose the quickest reading that fits the text as well as the first, by enough to be worth a file."""
    own = readings[0]
    bound = own.mean_loss * (1 + LOSS_TOLERANCE)
    others = [
        reading
        for reading in readings[1:]
        if reading.mean_loss <= bound and reading.completion_ms <= _WORTH * own.completion_ms
    ]
    return min(others, key=lambda reading: reading.completion_ms, default=own)


def _keep(model: InstalledModel, models_folder: Path, best: Reading, made: list[Path]) -> None:
    chosen = tuned_path(models_folder, model.id, best.quantization) if best.quantization else None
    for path in made:
        if path != chosen:
            path.unlink(missing_ok=True)
    found = model.path.stat()
    write_tuned(
        models_folder,
        model.id,
        Tuned(
            quantization=best.quantization,
            source_size_bytes=found.st_size,
            source_mtime_ns=found.st_mtime_ns,
            prompt_tokens_per_second=best.prompt_tokens_per_second,
            generate_tokens_per_second=best.generate_tokens_per_second,
            mean_loss=best.mean_loss,
        ),
    )
    update_record(
        models_folder,
        model.id,
        prompt_tokens_per_second=best.prompt_tokens_per_second,
        generate_tokens_per_second=best.generate_tokens_per_second,
    )


async def _measure(path: Path, quantization: str | None, launch: Launch) -> Reading:
    text = importlib.resources.files("andiron_models.library").joinpath("sample.txt").read_text(encoding="utf-8")
    load = wire.Load(path=str(path), context_length=_CONTEXT, threads=this_machine().physical_cores, gpu_layers=-1)
    async with _Conversation(launch) as worker:
        worker.send(load)
        await worker.expect(wire.Ready)
        worker.send(wire.Measure(id=1, text=text))
        measured = await worker.expect(wire.Measured)
    return Reading(
        quantization=quantization,
        size_bytes=(await asyncio.to_thread(path.stat)).st_size,
        prompt_tokens_per_second=measured.prompt_tokens_per_second,
        generate_tokens_per_second=measured.generate_tokens_per_second,
        mean_loss=measured.mean_loss,
    )


async def _quantize(source: Path, target: Path, quantization: str, launch: Launch) -> None:
    """Write a candidate under a temporary name, then give it its own."""
    await asyncio.to_thread(_make_room, target.parent, source)
    part = target.with_suffix(".part")
    threads = this_machine().physical_cores
    try:
        async with _Conversation(launch) as worker:
            worker.send(
                wire.Quantize(id=1, source=str(source), target=str(part), quantization=quantization, threads=threads)
            )
            await worker.expect(wire.Quantized)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _make_room(folder: Path, source: Path) -> None:
    """Make the folder, and refuse when the disk cannot hold an 8-bit copy."""
    folder.mkdir(parents=True, exist_ok=True)
    needed_bytes = 2 * source.stat().st_size
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise DiskSpaceError(
            f"{needed_bytes / 1e9:.1f} GB are needed to re-quantize, {free_bytes / 1e9:.1f} GB are free in {folder}",
            hint="Free some space; the model itself works as it is.",
        )


class _Conversation:
    """A worker of one's own for a few messages; ends with the block."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._messages: asyncio.Queue[wire.FromWorker | ModelError] = asyncio.Queue()
        self._worker: Worker | None = None

    async def __aenter__(self) -> "_Conversation":
        self._worker = await self._launch(self._messages.put_nowait, self._on_exit)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._worker is not None:
            await self._worker.stop()

    def send(self, message: wire.ToWorker) -> None:
        if self._worker is not None:
            self._worker.send(message)

    async def expect(self, kind: type[Message]) -> Message:
        """Wait for a message of a kind; an error of the worker's is raised."""
        while True:
            message = await self._messages.get()
            if isinstance(message, kind):
                return message
            if isinstance(message, ModelError):
                raise message
            if isinstance(message, wire.Failed):
                raise message.error()
            if isinstance(message, wire.LoadFailed):
                raise WorkerDiedError(message.message, hint=message.hint)

    def _on_exit(self, reason: str, hint: str | None = None) -> None:
        self._messages.put_nowait(WorkerDiedError(f"the engine ended while it was measured: {reason}", hint=hint))

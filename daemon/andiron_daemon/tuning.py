"""Tuning a model from a page or another client: `andiron models tune`, told as it goes.

One at a time, for two would measure each other. A client that leaves ends it; nothing half-made stays behind.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from pathlib import Path

import msgspec

from andiron_daemon.library import Library
from andiron_daemon.paths import Paths
from andiron_models.errors import QueueFullError
from andiron_models.library.catalogue import load_catalogue
from andiron_models.library.shelf import InstalledModel, find_model
from andiron_models.tune import Reading
from andiron_models.tune import tune as tune_model

Report = Callable[[str], None]
TuneModel = Callable[[InstalledModel, Path, Report], Coroutine[None, None, tuple[Reading, list[Reading]]]]


class TuneStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The model is unloaded, so that the figures are the machine's own."""

    id: str


class TuneProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What is done now."""

    text: str


class TuneReading(msgspec.Struct, frozen=True, kw_only=True):
    """One form of the model; `quantization` is null for its own file."""

    quantization: str | None
    size_bytes: int
    prompt_tokens_per_second: float
    generate_tokens_per_second: float
    mean_loss: float
    is_kept: bool


class TuneDone(msgspec.Struct, frozen=True, kw_only=True):
    """What is used from now on, in a sentence and in figures."""

    id: str
    verdict: str
    readings: tuple[TuneReading, ...]


TuneEvent = TuneStarted | TuneProgress | TuneDone


async def _tune(model: InstalledModel, folder: Path, report: Report) -> tuple[Reading, list[Reading]]:
    return await tune_model(model, folder, report=report)


class Tuning:
    """One for the daemon; `tune_model` stands in for the measuring in tests."""

    def __init__(self, paths: Paths, library: Library, tune_model: TuneModel = _tune) -> None:
        self._paths = paths
        self._library = library
        self._tune_model = tune_model
        self._model: str | None = None

    async def tune(self, model_id: str) -> AsyncGenerator[TuneEvent, None]:
        """Measure a model and keep its quickest form that loses nothing; closing the generator ends that.

        Raises:
            ModelNotFoundError: it is not here.
            QueueFullError: a model is being tuned already.
            ModelError: it cannot be measured.
        """
        if self._model is not None:
            raise QueueFullError(f"{self._model} is being tuned", hint="Wait until that is done; it takes minutes.")
        self._model = model_id
        try:
            model = await asyncio.to_thread(self._find, model_id)
            await self._library.unload(model.id)
            yield TuneStarted(id=model.id)
            async with contextlib.aclosing(self._run(model)) as events:
                async for event in events:
                    yield event
        finally:
            self._model = None

    async def _run(self, model: InstalledModel) -> AsyncGenerator[TuneEvent, None]:
        reports: asyncio.Queue[str | None] = asyncio.Queue()
        task = asyncio.create_task(self._tune_model(model, self._paths.models, reports.put_nowait))
        task.add_done_callback(lambda _: reports.put_nowait(None))
        try:
            while (text := await reports.get()) is not None:
                yield TuneProgress(text=text)
            best, readings = await task
        finally:
            task.cancel()
            await asyncio.wait({task})
        yield TuneDone(
            id=model.id,
            verdict=_verdict(model.id, best, readings[0]),
            readings=tuple(
                TuneReading(**msgspec.structs.asdict(reading), is_kept=reading == best) for reading in readings
            ),
        )

    def _find(self, model_id: str) -> InstalledModel:
        return find_model(self._paths.models, model_id, load_catalogue(self._paths.config))


def _verdict(model_id: str, best: Reading, own: Reading) -> str:
    if best.quantization is None:
        return f"{model_id} is used as it is: no other form is quicker here without losing something."
    gain = own.completion_ms / best.completion_ms
    return f"{model_id} is used as {best.quantization} from now on: {gain:.1f} times as quick here."

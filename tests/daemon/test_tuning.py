"""Tuning a model from a client; the measuring itself is tested with the library."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_daemon.services import Services, build_services
from andiron_daemon.settings import Settings
from andiron_daemon.tuning import Report, TuneDone, TuneEvent, TuneModel, TuneProgress, TuneStarted, Tuning
from andiron_models.errors import ModelNotFoundError, QueueFullError, WorkerDiedError
from andiron_models.library.shelf import InstalledModel
from andiron_models.tune import Reading
from andiron_testing.daemons import StartDaemon, error_of
from andiron_testing.gguf_files import write_gguf
from andiron_testing.scripted import ScriptedBackend


class UnloadingBackend(ScriptedBackend):
    """A scripted backend that keeps which models it was told to let go."""

    def __init__(self) -> None:
        super().__init__("local", "small")
        self.unloaded: list[str] = []

    async def load(self, model: str) -> None:
        raise AssertionError("nothing is to be loaded")

    async def unload(self, model: str) -> None:
        self.unloaded.append(model)


def reading(quantization: str | None, speed: float) -> Reading:
    return Reading(
        quantization=quantization,
        size_bytes=1,
        prompt_tokens_per_second=10 * speed,
        generate_tokens_per_second=speed,
        mean_loss=1.0,
    )


@pytest.fixture
def small(paths: Paths) -> Path:
    """A model that is here."""
    return write_gguf(paths.models / "small.gguf")


@pytest.fixture
async def services(settings: Settings, paths: Paths, small: Path) -> AsyncIterator[Services]:
    async with build_services(settings, paths, {"local": UnloadingBackend()}) as built:
        yield built


def tuning(services: Services, paths: Paths, readings: list[Reading], best: int) -> Tuning:
    async def tune_model(model: InstalledModel, folder: Path, report: Report) -> tuple[Reading, list[Reading]]:
        assert (model.path.parent, folder) == (paths.models, paths.models)
        report("measuring")
        await asyncio.sleep(0)
        report("writing Q8_0")
        return readings[best], readings

    return Tuning(paths, services.library, tune_model)


async def told(tuning: Tuning, model: str = "small") -> list[TuneEvent]:
    async with aclosing(tuning.tune(model)) as events:
        return [event async for event in events]


@pytest.mark.parametrize(("best", "verdict"), [(0, "small is used as it is"), (1, "2.0 times as quick here")])
async def test_what_is_done_is_told_and_ends_in_a_verdict(
    services: Services, paths: Paths, best: int, verdict: str
) -> None:
    readings = [reading(None, 10), reading("Q8_0", 20)]
    start, *progress, done = await told(tuning(services, paths, readings, best))
    assert start == TuneStarted(id="small")
    assert progress == [TuneProgress(text="measuring"), TuneProgress(text="writing Q8_0")]
    assert isinstance(done, TuneDone)
    assert verdict in done.verdict
    assert [one.is_kept for one in done.readings] == [best == 0, best == 1]
    backend = services.backends["local"]
    assert isinstance(backend, UnloadingBackend)
    assert backend.unloaded == ["small"]


async def test_one_model_is_tuned_at_a_time(services: Services, paths: Paths) -> None:
    one = tuning(services, paths, [reading(None, 1)], 0)
    async with aclosing(one.tune("small")) as events:
        await anext(events)
        with pytest.raises(QueueFullError, match="small is being tuned"):
            await told(one)
    assert await told(one)


def endless(is_over: asyncio.Event) -> TuneModel:
    async def tune_model(model: InstalledModel, folder: Path, report: Report) -> tuple[Reading, list[Reading]]:
        report("measuring")
        try:
            await asyncio.Event().wait()
        finally:
            is_over.set()
        raise AssertionError

    return tune_model


async def test_a_client_that_leaves_ends_the_measuring(services: Services, paths: Paths) -> None:
    is_over = asyncio.Event()
    one = Tuning(paths, services.library, endless(is_over))
    async with aclosing(one.tune("small")) as events:
        assert [await anext(events), await anext(events)] == [TuneStarted(id="small"), TuneProgress(text="measuring")]
    assert is_over.is_set()


async def test_a_measuring_that_fails_says_why(services: Services, paths: Paths) -> None:
    async def tune_model(model: InstalledModel, folder: Path, report: Report) -> tuple[Reading, list[Reading]]:
        raise WorkerDiedError("the engine ended while it was measured")

    with pytest.raises(WorkerDiedError, match="while it was measured"):
        await told(Tuning(paths, services.library, tune_model))


async def test_a_model_that_is_not_here_cannot_be_tuned(services: Services, paths: Paths) -> None:
    with pytest.raises(ModelNotFoundError):
        await told(tuning(services, paths, [], 0), "nowhere")


async def test_over_http_an_unknown_model_is_refused_with_its_status(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon()
    async with daemon.post("/api/v1/models/nowhere/tune") as response:
        status, error = await error_of(response)
    assert (status, error["code"]) == (404, "model_not_found")

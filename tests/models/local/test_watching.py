"""Who is told when a model's engine is in another state."""

import asyncio
from pathlib import Path

from andiron_models.configuration import LocalConfiguration
from andiron_models.errors import ModelError
from andiron_models.local.backend import LocalBackend
from andiron_models.local.supervisor import Supervisor
from andiron_testing.fake_worker import FakeLaunch, load_message, settled
from andiron_testing.gguf_files import gguf_bytes
from andiron_testing.supervised import answering, ask
from andiron_testing.virtual_time import in_virtual_time


class Watched:
    """A supervisor and the states it was in whenever it said that it had changed."""

    def __init__(self, launch: FakeLaunch, idle_seconds: float = 0) -> None:
        self.states: list[str] = []
        self.supervisor = Supervisor(
            "tiny", load_message, idle_seconds=idle_seconds, launch=launch, on_change=self._changed
        )

    def _changed(self) -> None:
        self.states.append(self.supervisor.state)


@in_virtual_time
async def test_loading_ready_and_unloaded_are_told() -> None:
    watched = Watched(answering("hello"))
    await watched.supervisor.start()
    await settled()
    assert watched.states == ["loading", "ready"]
    await watched.supervisor.stop()
    assert watched.states == ["loading", "ready", "idle"]


@in_virtual_time
async def test_a_model_unloaded_for_want_of_work_is_told() -> None:
    watched = Watched(answering("hello"), idle_seconds=10)
    await watched.supervisor.start()
    await asyncio.sleep(11)
    assert watched.states[-1] == "idle"
    await watched.supervisor.aclose()


@in_virtual_time
async def test_a_crash_is_told() -> None:
    launch = FakeLaunch()
    watched = Watched(launch)
    messages = ask(watched.supervisor)
    asking = asyncio.create_task(anext(messages))
    await settled()
    launch.last.die("it crashed")
    (outcome,) = await asyncio.gather(asking, return_exceptions=True)
    assert isinstance(outcome, ModelError)
    assert watched.states[-1] == "failed"
    await messages.aclose()
    await watched.supervisor.aclose()


@in_virtual_time
async def test_a_start_that_fails_is_told() -> None:
    launch = FakeLaunch(loads_at_once=False)
    watched = Watched(launch)
    starting = asyncio.create_task(watched.supervisor.start())
    await settled()
    launch.last.die("no memory")
    (outcome,) = await asyncio.gather(starting, return_exceptions=True)
    assert isinstance(outcome, ModelError)
    await settled()
    assert watched.states == ["loading", "failed"]
    await watched.supervisor.aclose()


async def test_who_watches_the_backend_is_told_when_an_engine_of_its_moves(tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_bytes(gguf_bytes())
    backend = LocalBackend(LocalConfiguration(models_folder=tmp_path, cache_folder=tmp_path), FakeLaunch())
    told = asyncio.Event()
    backend.watch(told.set)
    await backend.load("small")
    assert told.is_set()
    told.clear()
    await backend.unload("small")
    assert told.is_set()
    await backend.aclose()

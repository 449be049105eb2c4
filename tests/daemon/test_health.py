"""The word on the local model: asked for seldom, and never for long."""

import asyncio

from andiron_daemon.health import KEPT_SECONDS, LocalModel
from andiron_models.types import BackendStatus
from andiron_testing.scripted import ScriptedBackend
from andiron_testing.virtual_time import in_virtual_time


class CountingBackend(ScriptedBackend):
    """Counts how often it is asked how it is."""

    asked = 0

    async def status(self) -> BackendStatus:
        """Count, and say so."""
        self.asked += 1
        return await super().status()


class SlowBackend(ScriptedBackend):
    """Takes its time to say how it is."""

    takes_seconds = 60.0

    async def status(self) -> BackendStatus:
        """Wait, and say so."""
        await asyncio.sleep(self.takes_seconds)
        return await super().status()


class Clock:
    """Goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """Say what time it is."""
        return self.now


async def test_a_flood_of_questions_asks_the_backend_once() -> None:
    backend, clock = CountingBackend("local"), Clock()
    model = LocalModel(clock)
    assert {await model.word({"local": backend}) for _ in range(100)} == {"loaded"}
    assert backend.asked == 1


async def test_the_next_moment_tells_what_changed() -> None:
    backend, clock = ScriptedBackend("local"), Clock()
    model = LocalModel(clock)
    assert await model.word({"local": backend}) == "loaded"
    backend.state = "failed"
    clock.now += KEPT_SECONDS
    assert await model.word({"local": backend}) == "failed"


@in_virtual_time
async def test_one_that_is_slow_to_tell_has_not_failed() -> None:
    backend, clock = SlowBackend("local"), Clock()
    model = LocalModel(clock)
    assert await model.word({"local": backend}) == "loading"
    backend.takes_seconds = 0.0
    clock.now += KEPT_SECONDS
    assert await model.word({"local": backend}) == "loaded"
    backend.takes_seconds = 60.0
    clock.now += KEPT_SECONDS
    assert await model.word({"local": backend}) == "loaded"

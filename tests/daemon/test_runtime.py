"""When a pause of completions ends: by the clock on the wall, whatever the loop's own clock did meanwhile."""

import asyncio
import datetime

from andiron_daemon.paths import Paths
from andiron_daemon.runtime import PAUSE, Runtime, RuntimeChange
from andiron_daemon.settings import Settings
from andiron_models.router import Router
from andiron_testing.scripted import ScriptedBackend
from andiron_testing.virtual_time import in_virtual_time

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
HOUR_SECONDS = 3600.0


class _Notes:
    async def get(self, name: str) -> str | None:
        return None

    async def put(self, name: str, value: str) -> None:
        return None


class _Wall:
    """A clock on the wall that goes at a speed of its own against the loop's, and may jump."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._began = asyncio.get_running_loop().time()
        self.jumped_seconds = 0.0

    def now(self) -> datetime.datetime:
        passed = (asyncio.get_running_loop().time() - self._began) * self._speed + self.jumped_seconds
        return NOON + datetime.timedelta(seconds=passed)


async def _paused_for_an_hour(paths: Paths, wall: _Wall) -> tuple[Runtime, asyncio.Queue[bool]]:
    """Return a paused one, and where it puts whether it is still paused whenever it tells of a change."""
    router = Router({"local": ScriptedBackend()}, "local")
    runtime = Runtime(Settings(), paths, router, _Notes(), now=wall.now)
    told: asyncio.Queue[bool] = asyncio.Queue()
    await runtime.change(RuntimeChange(completions_paused_until=NOON + datetime.timedelta(seconds=HOUR_SECONDS)))
    runtime.on_change = lambda names: told.put_nowait(PAUSE in names and runtime.is_paused)
    return runtime, told


@in_virtual_time
async def test_the_end_of_a_pause_is_told_once_it_is_over_where_the_wall_clock_is_slow(paths: Paths) -> None:
    wall = _Wall(speed=0.99)
    _, told = await _paused_for_an_hour(paths, wall)
    assert await told.get() is False
    assert wall.now() >= NOON + datetime.timedelta(seconds=HOUR_SECONDS)


@in_virtual_time
async def test_the_end_of_a_pause_that_a_machine_slept_through_is_told_soon(paths: Paths) -> None:
    wall = _Wall()
    _, told = await _paused_for_an_hour(paths, wall)
    wall.jumped_seconds = 2 * HOUR_SECONDS
    began = asyncio.get_running_loop().time()
    assert await told.get() is False
    assert asyncio.get_running_loop().time() - began < HOUR_SECONDS / 10


@in_virtual_time
async def test_a_pause_that_was_ended_early_tells_nothing_later(paths: Paths) -> None:
    runtime, told = await _paused_for_an_hour(paths, _Wall())
    await runtime.change(RuntimeChange(completions_paused_until=None))
    assert told.get_nowait() is False
    await asyncio.sleep(2 * HOUR_SECONDS)
    assert told.empty()

"""The engine's speed, asked for now and then."""

import asyncio
from typing import Any

import pytest

from andiron_daemon.completion.speed import Speed
from andiron_models.router import Router
from andiron_models.types import BackendStatus
from andiron_testing.scripted import ScriptedBackend


class MeasuredBackend(ScriptedBackend):
    """Tells how fast its workers are, and counts how often it was asked."""

    def __init__(self, **speeds: float) -> None:
        super().__init__("local")
        self.speeds = speeds
        self.asked = 0

    async def status(self) -> BackendStatus:
        self.asked += 1
        workers: list[dict[str, Any]] = [
            {"model": model, "prompt_tokens_per_second": speed} for model, speed in self.speeds.items()
        ]
        return BackendStatus(name="local", state="ready", engine={"workers": workers})


async def told(speed: Speed) -> None:
    speed.refresh()
    for _ in range(10):
        await asyncio.sleep(0)


async def test_until_it_is_known_a_default_is_believed() -> None:
    speed = Speed(Router({"local": MeasuredBackend()}), 150.0)
    assert speed.tokens_per_second(None, None) == 150.0
    await told(speed)
    assert speed.tokens_per_second(None, None) == 150.0
    await speed.aclose()


async def test_the_completing_models_own_speed_counts() -> None:
    speed = Speed(Router({"local": MeasuredBackend(small=200.0, large=70.0)}), 150.0)
    await told(speed)
    assert speed.tokens_per_second(None, None) == 70.0
    speed.answered_by("small")
    assert speed.tokens_per_second(None, None) == 200.0
    assert speed.tokens_per_second("local", "large") == 70.0
    await speed.aclose()


async def test_it_is_not_asked_again_at_once() -> None:
    now = [0.0]
    backend = MeasuredBackend(small=200.0)
    speed = Speed(Router({"local": backend}), 150.0, lambda: now[0])
    for _ in range(3):
        await told(speed)
    assert backend.asked == 1
    now[0] = 60.0
    await told(speed)
    assert backend.asked == 2
    await speed.aclose()


@pytest.mark.parametrize(
    ("policy", "backend", "is_local"),
    [("local", None, True), ("auto", None, True), ("openai", None, False), ("local", "openai", False)],
)
async def test_only_this_machines_engine_has_a_speed(policy: str, backend: str | None, is_local: bool) -> None:
    router = Router({"local": MeasuredBackend(), "openai": ScriptedBackend("openai")}, policy)
    assert (Speed(router, 150.0).tokens_per_second(backend, None) is not None) is is_local

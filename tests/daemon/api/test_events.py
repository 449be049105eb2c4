"""What followers of the daemon are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from andiron_daemon.events import BudgetUsedUp
from andiron_daemon.keys import SERVICES
from andiron_daemon.limits.budget import BudgetSpentError
from andiron_models.errors import WorkerDiedError
from andiron_testing.daemons import DaemonClient, ServerEvent, StartDaemon, read_events
from andiron_testing.scripted import ScriptedBackend


@asynccontextmanager
async def following(daemon: DaemonClient) -> AsyncIterator[AsyncIterator[ServerEvent]]:
    async with daemon.get("/api/v1/events") as response:
        assert response.status == 200
        yield read_events(response)


async def until(events: AsyncIterator[ServerEvent], **facts: object) -> dict[str, Any]:
    """Read until a state comes that has these facts."""
    async for event in events:
        if event.name == "state" and all(event.data[name] == fact for name, fact in facts.items()):
            return dict(event.data)
    raise AssertionError(f"the stream ended before {facts}")


async def test_the_first_event_says_how_it_is(daemon: DaemonClient) -> None:
    async with following(daemon) as events:
        state = await until(events)
    assert (state["condition"], state["backend"], state["models"]) == ("ready", "local", ["scripted-1"])
    assert state["tokens_per_second"] is None


async def test_generating_is_told_and_so_is_its_end_with_who_answered(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    backend.hold()
    async with following(daemon) as events:
        await until(events, condition="ready")
        asking = asyncio.create_task(daemon.post("/api/v1/chat/message", json={"message": "one two three four five"}))
        await until(events, condition="generating")
        backend.release()
        state = await until(events, condition="ready", model="scripted-1")
        assert state["answered_by"] == "local"
        assert state["tokens_per_second"] > 0
        assert (await asking).status == 200


async def test_a_backend_that_cannot_answer_is_told_with_its_reason(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    async with following(daemon) as events:
        await until(events, condition="ready")
        backend.state = "failed"
        backend.enqueue(WorkerDiedError("it ended"))
        await daemon.post("/api/v1/chat/message", json={"message": "hello"})
        await until(events, condition="failed")


async def test_a_change_of_settings_is_told_to_every_follower(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(backends={"local": ScriptedBackend("local"), "openai": ScriptedBackend("openai")})
    async with following(daemon) as first, following(daemon) as second:
        await until(first, backend="local")
        await until(second, backend="local")
        await daemon.patch("/api/v1/settings", json={"backend": "openai"})
        await until(first, backend="openai")
        await until(second, backend="openai")


async def test_a_budget_that_is_used_up_is_told(daemon: DaemonClient) -> None:
    async with following(daemon) as events:
        await until(events)
        daemon.app[SERVICES].events.tell(BudgetUsedUp(message="the day's tokens are spent"))
        assert (await anext(events)).data == {"message": "the day's tokens are spent", "hint": None}


async def test_a_budget_refused_many_times_is_told_once(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    spent = BudgetSpentError("the day's budget is spent", hint="wait")
    backend.enqueue(spent, spent)
    async with following(daemon) as events:
        await until(events)
        for _ in range(2):
            assert (await daemon.post("/api/v1/chat/message", json={"message": "hello"})).status == 429
        await daemon.app.shutdown()
        told = [event.data async for event in events if event.name == "budget"]
    assert told == [{"message": "the day's budget is spent", "hint": "wait"}]


async def test_followers_do_not_hold_up_the_end(daemon: DaemonClient) -> None:
    async with following(daemon) as events:
        await until(events)
        await daemon.app.shutdown()
        assert [event.name async for event in events] == ["stopping"]


async def test_nobody_follows_without_the_token(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    assert (await daemon.get("/api/v1/events")).status == 401


@pytest.mark.parametrize("path", ["/api/v1/events", "/ws"])
async def test_nobody_waits_for_the_head_of_what_has_no_end(daemon: DaemonClient, path: str) -> None:
    response = await daemon.head(path)
    assert (response.status, response.headers["Allow"]) == (405, "GET")

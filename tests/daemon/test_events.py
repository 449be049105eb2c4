"""What followers are told, without HTTP."""

import asyncio
from pathlib import Path

from andiron_daemon.events import BudgetUsedUp, DaemonStops, Events, PullEnded, StateEvent
from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.child import DoneEvent, FailedEvent
from andiron_models.library.pulls import Pull

READY = StateEvent(condition="ready", version="0", backend="local", backends=("auto", "local"), models=())


async def ready() -> StateEvent:
    return READY


def pull() -> Pull:
    return Pull(CatalogueEntry(id="tiny", file="tiny.gguf"), lambda: 0.0)


async def test_a_pull_that_ended_is_told_once_however_many_follow_it() -> None:
    events, pulled = Events(ready), pull()
    follower = events.follow()
    await anext(follower)
    events.watch_pull(pulled)
    events.watch_pull(pulled)
    pulled.take(DoneEvent(path=str(Path("tiny.gguf"))))
    assert await anext(follower) == PullEnded(id="tiny", state="done")
    await events.aclose()
    assert [event async for event in follower] == [DaemonStops()]


async def test_a_pull_that_failed_says_why() -> None:
    events, pulled = Events(ready), pull()
    follower = events.follow()
    await anext(follower)
    events.watch_pull(pulled)
    pulled.take(FailedEvent("x", "no room on the disk"))
    assert await anext(follower) == PullEnded(id="tiny", state="failed", message="no room on the disk")
    await follower.aclose()
    await events.aclose()


async def test_a_follower_that_does_not_read_loses_the_oldest() -> None:
    events = Events(ready)
    follower = events.follow()
    await anext(follower)
    for number in range(200):
        events.tell(BudgetUsedUp(message=str(number)))
    await events.aclose()
    told = [event.message async for event in follower if isinstance(event, BudgetUsedUp)]
    assert told[-1] == "199"
    assert len(told) < 70


async def test_nothing_is_looked_at_while_nobody_follows() -> None:
    looked: list[None] = []

    async def look() -> StateEvent:
        looked.append(None)
        return READY

    events = Events(look)
    events.changed()
    await asyncio.sleep(0)
    await events.aclose()
    assert looked == []


async def test_a_closed_one_has_nothing_to_tell() -> None:
    events = Events(ready)
    await events.aclose()
    await events.aclose()
    assert [event async for event in events.follow()] == []


async def test_one_that_left_is_not_kept() -> None:
    events = Events(ready)
    follower = events.follow()
    await anext(follower)
    assert events.followers == 1
    await follower.aclose()
    assert events.followers == 0

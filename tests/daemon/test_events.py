"""What followers are told, without HTTP."""

import asyncio
from pathlib import Path

import msgspec

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


async def test_a_change_that_a_newcomer_sees_first_is_told_to_the_others_too() -> None:
    found = READY

    async def look() -> StateEvent:
        return found

    events = Events(look)
    follower, newcomer = events.follow(), events.follow()
    assert await anext(follower) == READY
    found = msgspec.structs.replace(READY, condition="loading")
    events.changed()
    assert await anext(newcomer) == found
    assert await asyncio.wait_for(anext(follower), 5) == found
    await follower.aclose()
    await newcomer.aclose()
    await events.aclose()


async def test_a_slow_look_does_not_tell_an_old_state_after_a_new_one() -> None:
    old_one_may_end = asyncio.Event()
    states = [READY, READY, msgspec.structs.replace(READY, condition="loading")]

    async def look() -> StateEvent:
        found = states.pop(0)
        if len(states) == 1:
            await old_one_may_end.wait()
        return found

    events = Events(look)
    follower, slow, quick = events.follow(), events.follow(), events.follow()
    assert await anext(follower) == READY
    firsts = [asyncio.ensure_future(anext(one)) for one in (slow, quick)]
    await asyncio.sleep(0)
    old_one_may_end.set()
    loading = msgspec.structs.replace(READY, condition="loading")
    assert [await first for first in firsts] == [READY, loading]
    assert await anext(slow) == await anext(follower) == loading
    for one in (follower, slow, quick):
        await one.aclose()
    await events.aclose()

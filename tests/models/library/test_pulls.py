import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.child import DoneEvent, Event, FailedEvent, NoticeEvent, ProgressEvent
from andiron_models.library.errors import PullCancelledError, PullError
from andiron_models.library.pulls import Pull, Pulls, PullStatus

ENTRY = CatalogueEntry(id="small", file="small.gguf", size_bytes=100)
OTHER = CatalogueEntry(id="other", file="other.gguf")


class ScriptedRuns:
    """Runs whose events the test hands out."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.events_of_the_other: asyncio.Queue[Event | None] = asyncio.Queue()
        self.begun: list[str] = []
        self.stopped: list[str] = []

    async def __call__(self, entry: CatalogueEntry, _: Path) -> AsyncGenerator[Event, None]:
        self.begun.append(entry.id)
        events = self.events if entry is ENTRY else self.events_of_the_other
        try:
            while (event := await events.get()) is not None:
                yield event
        finally:
            self.stopped.append(entry.id)


class Clock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def runs() -> ScriptedRuns:
    return ScriptedRuns()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pulls(runs: ScriptedRuns, clock: Clock, tmp_path: Path) -> AsyncIterator[Pulls]:
    service = Pulls(tmp_path, runs, clock)
    yield service
    await service.aclose()


async def last_of(pull: Pull) -> PullStatus:
    return [status async for status in pull.follow()][-1]


async def until(pull: Pull, size_bytes: int) -> PullStatus:
    async for status in pull.follow():
        if status.bytes >= size_bytes:
            return status
    raise AssertionError("the pull ended before that")


async def test_a_pull_tells_its_progress_and_its_end(pulls: Pulls, runs: ScriptedRuns, clock: Clock) -> None:
    pull = pulls.start(ENTRY)
    assert pull.status == PullStatus(id="small", state="running", total=100)
    runs.events.put_nowait(ProgressEvent(10, 100))
    assert (await until(pull, 10)).rate == 0.0
    clock.now = 2.0
    runs.events.put_nowait(ProgressEvent(50, 100))
    assert (await until(pull, 50)).rate == 20.0
    runs.events.put_nowait(NoticeEvent("Checking what came."))
    runs.events.put_nowait(DoneEvent("/models/small.gguf"))
    status = await last_of(pull)
    assert (status.state, status.path, status.bytes) == ("done", "/models/small.gguf", 100)
    assert status.notices == ("Checking what came.",)


async def test_the_rate_is_of_the_last_seconds(pulls: Pulls, runs: ScriptedRuns, clock: Clock) -> None:
    pull = pulls.start(ENTRY)
    for second in range(20):
        clock.now = float(second)
        size = second if second < 10 else 10 + (second - 10) * 5
        runs.events.put_nowait(ProgressEvent(size, 100))
        await until(pull, size)
    assert pull.status.rate == 5.0


async def test_two_who_ask_for_one_model_share_its_pull(pulls: Pulls, runs: ScriptedRuns) -> None:
    first, second = pulls.start(ENTRY), pulls.start(ENTRY)
    runs.events.put_nowait(DoneEvent("/models/small.gguf"))
    ends = await asyncio.gather(last_of(first), last_of(second))
    assert first is second
    assert [status.state for status in ends] == ["done", "done"]
    assert runs.begun == ["small"]


async def test_two_models_are_pulled_side_by_side(pulls: Pulls, runs: ScriptedRuns) -> None:
    first, second = pulls.start(ENTRY), pulls.start(OTHER)
    runs.events.put_nowait(DoneEvent("/models/one.gguf"))
    runs.events_of_the_other.put_nowait(DoneEvent("/models/two.gguf"))
    await asyncio.gather(last_of(first), last_of(second))
    assert sorted(runs.begun) == ["other", "small"]


async def test_a_follower_that_leaves_stops_nothing(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    leaving = asyncio.create_task(last_of(pull))
    runs.events.put_nowait(ProgressEvent(1, 100))
    await until(pull, 1)
    leaving.cancel()
    await asyncio.wait([leaving])
    runs.events.put_nowait(DoneEvent("/models/small.gguf"))
    assert (await last_of(pull)).state == "done"


async def test_a_follower_that_comes_late_sees_the_end(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    runs.events.put_nowait(DoneEvent("/models/small.gguf"))
    await last_of(pull)
    assert (await last_of(pull)).state == "done"
    assert pulls.status("small") is pull.status


async def test_a_slow_follower_gets_the_latest_only(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    following = pull.follow()
    assert (await anext(following)).bytes == 0
    for size in range(1, 51):
        runs.events.put_nowait(ProgressEvent(size, 100))
    await until(pull, 50)
    assert (await anext(following)).bytes == 50
    await following.aclose()


async def test_a_pull_can_be_cancelled_and_started_again(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    runs.events.put_nowait(ProgressEvent(10, 100))
    await until(pull, 10)
    assert await pulls.cancel("small")
    assert runs.stopped == ["small"]
    assert pull.status.state == "cancelled"
    assert isinstance(pull.status.error, PullCancelledError)
    again = pulls.start(ENTRY)
    assert again is not pull
    runs.events.put_nowait(DoneEvent("/models/small.gguf"))
    assert (await last_of(again)).state == "done"


async def test_a_pull_cancelled_before_it_could_begin_has_ended(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    assert await pulls.cancel("small")
    assert pull.status.state == "cancelled"
    assert runs.begun == []


async def test_cancelling_twice_is_cancelling_once(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    runs.events.put_nowait(ProgressEvent(1, 100))
    await until(pull, 1)
    assert sorted(await asyncio.gather(pulls.cancel("small"), pulls.cancel("small"))) == [False, True]
    assert runs.stopped == ["small"]


async def test_cancelling_what_does_not_run_is_said(pulls: Pulls) -> None:
    assert not await pulls.cancel("small")
    assert pulls.status("small") is None


async def test_a_failure_is_kept_with_its_reason(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    runs.events.put_nowait(FailedEvent("backend_unavailable", "no room", "Make room.", {"free_bytes": 1}))
    error = (await last_of(pull)).error
    assert isinstance(error, PullError)
    assert (error.message, error.hint, error.details) == ("no room", "Make room.", {"free_bytes": 1})


async def test_a_run_that_ends_without_a_word_has_failed(pulls: Pulls, runs: ScriptedRuns) -> None:
    pull = pulls.start(ENTRY)
    runs.events.put_nowait(None)
    status = await last_of(pull)
    assert status.state == "failed"


async def test_closing_stops_every_pull(pulls: Pulls, runs: ScriptedRuns) -> None:
    first, second = pulls.start(ENTRY), pulls.start(OTHER)
    runs.events.put_nowait(ProgressEvent(1, 100))
    runs.events_of_the_other.put_nowait(ProgressEvent(1, 100))
    await asyncio.gather(until(first, 1), until(second, 1))
    await pulls.aclose()
    await pulls.aclose()
    assert sorted(runs.stopped) == ["other", "small"]
    assert first.status.state == second.status.state == "cancelled"

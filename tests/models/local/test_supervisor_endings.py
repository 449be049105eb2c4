"""A worker that crashes, idles, is unloaded or stands still; in a time that passes at once."""

import asyncio
import logging

import pytest

from andiron_models.errors import (
    BackendUnavailableError,
    WorkerDiedError,
)
from andiron_models.local import wire
from andiron_models.local.supervisor import STALL_SECONDS
from andiron_testing.fake_worker import FakeLaunch, settled
from andiron_testing.supervised import answer, answering, ask, now, supervise
from andiron_testing.virtual_time import in_virtual_time, sleep_through

# -- crashing


@in_virtual_time
async def test_a_crash_while_loading_fails_who_waits_and_the_next_request_starts_anew() -> None:
    launch = answering("hello", loads_at_once=False)
    supervisor = supervise(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.die("it was ended by SIGSEGV")
    with pytest.raises(WorkerDiedError, match="SIGSEGV") as caught:
        await start
    assert caught.value.hint
    assert supervisor.state == "failed"
    launch.loads_at_once = True
    assert await answer(supervisor) == "hello"
    assert supervisor.state == "ready"


@in_virtual_time
async def test_what_to_do_about_an_end_is_passed_on() -> None:
    launch = answering("hello", loads_at_once=False)
    supervisor = supervise(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.die("it was ended by SIGILL", "Build it anew.")
    with pytest.raises(WorkerDiedError) as caught:
        await start
    assert caught.value.hint == "Build it anew."


@in_virtual_time
async def test_a_crash_in_the_same_moment_as_ready_is_a_crash() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = supervise(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.be_ready()
    launch.last.die()
    with pytest.raises(WorkerDiedError):
        await start
    assert supervisor.state == "failed"


@in_virtual_time
async def test_a_crash_while_idle_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    launch = answering("hello")
    supervisor = supervise(launch, idle_seconds=60)
    await answer(supervisor)
    launch.last.die()
    assert (supervisor.state, supervisor.restarts, supervisor.info) == ("failed", 1, None)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_a_crash_while_running_fails_each_request_with_the_reason_and_the_next_one_is_answered() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    running = [asyncio.create_task(answer(supervisor)) for _ in range(3)]
    await settled()
    launch.last.say(wire.Taken(id=1), wire.Piece(id=1, text="half an ans"))
    launch.last.die("it was ended by SIGKILL")
    for task in running:
        with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
            await task
        assert caught.value.details == {"reason": "it was ended by SIGKILL"}
    launch.answers = ("hello",)
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_each_who_is_told_of_a_failure_may_add_to_it_for_itself() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = supervise(launch)
    for are_loaded in (False, True):
        asking = [asyncio.create_task(answer(supervisor)) for _ in range(2)]
        await settled()
        if are_loaded:
            launch.last.be_ready()
            await settled()
        launch.last.die("it crashed")
        first, second = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(first, WorkerDiedError)
        assert isinstance(second, WorkerDiedError)
        assert (first.message, first.hint, first.details) == (second.message, second.hint, second.details)
        first.details["conversation_id"] = "mine"
        assert "conversation_id" not in second.details
    await supervisor.aclose()


@in_virtual_time
async def test_a_crash_while_a_request_is_being_cancelled_goes_unnoticed_by_it() -> None:
    launch = answering("hello")
    supervisor = supervise(launch)
    await supervisor.start()
    launch.answers = None
    request = ask(supervisor)
    taken = asyncio.create_task(anext(request))
    await settled()
    launch.last.say(wire.Taken(id=1))
    await taken
    launch.last.die()
    await request.aclose()
    launch.answers = ("hello",)
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_crash_after_crash_is_backed_off_from() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    waits = []
    for number in range(9):
        crashed_at = now()
        if number >= 2:
            with pytest.raises(BackendUnavailableError, match=f"failed {number} times in a row") as caught:
                await supervisor.start()
            assert caught.value.hint
            await asyncio.sleep(caught.value.details["retry_after_seconds"] + 0.1)
        await supervisor.start()
        waits.append(round(now() - crashed_at))
        launch.last.die()
    assert waits == [0, 0, 1, 2, 5, 15, 30, 30, 30]


@in_virtual_time
async def test_an_answer_ends_the_backing_off() -> None:
    launch = answering("hello")
    supervisor = supervise(launch)
    for _ in range(10):
        await answer(supervisor)
        launch.last.die()
    assert await answer(supervisor) == "hello"
    assert supervisor.restarts == 10


# -- ending


@in_virtual_time
async def test_a_worker_nobody_uses_is_ended_after_its_time() -> None:
    launch = answering("hello")
    supervisor = supervise(launch, idle_seconds=60)
    await answer(supervisor)
    await asyncio.sleep(59)
    assert supervisor.state == "ready"
    await answer(supervisor)
    await asyncio.sleep(59)
    assert supervisor.state == "ready"
    await asyncio.sleep(2)
    assert (supervisor.state, launch.alive) == ("idle", [])
    assert supervisor.restarts == 0
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_a_worker_that_was_only_loaded_is_ended_after_its_time_too() -> None:
    launch = FakeLaunch()
    await supervise(launch, idle_seconds=60).start()
    await asyncio.sleep(61)
    assert launch.alive == []


@in_virtual_time
async def test_a_worker_at_work_is_not_idle_however_long_it_takes() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch, idle_seconds=60)
    request = asyncio.create_task(answer(supervisor))
    for _ in range(10):
        await asyncio.sleep(100)
        launch.last.say(wire.Taken(id=1))
    launch.last.answer(1, "at last")
    assert await request == "at last"


@in_virtual_time
async def test_a_worker_is_kept_for_ever_where_that_is_asked() -> None:
    launch = answering("hello")
    supervisor = supervise(launch, idle_seconds=0)
    await answer(supervisor)
    await asyncio.sleep(1e6)
    assert supervisor.state == "ready"


@in_virtual_time
async def test_a_new_worker_waits_until_the_old_one_is_gone() -> None:
    launch = answering("hello")
    supervisor = supervise(launch, idle_seconds=60)
    await answer(supervisor)
    old = launch.last
    old.may_end.clear()
    await asyncio.sleep(61)
    assert old.was_asked_to_stop
    next_answer = asyncio.create_task(answer(supervisor))
    await settled()
    assert launch.workers == [old]
    old.may_end.set()
    assert await next_answer == "hello"
    assert supervisor.state == "ready"
    assert len(launch.alive) == 1


@in_virtual_time
async def test_unloading_fails_what_runs_and_the_next_request_loads_again() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    request = asyncio.create_task(answer(supervisor))
    await settled()
    await supervisor.stop()
    with pytest.raises(BackendUnavailableError, match="unloaded"):
        await request
    assert (supervisor.state, supervisor.last_error, supervisor.restarts) == ("idle", None, 0)
    launch.answers = ("hello",)
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_unloading_while_loading_gives_up_the_load() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = supervise(launch)
    request = asyncio.create_task(answer(supervisor))
    await settled()
    await supervisor.stop()
    with pytest.raises(BackendUnavailableError, match="unloaded while it was being loaded"):
        await request
    assert launch.alive == []
    assert supervisor.state == "idle"


@in_virtual_time
async def test_unloading_what_is_not_loaded_does_nothing() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    await supervisor.stop()
    await supervisor.aclose()
    await supervisor.aclose()
    assert (supervisor.state, launch.workers) == ("idle", [])


@in_virtual_time
async def test_a_request_that_comes_while_a_worker_is_ending_gets_a_new_one() -> None:
    launch = answering("hello")
    supervisor = supervise(launch)
    await answer(supervisor)
    launch.last.may_end.clear()
    stop = asyncio.create_task(supervisor.stop())
    await settled()
    request = asyncio.create_task(answer(supervisor))
    await settled()
    launch.workers[0].may_end.set()
    await stop
    assert await request == "hello"
    assert len(launch.workers) == 2
    assert supervisor.process_id == 101


# -- standing still


@in_virtual_time
async def test_a_worker_that_says_nothing_for_long_while_it_should_work_is_ended() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    requests = [asyncio.create_task(answer(supervisor)) for _ in range(2)]
    began = now()
    for request in requests:
        with pytest.raises(WorkerDiedError, match="said nothing for 120 s"):
            await request
    assert now() - began == pytest.approx(STALL_SECONDS, abs=1)
    await settled()
    assert launch.alive == []
    assert (supervisor.state, supervisor.restarts) == ("failed", 1)
    launch.answers = ("hello",)
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_a_request_may_wait_for_ever_as_long_as_the_worker_is_heard_of() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    working, waiting = asyncio.create_task(answer(supervisor)), asyncio.create_task(answer(supervisor))
    await settled()
    launch.last.say(wire.Taken(id=1), wire.Taken(id=2))
    for _ in range(20):
        await asyncio.sleep(STALL_SECONDS / 2)
        launch.last.say(wire.Piece(id=1, text="."))
    launch.last.answer(2, "at last")
    launch.last.answer(1)
    assert await waiting == "at last"
    assert await working == "." * 20


@in_virtual_time
async def test_a_daemon_that_was_stopped_itself_does_not_blame_the_worker() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    asking = asyncio.create_task(answer(supervisor))
    await settled()
    sleep_through(3600)
    await asyncio.sleep(1)
    launch.last.answer(1, "hello")
    assert await asking == "hello"
    assert not launch.last.was_asked_to_stop
    await supervisor.aclose()


@in_virtual_time
async def test_a_daemon_that_was_stopped_during_a_load_lets_it_go_on() -> None:
    launch = answering("hello", loads_at_once=False)
    supervisor = supervise(launch)
    asking = asyncio.create_task(answer(supervisor))
    await settled()
    sleep_through(3600)
    await asyncio.sleep(1)
    launch.last.be_ready()
    assert await asking == "hello"
    await supervisor.aclose()

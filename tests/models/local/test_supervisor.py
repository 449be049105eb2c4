"""A worker over time: started once, kept, ended, restarted; in a time that passes at once."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable

import pytest

from andiron_models.errors import (
    BackendUnavailableError,
    DeadlineError,
    InvalidRequestError,
    ModelDoesNotFitError,
    ModelFileError,
    WorkerDiedError,
)
from andiron_models.local import wire
from andiron_models.local.supervisor import STALL_SECONDS, Supervisor
from andiron_models.types import ChatRequest, Message
from andiron_testing.fake_worker import INFO, FakeLaunch, load_message, settled
from andiron_testing.virtual_time import in_virtual_time

QUESTION = ChatRequest(messages=(Message(role="user", content="hi"),))


def _supervisor(
    launch: FakeLaunch, *, idle_seconds: float = 0.0, load: Callable[[], wire.Load] = load_message
) -> Supervisor:
    return Supervisor("tiny", load, idle_seconds=idle_seconds, launch=launch)


def _ask(supervisor: Supervisor) -> AsyncGenerator[wire.FromWorker, None]:
    return supervisor.run(lambda request_id: wire.Chat(id=request_id, request=QUESTION))


async def _answer(supervisor: Supervisor) -> str:
    pieces = [message.text async for message in _ask(supervisor) if isinstance(message, wire.Piece)]
    return "".join(pieces)


def _answering(*texts: str, loads_at_once: bool = True) -> FakeLaunch:
    launch = FakeLaunch(loads_at_once=loads_at_once)
    launch.answers = texts
    return launch


def _now() -> float:
    return asyncio.get_running_loop().time()


# -- starting


@in_virtual_time
async def test_nothing_is_started_before_the_first_request() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch)
    assert supervisor.state == "idle"
    assert launch.workers == []
    assert await _answer(supervisor) == "hello"
    after: object = (supervisor.state, supervisor.info, supervisor.process_id)
    assert after == ("ready", INFO, 100)


@in_virtual_time
async def test_many_requests_wait_for_one_start() -> None:
    launch = _answering("hello", loads_at_once=False)
    supervisor = _supervisor(launch)
    waiting = [asyncio.create_task(_answer(supervisor)) for _ in range(5)]
    await settled()
    assert supervisor.state == "loading"
    assert supervisor.is_busy
    launch.last.be_ready()
    assert await asyncio.gather(*waiting) == ["hello"] * 5
    assert len(launch.workers) == 1


@in_virtual_time
async def test_progress_is_shown_while_loading() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = _supervisor(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.say(wire.Loading(fraction=0.4))
    assert supervisor.progress == 0.4
    launch.last.be_ready()
    await start


@in_virtual_time
async def test_one_who_gives_up_waiting_leaves_the_others_their_start() -> None:
    launch = _answering("hello", loads_at_once=False)
    supervisor = _supervisor(launch)
    impatient, patient = asyncio.create_task(_answer(supervisor)), asyncio.create_task(_answer(supervisor))
    await settled()
    impatient.cancel()
    await settled()
    launch.last.be_ready()
    assert await patient == "hello"
    with pytest.raises(asyncio.CancelledError):
        await impatient


@in_virtual_time
async def test_a_model_that_cannot_be_loaded_fails_everyone_who_waits_with_the_workers_words() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = _supervisor(launch)
    waiting = [asyncio.create_task(supervisor.start()) for _ in range(2)]
    await settled()
    launch.last.say(wire.LoadFailed(message="not a GGUF file", hint="pull it again"))
    for task in waiting:
        with pytest.raises(ModelFileError, match="not a GGUF file") as caught:
            await task
        assert caught.value.hint == "pull it again"
    assert supervisor.state == "failed"
    assert launch.alive == []


@in_virtual_time
async def test_loading_that_stands_still_is_given_up() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = _supervisor(launch)
    began = _now()
    with pytest.raises(DeadlineError, match="no progress"):
        await supervisor.start()
    assert _now() - began == pytest.approx(STALL_SECONDS, abs=1)
    assert launch.alive == []


@in_virtual_time
async def test_loading_may_take_long_as_long_as_it_moves() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = _supervisor(launch)
    start = asyncio.create_task(supervisor.start())
    for percent in range(10):
        await asyncio.sleep(STALL_SECONDS - 1)
        launch.last.say(wire.Loading(fraction=percent / 100))
    launch.last.be_ready()
    await start
    assert supervisor.state == "ready"


@in_virtual_time
async def test_a_system_that_starts_no_process_is_an_error_and_is_asked_again() -> None:
    launch = _answering("hello")
    launch.error = BackendUnavailableError("no process")
    supervisor = _supervisor(launch)
    with pytest.raises(BackendUnavailableError, match="no process"):
        await _answer(supervisor)
    launch.error = None
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_a_model_that_does_not_fit_is_refused_with_the_numbers_and_tried_as_soon_as_it_may_fit() -> None:
    fits = False

    def load() -> wire.Load:
        if fits:
            return load_message()
        raise ModelDoesNotFitError("needs 5 GiB, 1 GiB are free", details={"needed_bytes": 5})

    launch = _answering("hello")
    supervisor = _supervisor(launch, load=load)
    for _ in range(10):
        with pytest.raises(ModelDoesNotFitError, match="needs 5 GiB"):
            await _answer(supervisor)
    assert supervisor.state == "failed"
    assert launch.workers == []
    fits = True
    assert await _answer(supervisor) == "hello"


# -- running


@in_virtual_time
async def test_answers_go_to_who_asked() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    first, second = asyncio.create_task(_answer(supervisor)), asyncio.create_task(_answer(supervisor))
    await settled()
    one, two = (message.id for message in launch.last.heard(wire.Chat) if isinstance(message, wire.Chat))
    launch.last.answer(two, "second")
    launch.last.answer(one, "fi", "rst")
    assert (await first, await second) == ("first", "second")


@in_virtual_time
async def test_closing_a_request_cancels_it_in_the_worker() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    request = _ask(supervisor)
    taken = asyncio.create_task(anext(request))
    await settled()
    launch.last.say(wire.Taken(id=1), wire.Piece(id=1, text="a"))
    assert await taken == wire.Taken(id=1)
    await request.aclose()
    assert launch.last.sent[-1] == wire.Cancel(id=1)
    assert not supervisor.is_busy


@in_virtual_time
async def test_a_request_that_is_over_is_not_cancelled() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch)
    request = _ask(supervisor)
    while not isinstance(await anext(request), wire.Done):
        pass
    await request.aclose()
    assert launch.last.heard(wire.Cancel) == []


@in_virtual_time
async def test_what_a_worker_still_says_about_a_closed_request_is_dropped() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    request = asyncio.create_task(_answer(supervisor))
    await settled()
    request.cancel()
    await settled()
    launch.last.answer(1, "too late")
    assert supervisor.state == "ready"
    assert request.cancelled()


@in_virtual_time
async def test_a_failed_request_raises_what_the_worker_said_and_the_worker_stays() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    request = asyncio.create_task(_answer(supervisor))
    await settled()
    launch.last.say(wire.failed(1, InvalidRequestError("what?", hint="say it differently")))
    with pytest.raises(InvalidRequestError, match=r"what\?"):
        await request
    assert supervisor.state == "ready"
    assert launch.last.heard(wire.Cancel) == []


@in_virtual_time
async def test_figures_are_kept_and_forgotten_with_the_worker() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch)
    await supervisor.start()
    stats = wire.Stats(
        running=1,
        waiting=0,
        cells_used=5,
        cells=10,
        states_bytes=0,
        states=0,
        prompt_tokens_per_second=1.0,
        generate_tokens_per_second=1.0,
        rss_bytes=7,
    )
    launch.last.say(stats)
    assert supervisor.stats == stats
    await supervisor.stop()
    after: object = (supervisor.stats, supervisor.info)
    assert after == (None, None)


# -- crashing


@in_virtual_time
async def test_a_crash_while_loading_fails_who_waits_and_the_next_request_starts_anew() -> None:
    launch = _answering("hello", loads_at_once=False)
    supervisor = _supervisor(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.die("it was ended by SIGSEGV")
    with pytest.raises(WorkerDiedError, match="SIGSEGV") as caught:
        await start
    assert caught.value.hint
    assert supervisor.state == "failed"
    launch.loads_at_once = True
    assert await _answer(supervisor) == "hello"
    assert supervisor.state == "ready"


@in_virtual_time
async def test_a_crash_in_the_same_moment_as_ready_is_a_crash() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = _supervisor(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.be_ready()
    launch.last.die()
    with pytest.raises(WorkerDiedError):
        await start
    assert supervisor.state == "failed"


@in_virtual_time
async def test_a_crash_while_idle_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch, idle_seconds=60)
    await _answer(supervisor)
    launch.last.die()
    assert (supervisor.state, supervisor.restarts, supervisor.info) == ("failed", 1, None)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_a_crash_while_running_fails_each_request_with_the_reason_and_the_next_one_is_answered() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    running = [asyncio.create_task(_answer(supervisor)) for _ in range(3)]
    await settled()
    launch.last.say(wire.Taken(id=1), wire.Piece(id=1, text="half an ans"))
    launch.last.die("it was ended by SIGKILL")
    for task in running:
        with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
            await task
        assert caught.value.details == {"reason": "it was ended by SIGKILL"}
    launch.answers = ("hello",)
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_a_crash_while_a_request_is_being_cancelled_goes_unnoticed_by_it() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch)
    await supervisor.start()
    launch.answers = None
    request = _ask(supervisor)
    taken = asyncio.create_task(anext(request))
    await settled()
    launch.last.say(wire.Taken(id=1))
    await taken
    launch.last.die()
    await request.aclose()
    launch.answers = ("hello",)
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_crash_after_crash_is_backed_off_from() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    waits = []
    for number in range(9):
        crashed_at = _now()
        if number >= 2:
            with pytest.raises(BackendUnavailableError, match=f"failed {number} times in a row") as caught:
                await supervisor.start()
            assert caught.value.hint
            await asyncio.sleep(caught.value.details["retry_after_seconds"] + 0.1)
        await supervisor.start()
        waits.append(round(_now() - crashed_at))
        launch.last.die()
    assert waits == [0, 0, 1, 2, 5, 15, 30, 30, 30]


@in_virtual_time
async def test_an_answer_ends_the_backing_off() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch)
    for _ in range(10):
        await _answer(supervisor)
        launch.last.die()
    assert await _answer(supervisor) == "hello"
    assert supervisor.restarts == 10


# -- ending


@in_virtual_time
async def test_a_worker_nobody_uses_is_ended_after_its_time() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch, idle_seconds=60)
    await _answer(supervisor)
    await asyncio.sleep(59)
    assert supervisor.state == "ready"
    await _answer(supervisor)
    await asyncio.sleep(59)
    assert supervisor.state == "ready"
    await asyncio.sleep(2)
    assert (supervisor.state, launch.alive) == ("idle", [])
    assert supervisor.restarts == 0
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_a_worker_that_was_only_loaded_is_ended_after_its_time_too() -> None:
    launch = FakeLaunch()
    await _supervisor(launch, idle_seconds=60).start()
    await asyncio.sleep(61)
    assert launch.alive == []


@in_virtual_time
async def test_a_worker_at_work_is_not_idle_however_long_it_takes() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch, idle_seconds=60)
    request = asyncio.create_task(_answer(supervisor))
    for _ in range(10):
        await asyncio.sleep(100)
        launch.last.say(wire.Taken(id=1))
    launch.last.answer(1, "at last")
    assert await request == "at last"


@in_virtual_time
async def test_a_worker_is_kept_for_ever_where_that_is_asked() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch, idle_seconds=0)
    await _answer(supervisor)
    await asyncio.sleep(1e6)
    assert supervisor.state == "ready"


@in_virtual_time
async def test_a_new_worker_waits_until_the_old_one_is_gone() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch, idle_seconds=60)
    await _answer(supervisor)
    old = launch.last
    old.may_end.clear()
    await asyncio.sleep(61)
    assert old.was_asked_to_stop
    next_answer = asyncio.create_task(_answer(supervisor))
    await settled()
    assert launch.workers == [old]
    old.may_end.set()
    assert await next_answer == "hello"
    assert supervisor.state == "ready"
    assert len(launch.alive) == 1


@in_virtual_time
async def test_unloading_fails_what_runs_and_the_next_request_loads_again() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    request = asyncio.create_task(_answer(supervisor))
    await settled()
    await supervisor.stop()
    with pytest.raises(BackendUnavailableError, match="unloaded"):
        await request
    assert (supervisor.state, supervisor.last_error, supervisor.restarts) == ("idle", None, 0)
    launch.answers = ("hello",)
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_unloading_while_loading_gives_up_the_load() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = _supervisor(launch)
    request = asyncio.create_task(_answer(supervisor))
    await settled()
    await supervisor.stop()
    with pytest.raises(BackendUnavailableError, match="unloaded while it was being loaded"):
        await request
    assert launch.alive == []
    assert supervisor.state == "idle"


@in_virtual_time
async def test_unloading_what_is_not_loaded_does_nothing() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    await supervisor.stop()
    await supervisor.aclose()
    await supervisor.aclose()
    assert (supervisor.state, launch.workers) == ("idle", [])


@in_virtual_time
async def test_a_request_that_comes_while_a_worker_is_ending_gets_a_new_one() -> None:
    launch = _answering("hello")
    supervisor = _supervisor(launch)
    await _answer(supervisor)
    launch.last.may_end.clear()
    stop = asyncio.create_task(supervisor.stop())
    await settled()
    request = asyncio.create_task(_answer(supervisor))
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
    supervisor = _supervisor(launch)
    requests = [asyncio.create_task(_answer(supervisor)) for _ in range(2)]
    began = _now()
    for request in requests:
        with pytest.raises(WorkerDiedError, match="said nothing for 120 s"):
            await request
    assert _now() - began == pytest.approx(STALL_SECONDS, abs=1)
    await settled()
    assert launch.alive == []
    assert (supervisor.state, supervisor.restarts) == ("failed", 1)
    launch.answers = ("hello",)
    assert await _answer(supervisor) == "hello"


@in_virtual_time
async def test_a_request_may_wait_for_ever_as_long_as_the_worker_is_heard_of() -> None:
    launch = FakeLaunch()
    supervisor = _supervisor(launch)
    working, waiting = asyncio.create_task(_answer(supervisor)), asyncio.create_task(_answer(supervisor))
    await settled()
    launch.last.say(wire.Taken(id=1), wire.Taken(id=2))
    for _ in range(20):
        await asyncio.sleep(STALL_SECONDS / 2)
        launch.last.say(wire.Piece(id=1, text="."))
    launch.last.answer(2, "at last")
    launch.last.answer(1)
    assert await waiting == "at last"
    assert await working == "." * 20

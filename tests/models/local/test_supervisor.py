"""A worker started once for all who wait, and what it answers; in a time that passes at once."""

import asyncio

import pytest

from andiron_models.errors import (
    BackendUnavailableError,
    DeadlineError,
    InvalidRequestError,
    ModelDoesNotFitError,
    ModelFileError,
)
from andiron_models.local import wire
from andiron_models.local.supervisor import STALL_SECONDS
from andiron_testing.fake_worker import INFO, FakeLaunch, load_message, settled
from andiron_testing.supervised import answer, answering, ask, now, supervise
from andiron_testing.virtual_time import in_virtual_time

# -- starting


@in_virtual_time
async def test_nothing_is_started_before_the_first_request() -> None:
    launch = answering("hello")
    supervisor = supervise(launch)
    assert supervisor.state == "idle"
    assert launch.workers == []
    assert await answer(supervisor) == "hello"
    after: object = (supervisor.state, supervisor.info, supervisor.process_id)
    assert after == ("ready", INFO, 100)


@in_virtual_time
async def test_many_requests_wait_for_one_start() -> None:
    launch = answering("hello", loads_at_once=False)
    supervisor = supervise(launch)
    waiting = [asyncio.create_task(answer(supervisor)) for _ in range(5)]
    await settled()
    assert supervisor.state == "loading"
    assert supervisor.is_busy
    launch.last.be_ready()
    assert await asyncio.gather(*waiting) == ["hello"] * 5
    assert len(launch.workers) == 1


@in_virtual_time
async def test_progress_is_shown_while_loading() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = supervise(launch)
    start = asyncio.create_task(supervisor.start())
    await settled()
    launch.last.say(wire.Loading(fraction=0.4))
    assert supervisor.progress == 0.4
    launch.last.be_ready()
    await start


@in_virtual_time
async def test_one_who_gives_up_waiting_leaves_the_others_their_start() -> None:
    launch = answering("hello", loads_at_once=False)
    supervisor = supervise(launch)
    impatient, patient = asyncio.create_task(answer(supervisor)), asyncio.create_task(answer(supervisor))
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
    supervisor = supervise(launch)
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
    supervisor = supervise(launch)
    began = now()
    with pytest.raises(DeadlineError, match="no progress"):
        await supervisor.start()
    assert now() - began == pytest.approx(STALL_SECONDS, abs=1)
    assert launch.alive == []


@in_virtual_time
async def test_loading_may_take_long_as_long_as_it_moves() -> None:
    launch = FakeLaunch(loads_at_once=False)
    supervisor = supervise(launch)
    start = asyncio.create_task(supervisor.start())
    for percent in range(10):
        await asyncio.sleep(STALL_SECONDS - 1)
        launch.last.say(wire.Loading(fraction=percent / 100))
    launch.last.be_ready()
    await start
    assert supervisor.state == "ready"


@in_virtual_time
async def test_a_system_that_starts_no_process_is_an_error_and_is_asked_again() -> None:
    launch = answering("hello")
    launch.error = BackendUnavailableError("no process")
    supervisor = supervise(launch)
    with pytest.raises(BackendUnavailableError, match="no process"):
        await answer(supervisor)
    launch.error = None
    assert await answer(supervisor) == "hello"


@in_virtual_time
async def test_a_model_that_does_not_fit_is_refused_with_the_numbers_and_tried_as_soon_as_it_may_fit() -> None:
    fits = False

    def load() -> wire.Load:
        if fits:
            return load_message()
        raise ModelDoesNotFitError("needs 5 GiB, 1 GiB are free", details={"needed_bytes": 5})

    launch = answering("hello")
    supervisor = supervise(launch, load=load)
    for _ in range(10):
        with pytest.raises(ModelDoesNotFitError, match="needs 5 GiB"):
            await answer(supervisor)
    assert supervisor.state == "failed"
    assert launch.workers == []
    fits = True
    assert await answer(supervisor) == "hello"


# -- running


@in_virtual_time
async def test_answers_go_to_who_asked() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    first, second = asyncio.create_task(answer(supervisor)), asyncio.create_task(answer(supervisor))
    await settled()
    one, two = (message.id for message in launch.last.heard(wire.Chat) if isinstance(message, wire.Chat))
    launch.last.answer(two, "second")
    launch.last.answer(one, "fi", "rst")
    assert (await first, await second) == ("first", "second")


@in_virtual_time
async def test_closing_a_request_cancels_it_in_the_worker() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    request = ask(supervisor)
    taken = asyncio.create_task(anext(request))
    await settled()
    launch.last.say(wire.Taken(id=1), wire.Piece(id=1, text="a"))
    assert await taken == wire.Taken(id=1)
    await request.aclose()
    assert launch.last.sent[-1] == wire.Cancel(id=1)
    assert not supervisor.is_busy


@in_virtual_time
async def test_a_request_that_is_over_is_not_cancelled() -> None:
    launch = answering("hello")
    supervisor = supervise(launch)
    request = ask(supervisor)
    while not isinstance(await anext(request), wire.Done):
        pass
    await request.aclose()
    assert launch.last.heard(wire.Cancel) == []


@in_virtual_time
async def test_what_a_worker_still_says_about_a_closed_request_is_dropped() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    request = asyncio.create_task(answer(supervisor))
    await settled()
    request.cancel()
    await settled()
    launch.last.answer(1, "too late")
    assert supervisor.state == "ready"
    assert request.cancelled()


@in_virtual_time
async def test_a_failed_request_raises_what_the_worker_said_and_the_worker_stays() -> None:
    launch = FakeLaunch()
    supervisor = supervise(launch)
    request = asyncio.create_task(answer(supervisor))
    await settled()
    launch.last.say(wire.failed(1, InvalidRequestError("what?", hint="say it differently")))
    with pytest.raises(InvalidRequestError, match=r"what\?"):
        await request
    assert supervisor.state == "ready"
    assert launch.last.heard(wire.Cancel) == []


@in_virtual_time
async def test_figures_are_kept_and_forgotten_with_the_worker() -> None:
    launch = answering("hello")
    supervisor = supervise(launch)
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
    launch.last.say(stats)  # on its way while the worker ended
    after: object = (supervisor.stats, supervisor.info)
    assert after == (None, None)

"""Cancelled wherever it is; interrupted without a trace; failed alone."""

import pytest

from andiron_models.errors import ModelError
from andiron_models.types import Priority
from andiron_models.worker.job import Lane
from andiron_testing.engine_room import EngineRoom
from andiron_testing.fake_engine import FakeEngine, expected_answer


def test_a_waiting_request_can_be_cancelled() -> None:
    room = EngineRoom(chat_slots=1)
    running, waiting, last = (room.chat(f"number {number}", max_tokens=5) for number in range(3))
    room.step()
    room.scheduler.cancel(waiting)
    assert room.finish(waiting).reason == "cancelled"
    room.until_idle()
    assert room.order_of_ends() == [waiting, running, last]


def test_a_request_can_be_cancelled_before_its_first_step() -> None:
    room = EngineRoom()
    job = room.chat("never mind")
    room.scheduler.cancel(job)
    assert room.finish(job).reason == "cancelled"
    assert room.scheduler.is_idle
    assert not room.scheduler.step()
    assert room.engine.batches == []


def test_a_cancelled_prompt_frees_its_slot() -> None:
    room = EngineRoom(chat_slots=1)
    job = room.chat("x" * 200)
    room.step()
    next_one = room.chat("next", max_tokens=3)
    room.scheduler.cancel(job)
    usage = room.finish(job).usage
    assert 0 < usage.prompt_tokens_evaluated < 200
    assert usage.prompt_tokens == usage.prompt_tokens_evaluated
    room.step()
    assert len(room.text(next_one)) == 1


def test_a_cancelled_answer_ends_with_what_was_said() -> None:
    room = EngineRoom()
    job = room.chat("go on", max_tokens=100)
    room.until_text(job, 7)
    room.scheduler.cancel(job)
    assert room.finish(job).reason == "cancelled"
    assert room.text(job) == expected_answer(b"go on", 7)
    assert room.finish(job).usage.completion_tokens == 7


def test_what_a_cancelled_request_evaluated_is_reused() -> None:
    room = EngineRoom()
    job = room.chat("x" * 200)
    room.step(3)
    room.scheduler.cancel(job)
    evaluated = room.finish(job).usage.prompt_tokens_evaluated
    again = room.chat("x" * 200)
    room.until_idle()
    assert room.finish(again).usage.prompt_tokens_cached == evaluated
    assert room.text(again) == expected_answer(b"x" * 200, 8)


def test_cancelling_one_leaves_the_others() -> None:
    room = EngineRoom()
    jobs = [room.chat("first chat", max_tokens=12), room.chat("second chat", max_tokens=12)]
    completion = room.completion("completion", max_tokens=12)
    room.until_text(jobs[1], 3)
    room.scheduler.cancel(jobs[0])
    room.until_idle()
    assert room.text(jobs[1]) == expected_answer(b"second chat", 12)
    assert room.text(completion) == expected_answer(b"completion", 12)


def test_cancelling_what_is_over_or_was_never_there_does_nothing() -> None:
    room = EngineRoom()
    job = room.chat("short", max_tokens=2)
    room.until_idle()
    told = list(room.told.messages)
    room.scheduler.cancel(job)
    room.scheduler.cancel(12345)
    assert room.told.messages == told


def test_a_paused_request_can_be_cancelled() -> None:
    room = EngineRoom(completion_slots=1)
    background = room.submit("b" * 50, Lane.COMPLETION, Priority.BACKGROUND, max_tokens=20)
    room.until_text(background, 3)
    completion = room.completion("c" * 50)
    room.step()
    assert room.scheduler.waiting_count == 1
    room.scheduler.cancel(background)
    assert room.finish(background).reason == "cancelled"
    room.until_idle()
    assert room.finish(completion).reason == "length"


def test_an_interrupted_batch_changes_nothing_and_is_evaluated_again() -> None:
    room = EngineRoom()
    chat = room.chat("x" * 40, max_tokens=5)
    room.step()
    told, held, now = (
        list(room.told.messages),
        room.engine.tokens(room.sequence_of(chat)),
        room.scheduler.slots.cells_used,
    )
    room.engine.interrupt_next()
    room.step()
    assert room.told.messages == told
    assert room.engine.tokens(room.sequence_of(chat)) == held
    assert room.scheduler.slots.cells_used == now
    room.step()
    assert room.engine.batches[-1] == room.engine.interrupted[0]


@pytest.mark.parametrize("trims_partially", [True, False])
def test_interruptions_leave_no_trace_in_the_answers(trims_partially: bool) -> None:
    room = EngineRoom(FakeEngine(trims_partially=trims_partially))
    jobs = {
        room.chat("first chat " * 3, max_tokens=15): "first chat " * 3,
        room.completion("a completion", max_tokens=15): "a completion",
        room.chat("second chat", max_tokens=15): "second chat",
    }
    for number in range(400):
        if number % 3 == 0:
            room.engine.interrupt_next()
        room.step()
    assert room.engine.interrupted
    room.until_idle()
    for job, prompt in jobs.items():
        assert room.text(job) == expected_answer(prompt.encode(), 15)
        usage = room.finish(job).usage
        assert usage.prompt_tokens == len(prompt)


def test_what_an_interrupted_prompt_reports_is_never_more_than_the_prompt() -> None:
    room = EngineRoom(FakeEngine(trims_partially=False))
    job = room.chat("x" * 60)
    for _ in range(6):
        room.step()
        room.engine.interrupt_next()
        room.step()
    assert room.text(job) == ""
    room.scheduler.cancel(job)
    assert room.finish(job).usage.prompt_tokens <= 60


def test_an_engine_error_fails_the_requests_of_that_batch_and_no_others() -> None:
    room = EngineRoom(chat_slots=2)
    harmed = [room.chat("first", max_tokens=20), room.chat("second", max_tokens=20)]
    waiting = room.chat("third", max_tokens=5)
    room.until_text(harmed[1], 2)
    room.engine.fail_next(ModelError("the engine tripped", hint="try again"))
    room.step()
    for job in harmed:
        assert room.error(job).message == "the engine tripped"
        assert room.error(job).hint == "try again"
    room.until_idle()
    assert room.text(waiting) == expected_answer(b"third", 5)


def test_a_slot_whose_evaluation_failed_is_not_believed_any_more() -> None:
    room = EngineRoom()
    job = room.chat("x" * 60)
    room.step(2)
    room.engine.fail_next(ModelError("tripped"))
    room.step()
    assert room.error(job).code == "internal"
    again = room.chat("x" * 60)
    room.until_idle()
    assert room.finish(again).usage.prompt_tokens_cached == 0
    assert room.text(again) == expected_answer(b"x" * 60, 8)


# -- what may break in on a batch, asked while it is being evaluated


def _answers_during(room: EngineRoom, cancelled: int | None = None) -> tuple[bool, bool]:
    """Step once, and ask meanwhile: may a completion break in, may a cancellation of this request."""
    answers: list[tuple[bool, bool]] = []

    def ask() -> None:
        asked = room.scheduler.should_interrupt
        answers.append((asked(completion_came=True), cancelled is not None and asked(cancelled=cancelled)))

    room.engine.on_decode = ask
    room.step()
    (answer,) = answers
    return answer


def test_a_chat_prompt_yields_to_a_completion_and_to_its_own_end() -> None:
    room = EngineRoom()
    job = room.chat("x" * 200)
    assert _answers_during(room, job) == (True, True)


def test_a_completion_prompt_yields_only_to_its_own_end() -> None:
    room = EngineRoom()
    job = room.completion("x" * 200)
    assert _answers_during(room, job) == (False, True)


def test_generating_is_short_and_yields_to_no_completion() -> None:
    room = EngineRoom()
    job = room.chat("x", max_tokens=20)
    room.step()
    assert _answers_during(room, job) == (False, True)


def test_a_warm_up_beside_a_chat_yields_to_a_completion() -> None:
    room = EngineRoom()
    chat = room.chat("x", max_tokens=None)
    warming = room.warming("w" * 200)
    room.until_text(chat, 1)
    for _ in range(300):
        answer = _answers_during(room, chat)
        if len(room.last_batch()) == 2:
            break
    else:
        raise AssertionError("the warm-up had no turn")
    assert room.sequence_of(warming) in room.last_batch()
    assert answer == (True, False)


def test_a_batch_of_several_requests_goes_on_when_one_is_cancelled() -> None:
    room = EngineRoom()
    first, second = room.chat("a", max_tokens=20), room.chat("b", max_tokens=20)
    room.until_text(second)
    assert _answers_during(room, first) == (False, False)


def test_nothing_is_interrupted_while_nothing_is_evaluated() -> None:
    room = EngineRoom()
    job = room.chat("x" * 200)
    assert not room.scheduler.should_interrupt(completion_came=True, cancelled=job)
    room.step()
    assert not room.scheduler.should_interrupt(completion_came=True, cancelled=job)


def test_what_comes_in_while_a_batch_is_planned_is_looked_at_before_it_is_evaluated() -> None:
    room = EngineRoom()
    room.chat("x" * 200)
    assert room.scheduler.step(has_news=lambda: True)
    assert room.engine.batches == []
    assert room.scheduler.step(has_news=lambda: False)
    assert len(room.engine.batches) == 1

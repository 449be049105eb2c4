"""Who gets a slot, and when: classes, arrival, the queue's bound, warming."""

import pytest

from andiron_models.errors import ContextTooLongError, InvalidRequestError, QueueFullError
from andiron_models.types import Priority
from andiron_models.worker.job import Lane
from andiron_testing.engine_room import EngineRoom
from andiron_testing.fake_engine import FakeEngine, expected_answer, scripted


def test_an_answer_is_what_the_engine_says_to_the_prompt() -> None:
    room = EngineRoom()
    job = room.chat("tell me", max_tokens=30)
    room.until_idle()
    assert room.text(job) == expected_answer(b"tell me", 30)
    assert room.finish(job).reason == "length"


def test_an_end_token_ends_an_answer_with_stop() -> None:
    room = EngineRoom(FakeEngine(rule=scripted("fine", 3)))
    job = room.chat("how", max_tokens=None)
    room.until_idle()
    assert (room.text(job), room.finish(job).reason) == ("fine", "stop")


def test_an_answer_may_be_empty() -> None:
    room = EngineRoom(FakeEngine(rule=scripted("", 3)))
    job = room.chat("how", max_tokens=None)
    room.until_idle()
    assert (room.text(job), room.finish(job).reason) == ("", "stop")
    assert room.finish(job).usage.completion_tokens == 0


def test_a_token_the_job_names_as_an_end_is_one() -> None:
    room = EngineRoom(FakeEngine(rule=scripted("one\ntwo", 3)))
    job = room.submit("how", Lane.COMPLETION, Priority.COMPLETION, end_tokens=frozenset({ord("\n")}))
    room.until_idle()
    assert (room.text(job), room.finish(job).reason) == ("one", "stop")


def test_one_token_is_one_token() -> None:
    room = EngineRoom()
    job = room.completion("abc", max_tokens=1)
    room.until_idle()
    assert room.text(job) == expected_answer(b"abc", 1)
    assert room.finish(job).usage.completion_tokens == 1
    assert len(room.engine.batches) == 1


def test_a_stop_string_at_the_very_first_token_leaves_nothing() -> None:
    room = EngineRoom(FakeEngine(rule=scripted("stop", 3)))
    job = room.submit("how", Lane.CHAT, Priority.CHAT, stops=("s",))
    room.until_idle()
    assert (room.text(job), room.finish(job).reason) == ("", "stop")


def test_text_held_back_for_a_stop_string_comes_when_the_answer_ends_otherwise() -> None:
    room = EngineRoom(FakeEngine(rule=scripted("end of", 3)))
    job = room.submit("how", Lane.CHAT, Priority.CHAT, stops=("of it",))
    room.until_idle()
    assert room.text(job) == "end of"


def test_a_stop_string_over_several_tokens_is_never_shown() -> None:
    room = EngineRoom(FakeEngine(rule=scripted("say <end> no more", 3)))
    job = room.submit("how", Lane.CHAT, Priority.CHAT, max_tokens=None, stops=("<end>",))
    room.until_idle()
    assert (room.text(job), room.finish(job).reason) == ("say ", "stop")


def test_requests_of_a_class_are_answered_in_the_order_they_came() -> None:
    room = EngineRoom(chat_slots=1)
    jobs = [room.chat(f"question {number}", max_tokens=3) for number in range(6)]
    room.until_idle()
    assert room.order_of_ends() == jobs


def test_prompts_of_a_class_are_evaluated_in_the_order_they_came() -> None:
    room = EngineRoom()
    first, second = room.chat("a" * 40, max_tokens=1), room.chat("b" * 40, max_tokens=1)
    room.until_idle()
    assert room.order_of_ends() == [first, second]


def test_a_busy_slot_is_not_taken_away() -> None:
    room = EngineRoom(chat_slots=1)
    first = room.chat("the first", max_tokens=20)
    room.until_text(first, 5)
    second = room.chat("the second", max_tokens=5)
    room.step(3)
    assert room.scheduler.waiting_count == 1
    room.until_idle()
    assert room.order_of_ends() == [first, second]
    assert room.text(first) == expected_answer(b"the first", 20)
    assert room.text(second) == expected_answer(b"the second", 5)


def test_more_requests_than_slots_are_all_answered() -> None:
    room = EngineRoom()
    prompts = [f"{'word ' * number}and {number}" for number in range(1, 13)]
    jobs = [room.chat(prompt) if number % 2 else room.completion(prompt) for number, prompt in enumerate(prompts)]
    room.until_idle()
    assert [room.text(job) for job in jobs] == [expected_answer(prompt.encode(), 8) for prompt in prompts]


def test_a_full_queue_refuses_the_next_request_and_harms_no_other() -> None:
    room = EngineRoom(chat_slots=1, queue_limit=2)
    running = room.chat("running", max_tokens=4)
    room.step()
    waiting = [room.chat(f"waiting {number}", max_tokens=4) for number in range(2)]
    refused = room.chat("one too many")
    assert isinstance(room.error(refused), QueueFullError)
    assert room.error(refused).hint
    assert not room.told.was_taken(refused)
    room.until_idle()
    assert [room.finish(job).reason for job in (running, *waiting)] == ["length"] * 3


def test_requests_for_whom_a_slot_is_free_do_not_fill_the_queue() -> None:
    room = EngineRoom(queue_limit=1)
    jobs = [room.chat("a"), room.chat("b"), room.completion("c"), room.completion("d"), room.chat("e")]
    assert not any(room.is_over(job) for job in jobs)
    assert isinstance(room.error(room.chat("f")), QueueFullError)


def test_a_prompt_longer_than_the_context_is_refused_with_the_numbers() -> None:
    room = EngineRoom(FakeEngine(cells=64))
    refused = room.chat("x" * 64)
    error = room.error(refused)
    assert isinstance(error, ContextTooLongError)
    assert error.details == {"prompt_tokens": 64, "context_length": 64}
    assert error.hint
    assert room.scheduler.is_idle


def test_the_longest_prompt_that_fits_gets_an_answer() -> None:
    room = EngineRoom(FakeEngine(cells=64))
    job = room.chat("x" * 63, max_tokens=None)
    room.until_idle()
    assert room.text(job) == expected_answer(b"x" * 63, 2)
    assert room.finish(job).reason == "length"


def test_an_answer_that_fills_the_context_ends_with_length() -> None:
    room = EngineRoom(FakeEngine(cells=64))
    job = room.chat("x" * 10, max_tokens=None)
    room.until_idle()
    assert room.text(job) == expected_answer(b"x" * 10, 55)
    assert room.finish(job).reason == "length"


def test_a_whole_context_can_be_warmed_up() -> None:
    room = EngineRoom(FakeEngine(cells=64))
    job = room.warming("x" * 64)
    room.until_idle()
    assert room.finish(job).usage.prompt_tokens_evaluated == 64


@pytest.mark.parametrize("max_tokens", [0, 5])
def test_an_empty_prompt_is_refused(max_tokens: int) -> None:
    room = EngineRoom()
    earlier = room.chat("something is in the slot")
    room.until_over(earlier)
    refused = room.submit([], Lane.CHAT, Priority.CHAT, max_tokens=max_tokens)
    assert isinstance(room.error(refused), InvalidRequestError)
    assert room.scheduler.is_idle


def test_a_completion_enters_the_next_batch() -> None:
    room = EngineRoom()
    chat = room.chat("a long answer please", max_tokens=50)
    room.until_text(chat, 3)
    completion = room.completion("def f(")
    room.step()
    assert room.last_batch()[room.sequence_of(completion)] == len("def f(")
    assert len(room.text(completion)) == 1


def test_a_completion_goes_before_chats_that_came_earlier() -> None:
    room = EngineRoom()
    chats = [room.chat("c" * 200, max_tokens=2) for _ in range(2)]
    completion = room.completion("p" * 40, max_tokens=2)
    room.until_idle()
    assert room.order_of_ends() == [completion, *chats]


def test_a_completion_takes_the_slot_of_background_work_which_goes_on_later() -> None:
    room = EngineRoom(completion_slots=1)
    warming = room.warming("w" * 100)
    room.step()
    completion = room.completion("def f(")
    room.until_over(completion)
    assert not room.is_over(warming)
    room.until_idle()
    usage = room.finish(warming).usage
    assert usage.prompt_tokens == 100
    assert room.engine.entries_evaluated == 100 + len("def f(") + 7


def test_a_background_answer_that_was_pushed_out_goes_on_where_it_was() -> None:
    room = EngineRoom(completion_slots=1)
    background = room.submit("b" * 50, Lane.COMPLETION, Priority.BACKGROUND, max_tokens=20)
    room.until_text(background, 6)
    completion = room.completion("c" * 50)
    room.until_idle()
    assert room.order_of_ends() == [completion, background]
    assert room.text(background) == expected_answer(b"b" * 50, 20)
    assert room.finish(background).usage.completion_tokens == 20


def test_background_work_takes_no_slot_from_anyone() -> None:
    room = EngineRoom(completion_slots=1)
    completion = room.completion("c" * 50, max_tokens=10)
    warming = room.warming("w" * 50)
    room.until_idle()
    assert room.order_of_ends() == [completion, warming]


def test_a_warm_up_says_nothing_and_leaves_its_prompt_ready() -> None:
    room = EngineRoom()
    warming = room.warming("def f(x):", place="a.py")
    room.until_idle()
    assert room.text(warming) == ""
    assert room.finish(warming).usage.completion_tokens == 0
    completion = room.completion("def f(x):\n    ret", place="a.py")
    room.until_idle()
    assert room.finish(completion).usage.prompt_tokens_cached == len("def f(x):")


def test_a_prompt_that_is_warm_already_costs_nothing() -> None:
    room = EngineRoom()
    room.until_over(room.warming("def f(x):"))
    evaluated = room.engine.entries_evaluated
    again = room.warming("def f(x):")
    room.until_idle()
    usage = room.finish(again).usage
    assert (usage.prompt_tokens, usage.prompt_tokens_cached, usage.prompt_tokens_evaluated) == (9, 9, 0)
    assert room.engine.entries_evaluated == evaluated


def test_a_real_request_supersedes_the_warm_up_of_its_place_and_uses_what_it_evaluated() -> None:
    room = EngineRoom()
    warming = room.warming("w" * 200, place="a.py")
    room.step()
    completion = room.completion("w" * 202, place="a.py")
    room.until_idle()
    assert room.finish(warming).reason == "cancelled"
    assert room.order_of_ends() == [warming, completion]
    usage = room.finish(completion).usage
    assert usage.prompt_tokens_cached == room.finish(warming).usage.prompt_tokens_evaluated > 0
    assert room.text(completion) == expected_answer(b"w" * 202, 8)


def test_a_warm_up_that_still_waits_is_superseded_too() -> None:
    room = EngineRoom(completion_slots=1)
    running = room.completion("somewhere else", max_tokens=20)
    room.step()
    warming = room.warming("w" * 50, place="a.py")
    completion = room.completion("w" * 52, place="a.py")
    room.step()
    assert room.finish(warming).reason == "cancelled"
    room.until_idle()
    assert room.order_of_ends() == [warming, running, completion]


def test_a_request_for_another_place_supersedes_nothing() -> None:
    room = EngineRoom()
    warming = room.warming("w" * 200, place="a.py")
    room.step()
    room.completion("x" * 20, place="b.py")
    room.until_idle()
    assert room.finish(warming).reason == "length"


def test_times_add_up() -> None:
    room = EngineRoom(chat_slots=1)
    first = room.chat("first", max_tokens=4)
    second = room.chat("second", max_tokens=4)
    room.until_idle()
    assert room.finish(first).timings.queue_ms == 0
    timings = room.finish(second).timings
    assert timings.queue_ms > 0
    assert timings.total_ms == pytest.approx(timings.queue_ms + timings.prompt_ms + timings.generate_ms)

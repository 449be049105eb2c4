"""What is evaluated once: prefixes shared, states put back, room made by pausing."""

import pytest

from andiron_models.types import Priority
from andiron_models.worker.job import Lane
from andiron_testing.engine_room import EngineRoom
from andiron_testing.fake_engine import FakeEngine, expected_answer

SHARED = "the same beginning of two different requests, which is long; "


def test_the_next_turn_of_a_conversation_evaluates_only_what_is_new() -> None:
    room = EngineRoom()
    first = room.chat("hello", max_tokens=10)
    room.until_idle()
    prompt = "hello" + room.text(first) + " and then?"
    second = room.chat(prompt)
    room.until_idle()
    usage = room.finish(second).usage
    assert usage.prompt_tokens_cached == len("hello") + 9  # the last token said was never evaluated
    assert usage.prompt_tokens == len(prompt)
    assert room.text(second) == expected_answer(prompt.encode(), 8)


def test_the_same_prompt_again_evaluates_one_token() -> None:
    room = EngineRoom()
    first = room.chat("what is it?")
    room.until_idle()
    second = room.chat("what is it?")
    room.until_idle()
    usage = room.finish(second).usage
    assert (usage.prompt_tokens, usage.prompt_tokens_cached, usage.prompt_tokens_evaluated) == (11, 10, 1)
    assert room.text(first) == room.text(second)


@pytest.mark.parametrize("trims_partially", [True, False])
def test_two_requests_at_once_share_what_they_begin_with(trims_partially: bool) -> None:
    room = EngineRoom(FakeEngine(trims_partially=trims_partially))
    first = room.chat(SHARED + "one", max_tokens=30)
    room.until_text(first, 3)
    second = room.chat(SHARED + "two", max_tokens=30)
    room.until_idle()
    assert room.text(first) == expected_answer((SHARED + "one").encode(), 30)
    assert room.text(second) == expected_answer((SHARED + "two").encode(), 30)
    assert room.finish(second).usage.prompt_tokens_cached == (len(SHARED) if trims_partially else 0)


def test_a_chat_can_share_with_a_completion() -> None:
    room = EngineRoom()
    room.until_over(room.completion(SHARED))
    chat = room.chat(SHARED + "explain this")
    room.until_idle()
    assert room.finish(chat).usage.prompt_tokens_cached == len(SHARED)
    assert room.engine.copied == 1


def test_chats_and_completions_do_not_evict_each_other() -> None:
    room = EngineRoom(completion_slots=1, chat_slots=1, states_bytes=0)
    chat, completion = "a conversation " * 5, "some source code " * 5
    room.until_over(room.chat(chat, max_tokens=1), room.completion(completion, max_tokens=1))
    for number in range(3):
        chat += f"turn {number}"
        completion += f"line {number}"
        jobs = room.chat(chat, max_tokens=1), room.completion(completion, max_tokens=1)
        room.until_over(*jobs)
        assert [room.finish(job).usage.prompt_tokens_evaluated for job in jobs] == [6, 6]


def test_the_slot_with_the_longest_common_beginning_is_chosen() -> None:
    room = EngineRoom(chat_slots=2, states_bytes=0)
    for conversation in ("apples " * 10, "bananas " * 10):
        room.until_over(room.chat(conversation))
    for conversation in ("apples " * 10 + "more", "bananas " * 10 + "more"):
        job = room.chat(conversation)
        room.until_over(job)
        assert room.finish(job).usage.prompt_tokens_cached >= len(conversation) - 4


def test_a_place_that_was_left_is_put_back_instead_of_evaluated() -> None:
    room = EngineRoom(completion_slots=1)
    first, second = "def first(): " * 10, "class Second: " * 10
    room.until_over(room.completion(first))
    room.until_over(room.completion(second))
    back = room.completion(first + "re")
    room.until_idle()
    usage = room.finish(back).usage
    assert usage.prompt_tokens_cached == len(first)
    assert room.engine.restored == 1
    assert room.text(back) == expected_answer((first + "re").encode(), 8)


def test_kept_places_are_bounded_in_bytes_and_the_oldest_go_first() -> None:
    room = EngineRoom(FakeEngine(cells=4000), completion_slots=1, states_bytes=6000)
    places = [f"place {number} " * 20 for number in range(8)]
    for place in places:
        room.until_over(room.completion(place, max_tokens=1))
        assert room.scheduler.slots.states.size_bytes <= 6000
    old, recent = room.completion(places[0], max_tokens=1), room.completion(places[6], max_tokens=1)
    room.until_idle()
    assert room.finish(recent).usage.prompt_tokens_evaluated == 1
    assert room.finish(old).usage.prompt_tokens_cached < 10


def test_without_memory_for_places_each_is_evaluated_anew() -> None:
    room = EngineRoom(completion_slots=1, states_bytes=0)
    for place in ("first " * 20, "second " * 20, "first " * 20):
        job = room.completion(place)
        room.until_over(job)
        assert room.finish(job).usage.prompt_tokens_cached == 0
    assert len(room.scheduler.slots.states) == 0


def test_everything_held_is_saved_at_the_end() -> None:
    room = EngineRoom()
    room.until_over(room.chat("a conversation " * 5), room.completion("some source code " * 5))
    room.scheduler.slots.save_all()
    assert len(room.scheduler.slots.states) == 2


@pytest.mark.parametrize("states_bytes", [0, 1_000_000])
def test_when_room_runs_out_the_least_urgent_waits_and_says_the_same(states_bytes: int) -> None:
    room = EngineRoom(FakeEngine(cells=300), states_bytes=states_bytes)
    jobs = {room.chat(prompt, max_tokens=80): prompt for prompt in ("f" * 100, "s" * 100)}
    completion = room.completion("c" * 100, max_tokens=30)
    room.until_idle()
    first, second = jobs
    assert room.order_of_ends() == [completion, first, second]
    for job, prompt in jobs.items():
        assert room.text(job) == expected_answer(prompt.encode(), 80)
        assert room.finish(job).reason == "length"


def test_requests_that_do_not_fit_beside_each_other_come_one_after_the_other() -> None:
    room = EngineRoom(FakeEngine(cells=300))
    first, second = room.chat("f" * 200, max_tokens=50), room.chat("s" * 200, max_tokens=50)
    room.until_idle()
    assert room.order_of_ends() == [first, second]
    # nothing is evaluated twice, and the second did not slow the first by trying
    assert room.engine.entries_evaluated == 2 * (200 + 49)


def test_a_small_request_does_not_overtake_one_that_waits_for_room() -> None:
    room = EngineRoom(FakeEngine(cells=300), chat_slots=3)
    first = room.chat("f" * 200, max_tokens=20)
    room.step()
    large, small = room.chat("l" * 200, max_tokens=2), room.chat("s", max_tokens=2)
    room.until_idle()
    assert room.order_of_ends() == [first, large, small] or room.order_of_ends() == [first, small, large]
    assert room.finish(small).timings.queue_ms >= room.finish(large).timings.queue_ms


def test_a_completion_is_not_kept_waiting_by_a_chat_that_holds_the_room() -> None:
    room = EngineRoom(FakeEngine(cells=300))
    chat = room.chat("x" * 250, max_tokens=40)
    room.until_text(chat, 3)
    completion = room.completion("c" * 100, max_tokens=4)
    room.step()
    assert room.last_batch().keys() == {room.sequence_of(completion)}
    room.until_idle()
    assert room.order_of_ends() == [completion, chat]
    assert room.text(chat) == expected_answer(b"x" * 250, 40)
    assert room.text(completion) == expected_answer(b"c" * 100, 4)


def test_idle_slots_make_room_before_anyone_is_paused() -> None:
    room = EngineRoom(FakeEngine(cells=300))
    room.until_over(room.completion("c" * 120), room.completion("d" * 120))
    chat = room.chat("x" * 200, max_tokens=50)
    room.until_idle()
    assert room.finish(chat).usage.completion_tokens == 50
    assert room.text(chat) == expected_answer(b"x" * 200, 50)


def test_an_engine_that_cannot_forget_a_part_answers_the_same() -> None:
    room = EngineRoom(FakeEngine(trims_partially=False), completion_slots=1)
    for prompt in (SHARED + "one", SHARED + "two", SHARED + "one", SHARED):
        job = room.completion(prompt)
        room.until_over(job)
        assert room.text(job) == expected_answer(prompt.encode(), 8)


def test_a_state_that_cannot_be_put_back_is_evaluated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    room = EngineRoom(completion_slots=1)
    first, second = "def first(): " * 10, "class Second: " * 10
    room.until_over(room.completion(first))
    room.until_over(room.completion(second))
    monkeypatch.setattr(room.engine, "restore", lambda sequence, data: False)
    back = room.completion(first + "re")
    room.until_idle()
    assert room.text(back) == expected_answer((first + "re").encode(), 8)
    assert room.finish(back).usage.prompt_tokens_evaluated == len(first + "re")


def test_usage_adds_up_whatever_was_cached() -> None:
    room = EngineRoom(completion_slots=1, chat_slots=1)
    for prompt in (SHARED, SHARED, SHARED + "more", SHARED[:20], "else " * 30, SHARED):
        for submit in (room.chat, room.completion, room.warming):
            job = submit(prompt)
            room.until_over(job)
            usage = room.finish(job).usage
            assert usage.prompt_tokens == len(prompt)
            assert usage.prompt_tokens_cached + usage.prompt_tokens_evaluated == len(prompt)


def test_bytes_already_typed_are_agreed_with_but_not_said_again() -> None:
    room = EngineRoom(FakeEngine(more_pieces=[b"return", b"ret"]))
    job = room.submit("def f(): ", Lane.COMPLETION, Priority.COMPLETION, max_tokens=3, pending=b"re")
    room.until_idle()
    pieces = room.engine.vocabulary.pieces
    evaluated = b"".join(pieces[token] for token in room.engine.tokens(0))
    assert evaluated.startswith(b"def f(): re")
    assert ("def f(): re" + room.text(job)).startswith(evaluated.decode())
    assert room.finish(job).usage.completion_tokens == 3


def test_bytes_the_vocabulary_lacks_are_let_go() -> None:
    room = EngineRoom(FakeEngine(lacks=b"\x80"))
    job = room.submit("say ", Lane.COMPLETION, Priority.COMPLETION, max_tokens=4, pending="x\u2000y".encode())
    other = room.chat("unharmed")
    room.until_idle()
    assert room.finish(job).usage.completion_tokens == 4
    assert room.text(other) == expected_answer(b"unharmed", 8)

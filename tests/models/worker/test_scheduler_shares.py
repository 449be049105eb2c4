"""How the time is divided: slices, shares, nobody starves."""

from collections.abc import Callable

import pytest

from andiron_models.types import Priority
from andiron_models.worker.job import Lane
from andiron_models.worker.scheduler import LONG_SLICE_MS, MIDDLE_SLICE_MS, SHORT_SLICE_MS
from andiron_testing.engine_room import EngineRoom
from andiron_testing.fake_engine import FakeEngine, expected_answer


def _slice_ms(room: EngineRoom) -> float:
    return room.engine.milliseconds(len(room.engine.batches[-1]))


def test_a_prompt_alone_goes_in_long_slices() -> None:
    room = EngineRoom()
    room.chat("x" * 500)
    room.step()
    assert SHORT_SLICE_MS < _slice_ms(room) <= LONG_SLICE_MS


def test_a_completion_alone_goes_in_long_slices() -> None:
    room = EngineRoom()
    room.completion("x" * 500)
    room.step()
    assert SHORT_SLICE_MS < _slice_ms(room) <= LONG_SLICE_MS


def test_who_only_waits_makes_no_slices_short() -> None:
    room = EngineRoom(chat_slots=1)
    room.chat("x" * 500)
    room.chat("y")
    room.step()
    assert SHORT_SLICE_MS < _slice_ms(room) <= LONG_SLICE_MS


def test_a_completion_goes_in_long_slices_though_windows_are_prepared_behind_it() -> None:
    room = EngineRoom()
    room.warming("w" * 500)
    room.warming("v" * 500)
    room.step()
    room.completion("x" * 500)
    room.step()
    assert SHORT_SLICE_MS < _slice_ms(room) <= LONG_SLICE_MS


def test_slices_are_short_while_anyone_elses_answer_is_written() -> None:
    room = EngineRoom()
    room.chat("x", max_tokens=50)
    room.step()
    room.chat("y" * 500)
    room.step()
    assert room.engine.milliseconds(len(room.engine.batches[-1]) - 1) <= SHORT_SLICE_MS


def test_slices_of_a_chat_are_shorter_for_a_while_after_a_completion() -> None:
    room = EngineRoom()
    room.until_over(room.completion("c", max_tokens=1))
    room.chat("x" * 900)
    room.step()
    assert SHORT_SLICE_MS < _slice_ms(room) <= MIDDLE_SLICE_MS
    room.engine.clock.advance(6.0)
    room.step()
    assert MIDDLE_SLICE_MS < _slice_ms(room) <= LONG_SLICE_MS


def test_a_slice_is_never_shorter_than_eight_tokens_however_slow_the_machine() -> None:
    room = EngineRoom(FakeEngine(milliseconds=lambda tokens: 500.0 + 100 * tokens))
    room.chat("x" * 100)
    room.step()
    assert len(room.engine.batches[-1]) == 8


def test_on_a_machine_too_fast_to_measure_no_batch_is_over_the_limit() -> None:
    room = EngineRoom(FakeEngine(cells=5000, batch_limit=64, milliseconds=lambda tokens: 0.01 * tokens))
    chats = [room.chat(f"{number}", max_tokens=60) for number in range(2)]
    background = room.submit("b", Lane.COMPLETION, Priority.BACKGROUND, max_tokens=100)
    room.until_text(background, 3)
    room.until_over(room.completion("c" * 1000), room.completion("d" * 1000))
    room.until_idle()
    assert [room.finish(job).reason for job in (*chats, background)] == ["length"] * 3


def _under_a_stream(
    room: EngineRoom, completion: Callable[[int], str], seconds: float, max_tokens: int = 6
) -> list[int]:
    """Keep two completions going for so long, a new one whenever one ends; returns the last two."""
    until = room.engine.clock() + seconds
    running = [room.completion(completion(number), max_tokens=max_tokens) for number in range(2)]
    number = 2
    while room.engine.clock() < until:
        room.step()
        for position, job in enumerate(running):
            if room.is_over(job):
                running[position] = room.completion(completion(number), max_tokens=max_tokens)
                number += 1
    return running


def _typed(number: int) -> str:
    return f"completion {number} " * 8


def test_an_answer_is_slowed_by_an_endless_stream_of_completions_but_goes_on() -> None:
    room = EngineRoom()
    chat = room.chat("a question", max_tokens=None)
    room.until_text(chat, 2)
    said, began = len(room.text(chat)), room.engine.clock()
    _under_a_stream(room, _typed, 30)
    rate = (len(room.text(chat)) - said) / (room.engine.clock() - began)
    alone = 1000 / room.engine.milliseconds(1)
    assert 0.1 * alone < rate < 0.6 * alone
    assert room.text(chat) == expected_answer(b"a question", len(room.text(chat)))


@pytest.mark.parametrize("max_tokens", [1, 6, 40])
def test_a_chat_prompt_gets_about_its_share_under_an_endless_stream_of_completions(max_tokens: int) -> None:
    room = EngineRoom(FakeEngine(cells=20_000))
    chat = room.chat("q" * 9000, max_tokens=None)
    began = room.engine.clock()
    _under_a_stream(room, _typed, 60, max_tokens)
    evaluated = len(room.engine.tokens(room.sequence_of(chat)))
    share = evaluated * 7.7 / 1000 / (room.engine.clock() - began)
    assert 0.1 < share < 0.45  # more than a quarter where its tokens cost little beside generation


def test_a_second_chat_gets_its_prompt_evaluated_while_the_first_goes_on_answering() -> None:
    room = EngineRoom(FakeEngine(cells=20_000))
    first = room.chat("first", max_tokens=None)
    room.until_text(first)
    second = room.chat("q" * 300, max_tokens=None)
    _under_a_stream(room, _typed, 60)
    assert room.text(second)
    assert len(room.text(first)) > 20


def test_background_work_goes_on_beside_an_endless_chat() -> None:
    room = EngineRoom(FakeEngine(cells=20_000))
    chat = room.chat("go on for ever", max_tokens=None)
    room.until_text(chat)
    warming = room.warming("w" * 200)
    began = room.engine.clock()
    room.until_over(warming)
    seconds = room.engine.clock() - began
    assert 0.02 < 200 * 7.7 / 1000 / seconds < 0.12


def test_background_work_goes_on_beside_chat_and_completions_without_end() -> None:
    room = EngineRoom(FakeEngine(cells=60_000), completion_slots=3)
    chat = room.chat("go on for ever", max_tokens=None)
    room.until_text(chat)
    warming = room.warming("w" * 3000)
    began = room.engine.clock()
    _under_a_stream(room, _typed, 60)
    share = len(room.engine.tokens(room.sequence_of(warming))) * 7.7 / 1000 / (room.engine.clock() - began)
    assert 0.01 < share < 0.12


def test_a_single_completion_is_hardly_slowed_by_a_chat_prompt() -> None:
    def seconds(*, beside_a_chat: bool) -> float:
        room = EngineRoom()
        if beside_a_chat:
            room.chat("x" * 800)
            room.step()
        began = room.engine.clock()
        room.until_over(room.completion("c" * 120, max_tokens=8))
        return room.engine.clock() - began

    assert seconds(beside_a_chat=True) <= 1.5 * seconds(beside_a_chat=False)


def test_a_single_completion_is_hardly_slowed_by_a_chat_answer() -> None:
    def seconds(*, beside_a_chat: bool) -> float:
        room = EngineRoom()
        if beside_a_chat:
            room.until_text(room.chat("x", max_tokens=None), 5)
        began = room.engine.clock()
        room.until_over(room.completion("c" * 120, max_tokens=8))
        return room.engine.clock() - began

    assert seconds(beside_a_chat=True) <= 1.3 * seconds(beside_a_chat=False)


def test_time_owed_from_one_stream_is_forgotten_when_it_is_over() -> None:
    room = EngineRoom(FakeEngine(cells=20_000))
    chat = room.chat("q", max_tokens=None)
    room.until_text(chat)
    room.until_over(*_under_a_stream(room, _typed, 20))
    room.step()
    completion = room.completion("c" * 40, max_tokens=1)
    room.step()
    assert room.last_batch().keys() == {room.sequence_of(completion)}


def test_a_pace_not_known_yet_is_learned_on_the_way() -> None:
    room = EngineRoom(FakeEngine(milliseconds=lambda tokens: 3 + tokens / 2), knows_pace=False)
    room.chat("x" * 900, max_tokens=1)
    room.until_idle()
    sizes = [len(batch) for batch in room.engine.batches]
    assert sizes[0] < 50
    assert max(sizes) > 100

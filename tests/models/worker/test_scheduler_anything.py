"""Whatever is asked, cancelled, interrupted or broken, in whatever order: every answer is right and ends once."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as some

from andiron_models.errors import ModelError
from andiron_models.local import wire
from andiron_models.types import Priority
from andiron_models.worker.job import Lane
from andiron_testing.engine_room import EngineRoom
from andiron_testing.fake_engine import FakeEngine, expected_answer, sentences

CELLS = 150
BEGINNINGS = ("", "import os\n", "the same beginning of many a prompt, ", "x" * 60)

prompts = some.builds(
    lambda beginning, rest: beginning + rest, some.sampled_from(BEGINNINGS), some.text("ab", min_size=1, max_size=50)
)
requests = some.tuples(
    some.just("request"),
    prompts,
    some.sampled_from(Lane),
    some.sampled_from(Priority),
    some.sampled_from([0, 1, 2, 9, 60, None]),
    some.sampled_from([None, "here", "there"]),
)
happenings = some.one_of(
    requests,
    requests,
    some.tuples(some.just("steps"), some.integers(1, 12)),
    some.tuples(some.just("cancel"), some.integers(0, 20)),
    some.tuples(some.just("interrupt"), some.integers(1, 3)),
    some.tuples(some.just("break")),
    some.tuples(some.just("news")),
)


def _happen(room: EngineRoom, asked: dict[int, tuple[str, int]], happening: Sequence[object]) -> None:
    match happening:
        case ("request", str(prompt), Lane() as lane, Priority() as priority, int() | None as limit, place):
            assert place is None or isinstance(place, str)
            job = room.submit(prompt, lane, priority, max_tokens=limit, place=place)
            room_left = CELLS - len(prompt) + 1
            asked[job] = prompt, room_left if limit is None else min(limit, room_left)
        case ("steps", int(times)):
            room.step(times)
        case ("cancel", int(which)):
            room.scheduler.cancel(which)
        case ("interrupt", int(times)):
            room.engine.interrupt_next(times)
        case ("break",):
            room.engine.fail_next(ModelError("the engine tripped"))
        case ("news",):
            room.scheduler.step(has_news=lambda: True)


def _check_memory(room: EngineRoom) -> None:
    for slot in room.scheduler.slots.slots:
        assert slot.tokens == room.engine.tokens(slot.index)
    assert room.engine.cells_used <= room.scheduler.slots.cells_used
    states = room.scheduler.slots.states
    assert sum(state.size_bytes for state in states.states()) == states.size_bytes <= states.limit_bytes


def _check_answer(room: EngineRoom, job: int, prompt: str, limit: int) -> None:
    expected = expected_answer(prompt.encode(), limit, sentences)
    end = next(m for m in room.told.messages if isinstance(m, wire.Done | wire.Failed) and m.id == job)
    if isinstance(end, wire.Failed):
        assert end.message == "the engine tripped" or end.code == "queue_full"
        assert expected.startswith(room.text(job))
        return
    usage = end.finish.usage
    assert usage.prompt_tokens == usage.prompt_tokens_cached + usage.prompt_tokens_evaluated
    if end.finish.reason == "cancelled":
        assert expected.startswith(room.text(job))
        assert usage.prompt_tokens <= len(prompt)
    else:
        assert room.text(job) == expected
        assert usage.prompt_tokens == len(prompt)
        assert usage.completion_tokens == len(expected)


@settings(max_examples=120, deadline=None)
@given(
    happened=some.lists(happenings, min_size=5, max_size=40),
    trims_partially=some.booleans(),
    states_bytes=some.sampled_from([0, 1500, 100_000]),
    slots=some.sampled_from([(1, 1), (2, 2)]),
)
def test_every_answer_is_right_and_ends_once_whatever_happens(
    happened: list[Sequence[object]], trims_partially: bool, states_bytes: int, slots: tuple[int, int]
) -> None:
    engine = FakeEngine(cells=CELLS, rule=sentences, trims_partially=trims_partially)
    room = EngineRoom(engine, completion_slots=slots[0], chat_slots=slots[1], states_bytes=states_bytes, queue_limit=6)
    asked: dict[int, tuple[str, int]] = {}
    for happening in happened:
        _happen(room, asked, happening)
        _check_memory(room)
    room.until_idle()
    _check_memory(room)
    assert set(room.order_of_ends()) == set(asked)
    for job, (prompt, limit) in asked.items():
        _check_answer(room, job, prompt, limit)

"""What is kept of a place goes when the place does: a deleted conversation leaves nothing in the engine."""

from pathlib import Path

from andiron_models.worker.state_file import StateFile
from andiron_models.worker.states import StateStore
from andiron_testing.engine_room import EngineRoom

FIRST, SECOND = "def first(): " * 10, "class Second: " * 10


def test_a_place_that_was_left_is_not_put_back_after_it_was_forgotten() -> None:
    room = EngineRoom(completion_slots=1)
    room.until_over(room.completion(FIRST, place="first"))
    room.until_over(room.completion(SECOND, place="second"))
    room.scheduler.slots.forget("first")
    back = room.completion(FIRST + "re", place="first")
    room.until_idle()
    assert room.finish(back).usage.prompt_tokens_cached == 0


def test_what_an_idle_slot_holds_of_a_place_is_dropped_and_not_saved() -> None:
    room = EngineRoom(completion_slots=1)
    room.until_over(room.completion(FIRST, place="first"))
    room.scheduler.slots.forget("first")
    assert room.scheduler.slots.cells_used == 0
    assert len(room.scheduler.slots.states) == 0


def test_other_places_keep_what_they_have() -> None:
    room = EngineRoom()
    room.until_over(room.completion(FIRST, place="first"))
    room.until_over(room.completion(SECOND, place="second"))
    room.scheduler.slots.forget("first")
    again = room.completion(SECOND + "re", place="second")
    room.until_idle()
    assert room.finish(again).usage.prompt_tokens_cached >= len(SECOND)


def test_a_job_of_a_forgotten_place_ends_as_it_would_and_leaves_nothing() -> None:
    room = EngineRoom(completion_slots=1)
    running = room.completion(FIRST, place="first")
    room.scheduler.step()
    room.scheduler.slots.forget("first")
    room.until_over(running)
    assert room.finish(running).reason == "length"
    assert room.scheduler.slots.cells_used == 0


def test_a_slot_that_was_forgotten_keeps_what_comes_next() -> None:
    room = EngineRoom(completion_slots=1)
    room.until_over(room.completion(FIRST, place="first"))
    room.scheduler.slots.forget("first")
    room.until_over(room.completion(SECOND, place="second"))
    assert room.scheduler.slots.cells_used >= len(SECOND)


def test_places_are_remembered_on_disk_so_that_they_can_be_forgotten(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"model")
    file = StateFile(tmp_path, model)
    kept = StateStore(1000)
    kept.put([1, 2, 3], b"data", "first")
    file.write(kept)
    read = StateStore(1000)
    file.read(read)
    read.forget("first")
    assert len(read) == 0
    assert read.size_bytes == 0


def test_forgetting_what_was_never_known_changes_nothing() -> None:
    store = StateStore(1000)
    store.put([1, 2, 3], b"data", "first")
    store.put([4, 5], b"data")
    store.forget("second")
    assert len(store) == 2

"""States over a restart: believed only when whole and of this model, private, never in the way."""

import os
from pathlib import Path

import msgspec
import pytest

from andiron_models.worker.state_file import StateFile
from andiron_models.worker.states import StateStore


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "states"


def _store(*runs: list[int]) -> StateStore:
    store = StateStore(10_000)
    for run in runs:
        store.put(run, b"data of %d" % run[0])
    return store


def _read(file: StateFile) -> list[tuple[list[int], bytes]]:
    store = StateStore(10_000)
    file.read(store)
    return [(state.tokens.tolist(), state.data) for state in store.states()]


def test_what_was_written_is_read_again_in_its_order(folder: Path, model: Path) -> None:
    StateFile(folder, model).write(_store([1, 2], [3]))
    assert _read(StateFile(folder, model)) == [([1, 2], b"data of 1"), ([3], b"data of 3")]


def test_no_file_is_no_states(folder: Path, model: Path) -> None:
    assert _read(StateFile(folder, model)) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_its_owner_may_read_it(folder: Path, model: Path) -> None:
    file = StateFile(folder, model)
    file.write(_store([1]))
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("position", [0, 31, 32, 40, -1])
def test_a_broken_file_is_as_good_as_none(folder: Path, model: Path, position: int) -> None:
    file = StateFile(folder, model)
    file.write(_store([1, 2], [3]))
    content = bytearray(file.path.read_bytes())
    content[position] ^= 0x40
    file.path.write_bytes(content)
    assert _read(file) == []


@pytest.mark.parametrize("length", [0, 1, 32, 33, 50])
def test_a_shortened_file_is_as_good_as_none(folder: Path, model: Path, length: int) -> None:
    file = StateFile(folder, model)
    file.write(_store([1, 2], [3]))
    file.path.write_bytes(file.path.read_bytes()[:length])
    assert _read(file) == []


@pytest.mark.parametrize("entries", [[[[2**40], b""]], [[[-1], b""]], [["x", b""]], {"a": 1}, 7])
def test_a_file_of_other_things_is_as_good_as_none(folder: Path, model: Path, entries: object) -> None:
    file = StateFile(folder, model)
    body = msgspec.msgpack.encode(entries)
    folder.mkdir(parents=True)
    file.path.write_bytes(file._digest(body) + body)  # noqa: SLF001 - nobody outside can make a false file that matches
    assert _read(file) == []


def test_states_of_a_model_that_was_replaced_are_forgotten(folder: Path, model: Path) -> None:
    StateFile(folder, model).write(_store([1]))
    model.write_bytes(b"GGUF, another")
    file = StateFile(folder, model)
    assert _read(file) == []
    file.write(_store([2]))
    assert len(list(folder.iterdir())) == 1


def test_two_models_have_two_files(folder: Path, model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    StateFile(folder, model).write(_store([1]))
    assert _read(StateFile(folder, other)) == []


def test_a_folder_that_cannot_be_written_is_not_in_the_way(model: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    StateFile(tmp_path / "taken", model).write(_store([1]))


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(folder: Path, model: Path) -> None:
    file = StateFile(folder, model)
    file.path.mkdir(parents=True)  # a folder in the way of the file
    file.write(_store([1]))
    assert list(folder.iterdir()) == [file.path]

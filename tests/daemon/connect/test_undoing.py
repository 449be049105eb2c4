"""What was put into a client's file is taken out again, to the byte, whatever else changed there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andiron_daemon.connect.clients import CLIENTS, Target
from andiron_daemon.connect.errors import ConnectError
from andiron_daemon.connect.undoing import changes_between, connections, remember, undo
from andiron_daemon.connect.writing import write
from andiron_daemon.paths import Paths
from andiron_testing.client_files import CASES

TARGET = Target(url="http://127.0.0.1:8000", token="t0ken")
LINES = st.lists(st.sampled_from(["a\n", "b\n", "}\n", "\n"]), max_size=8).map("".join)


def connect(paths: Paths, name: str, file: Path, target: Target = TARGET) -> None:
    remember(paths, name, write(CLIENTS[name], target, file))


@pytest.mark.parametrize(("name", "text"), CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_as_it_was(paths: Paths, tmp_path: Path, name: str, text: str, end: str) -> None:
    file = tmp_path / "config"
    before = text.replace("\n", end).encode()
    file.write_bytes(before)
    connect(paths, name, file)
    connect(paths, name, file, Target(url="http://127.0.0.1:9000", token="an0ther"))
    assert file.read_bytes() != before
    undo(paths, file)
    assert file.read_bytes() == before
    assert connections(paths) == ()


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_a_file_that_was_not_there_is_gone_again(paths: Paths, tmp_path: Path, name: str) -> None:
    file = tmp_path / "config"
    connect(paths, name, file)
    undo(paths, file)
    assert not file.exists()


def test_what_a_person_changed_since_stays(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / ".vimrc"
    file.write_text("set number\n")
    connect(paths, "llama.vim", file)
    file.write_text(f"set list\n{file.read_text()}set wrap\n")
    undo(paths, file)
    assert file.read_text() == "set list\nset number\nset wrap\n"


def test_what_a_person_added_to_a_new_file_stays(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "env"
    connect(paths, "openai", file)
    file.write_text(f"MINE=1\n{file.read_text()}")
    undo(paths, file)
    assert file.read_text() == "MINE=1\n"


def test_lines_that_were_changed_themselves_are_left_and_named(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("MINE=1\n")
    connect(paths, "openai", file)
    changed = file.read_text().replace("t0ken", "mine")
    file.write_text(changed)
    with pytest.raises(ConnectError, match="env: what was put in was changed since") as caught:
        undo(paths, file)
    assert caught.value.hint
    assert file.read_text() == changed
    assert len(connections(paths)) == 1


def test_one_client_is_undone_and_another_in_the_same_file_stays(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{\n}\n")
    connect(paths, "zed", file)
    alone = file.read_text()
    connect(paths, "llama.vscode", file)
    undo(paths, file, "llama.vscode")
    assert file.read_text() == alone
    assert [one.client for one in connections(paths)] == ["zed"]


def test_a_file_that_is_gone_is_forgotten(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "env"
    connect(paths, "openai", file)
    file.unlink()
    undo(paths, file)
    assert not file.exists()
    assert connections(paths) == ()


@settings(deadline=None)
@given(LINES, LINES.filter(bool))
def test_every_change_is_found_again_and_taken_back(before: str, after: str) -> None:
    text = after
    for change in reversed(changes_between(before, after)):
        assert text.count(change.ours) == 1
        text = text.replace(change.ours, change.before)
    assert text == before

"""The texts that tell a model what to do, and a person's own in place of them."""

from pathlib import Path

import pytest

from andiron_daemon.chat.instructions import read_instructions
from andiron_daemon.errors import ConfigurationError


def test_the_usual_texts_say_what_is_promised() -> None:
    instructions = read_instructions()
    system = instructions.system_text(language="python", workspace="shop")
    assert system.startswith("You are Andiron")
    assert "Language: python" in system
    assert "Workspace: shop" in system
    assert "Markdown" in system
    assert "cannot run code" in system
    assert "$" not in instructions.system_text()
    assert instructions.title
    assert instructions.summary


def test_a_persons_own_text_takes_the_place_of_one_and_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "chat.md").write_text("Speak like a pirate. It costs $5.\n$editor\n", encoding="utf-8")
    instructions = read_instructions(tmp_path)
    assert instructions.system_text(language="go") == "Speak like a pirate. It costs $5.\nLanguage: go"
    assert instructions.title == read_instructions().title


def test_an_empty_text_is_none(tmp_path: Path) -> None:
    (tmp_path / "chat.md").touch()
    assert read_instructions(tmp_path).system_text() == ""


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 70_000])
def test_a_text_that_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "title.md").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"title\.md") as caught:
        read_instructions(tmp_path)
    assert caught.value.hint


def test_a_folder_in_place_of_a_text_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "chat.md").mkdir()
    with pytest.raises(ConfigurationError, match=r"chat\.md"):
        read_instructions(tmp_path)

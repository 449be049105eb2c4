"""Markdown rendered block by block at a terminal, and files shown along with a question."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from andiron_daemon.cli.files import read_context_file
from andiron_daemon.cli.markdown import MarkdownPrinter, split_blocks
from andiron_daemon.errors import InvalidRequestError, PayloadTooLargeError


def rendered(*pieces: str) -> str:
    """Render pieces as they come, and return what stays on the screen."""
    written = io.StringIO()
    console = Console(file=written, width=40, color_system=None, force_terminal=False)
    printer = MarkdownPrinter(console, Live(console=Console(file=io.StringIO()), auto_refresh=False))
    for piece in pieces:
        printer.write(piece)
    printer.finish()
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


@pytest.mark.parametrize(
    ("text", "blocks", "rest"),
    [
        ("", [], ""),
        ("one", [], "one"),
        ("one\n\ntw", ["one"], "tw"),
        ("one\n\n\n\ntwo\n\n", ["one", "two"], ""),
        ("```py\na\n\nb\n", [], "```py\na\n\nb\n"),
        ("```py\na\n\nb\n```\n\nc", ["```py\na\n\nb\n```"], "c"),
        ("````\n```\n\n````\n\nc", ["````\n```\n\n````"], "c"),
        ("~~~\n```\n\n~~~\n\nc", ["~~~\n```\n\n~~~"], "c"),
    ],
)
def test_blocks_are_cut_at_blank_lines_outside_fences(text: str, blocks: list[str], rest: str) -> None:
    assert split_blocks(text) == (blocks, rest)


def test_every_way_of_cutting_a_text_renders_alike() -> None:
    text = "# Title\n\nSome *words*.\n\n```py\nx = 1\n\ny = 2\n```\n\n1. one\n2. two\n\nend"
    whole = rendered(text)
    assert "Some words." in whole
    assert "x = 1" in whole
    assert "```" not in whole
    for size in (1, 3, 7):
        assert rendered(*(text[start : start + size] for start in range(0, len(text), size))) == whole


def test_a_link_shows_where_it_leads() -> None:
    assert "https://example.org/x" in rendered("[here](https://example.org/x)")


def test_a_fence_that_never_ends_is_shown_all_the_same() -> None:
    assert "x = 1" in rendered("```py\nx = 1")


def test_a_file_is_read_with_its_lines_marked(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("one\ntwo\nthree\n", encoding="utf-8")
    assert read_context_file(str(file)) == {"path": str(file), "content": "one\ntwo\nthree\n"}
    marked = read_context_file(f"{file}:2-3")
    assert (marked["path"], marked["content"]) == (str(file), "one\ntwo\nthree\n")
    assert marked["selection"] == {"start": {"line": 1, "character": 0}, "end": {"line": 3, "character": 0}}
    assert read_context_file(f"{file}:2")["selection"]["end"]["line"] == 2


def test_a_file_whose_name_looks_like_a_place_is_meant_itself(tmp_path: Path) -> None:
    file = tmp_path / "a:7"
    file.write_text("x", encoding="utf-8")
    assert read_context_file(str(file)) == {"path": str(file), "content": "x"}


def test_a_file_that_cannot_be_shown_is_named(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff")
    (tmp_path / "large").write_bytes(b"x" * 1_100_000)
    (tmp_path / "short").write_text("x\n", encoding="utf-8")
    for named in ("picture", "gone", "short:2", "short:0", "short:1-9", "short:3-1", "."):
        with pytest.raises(InvalidRequestError) as caught:
            read_context_file(str(tmp_path / named))
        assert caught.value.hint
    with pytest.raises(PayloadTooLargeError, match="large"):
        read_context_file(str(tmp_path / "large"))

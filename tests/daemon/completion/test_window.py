"""Where a window begins and ends."""

import pytest

from andiron_daemon.completion.budget import Budget
from andiron_daemon.completion.policy import SuffixStart
from andiron_daemon.completion.window import boundary, cut_suffix, is_trivially_different, make_window, stable_suffix
from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.parse import parse

PYTHON = language_named("python")


def module(functions: int) -> str:
    head = "import os\nimport sys\nfrom pathlib import Path\n\n\n"
    body = "".join(
        f"def f{number}(path: Path) -> str:\n    return os.fspath(path)\n\n\n" for number in range(functions)
    )
    return f"{head}{body}class Store:\n    def load(self, path: Path) -> str:\n" + "".join(
        f"        x{number} = 1\n" for number in range(60)
    )


def test_a_text_that_fits_is_sent_whole() -> None:
    window = make_window("x = 1\ny = ", "\nz", Budget(prefix=100, suffix=100, context=0), 0.2, None)
    assert (window.start, window.header, window.suffix) == (0, "", "\nz")
    assert window.text_for("x = 1\ny = 12") == "x = 1\ny = 12"


@pytest.mark.parametrize(
    ("prefix", "room", "kept"),
    [
        ("a\n\n\ndef f():\n    x\n    y\n    z\n    w\n", 33, "def f():\n    x\n    y\n    z\n    w\n"),
        ("a\nb\n\n    c\n    d\n    e\n    f\n", 25, "    c\n    d\n    e\n    f\n"),
        ("aaaa\nbbbb\ncccc\ndddd\neeee\nffff\n", 22, "cccc\ndddd\neeee\nffff\n"),
        ("x" * 100, 10, "x" * 10),
        ("short", 10, "short"),
    ],
)
def test_it_begins_where_a_reader_would(prefix: str, room: int, kept: str) -> None:
    assert prefix[boundary(prefix, room) :] == kept


def test_what_is_cut_off_is_stood_for_by_imports_and_enclosing_lines() -> None:
    prefix = module(40)
    budget = Budget(prefix=150, suffix=50, context=0)
    window = make_window(prefix, "", budget, 0.3, parse(prefix, PYTHON))
    assert window.header == "class Store:\n    def load(self, path: Path) -> str:\n"
    text = window.text_for(prefix)
    assert text is not None
    assert text.endswith("        x59 = 1\n")
    assert len(text) <= 150 * 3.5


def test_imports_that_are_used_in_the_window_are_kept() -> None:
    prefix = module(40) + "        return Path(os.getcwd())\n"
    window = make_window(prefix, "", Budget(prefix=250, suffix=50, context=0), 0.4, parse(prefix, PYTHON))
    assert window.header.startswith("import os\nfrom pathlib import Path\nclass Store:\n")
    assert "import sys" not in window.header


def test_typing_only_appends_to_what_is_sent() -> None:
    prefix = module(40)
    window = make_window(prefix, "", Budget(prefix=150, suffix=50, context=0), 0.2, None)
    first, later = window.text_for(prefix), window.text_for(prefix + "        y = 2\n")
    assert first is not None
    assert later == first + "        y = 2\n"


def test_a_window_is_found_again_when_the_client_cuts_the_text_above() -> None:
    prefix = module(40)
    window = make_window(prefix, "", Budget(prefix=150, suffix=50, context=0), 0.2, None)
    assert window.text_for(prefix[100:]) == window.text_for(prefix)
    assert window.text_for("something else entirely") is None


@pytest.mark.parametrize(
    ("suffix", "start", "expected"),
    [
        (")\nrest", "closers", "\nrest"),
        ('"]);  \nrest', "closers", "\nrest"),
        (", b)\nrest", "closers", ", b)\nrest"),
        (", b)\nrest", "next_line", "\nrest"),
        (")\nrest", "whole", ")\nrest"),
        ("", "closers", ""),
        (")", "closers", ""),
    ],
)
def test_the_suffix_keeps_still_while_brackets_come_and_go(suffix: str, start: SuffixStart, expected: str) -> None:
    assert stable_suffix(suffix, start) == expected


@pytest.mark.parametrize(
    ("suffix", "room", "kept"), [("ab\ncd\nef", 7, "ab\ncd\n"), ("abcdef", 3, "abc"), ("ab", 3, "ab")]
)
def test_a_suffix_is_cut_at_a_line(suffix: str, room: int, kept: str) -> None:
    assert cut_suffix(suffix, room) == kept


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("\na\nb", "\na\nb", True),
        ("\n\na\nb", "\na\nb", True),
        ("\na\nb\nc", "\nb\nc", False),
        ("\n" + "".join(f"line {n}\n" for n in range(20)), "\n" + "".join(f"line {n}\n" for n in range(19)), True),
        ("\na\nb\nc\nd", "\na\nx\ny\nd", False),
        ("", "\n", True),
        ("", "\na", False),
    ],
)
def test_a_suffix_that_differs_only_trivially(old: str, new: str, expected: bool) -> None:
    assert is_trivially_different(old, new, 0.9) is expected

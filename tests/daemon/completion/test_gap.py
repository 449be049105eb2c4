"""From a request to the gap in the text."""

from typing import Any

import pytest

from andiron_daemon.completion.gap import PREFIX_CHARACTERS, SUFFIX_CHARACTERS, is_multiline, read_gap
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.positions import Position


def test_prefix_and_suffix_are_the_gap() -> None:
    gap = read_gap(CompletionInput(prefix="a\n🙂", suffix="z"))
    assert (gap.prefix, gap.suffix, gap.position, gap.truncated) == ("a\n🙂", "z", Position(1, 2), None)


def test_a_document_is_split_at_its_position() -> None:
    gap = read_gap(CompletionInput(document="a🙂b\nc", position=Position(0, 3)))
    assert (gap.prefix, gap.suffix, gap.position) == ("a🙂", "b\nc", Position(0, 3))


def test_an_empty_text_has_a_gap() -> None:
    assert read_gap(CompletionInput(prefix="")).position == Position(0, 0)


@pytest.mark.parametrize(
    ("request_fields", "told"),
    [
        ({}, "prefix is missing"),
        ({"suffix": "x"}, "prefix is missing"),
        ({"document": "x"}, "position is missing"),
        ({"position": Position(0, 0)}, "document is missing"),
        ({"prefix": "x", "document": "x", "position": Position(0, 0)}, "both"),
        ({"document": "x", "position": Position(7, 0)}, "7:0"),
    ],
)
def test_a_request_without_one_cursor_is_refused(request_fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        read_gap(CompletionInput(**request_fields))


def test_text_far_from_the_cursor_is_cut_and_reported() -> None:
    gap = read_gap(CompletionInput(prefix="a" * 3500 + "b" * PREFIX_CHARACTERS, suffix="c" * SUFFIX_CHARACTERS + "ddd"))
    assert gap.prefix == "b" * PREFIX_CHARACTERS
    assert gap.suffix == "c" * SUFFIX_CHARACTERS
    assert gap.position == Position(0, 3500 + PREFIX_CHARACTERS)
    assert gap.truncated is not None
    assert gap.truncated.dropped_tokens == 1001
    assert gap.truncated.what == "the beginning of prefix; the end of suffix"


@pytest.mark.parametrize(
    ("prefix", "suffix", "expected"),
    [
        ("x = ", "", False),
        ("", "", True),
        ("def f():", "\nx", True),
        ("def f():\n    ", "\nx", True),
        ("if (a) {", "", True),
        ("f(", ")", False),
        ("    ", "x = 1", False),
    ],
)
def test_more_than_a_line_is_asked_for_where_a_block_begins(prefix: str, suffix: str, expected: bool) -> None:
    request = CompletionInput(prefix=prefix, suffix=suffix)
    assert is_multiline(request, read_gap(request)) is expected


@pytest.mark.parametrize("asked", [True, False])
def test_who_asks_may_decide(asked: bool) -> None:
    request = CompletionInput(prefix="", multiline=asked)
    assert is_multiline(request, read_gap(request)) is asked

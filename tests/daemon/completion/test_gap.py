"""From a request to the gap in the text."""

from typing import Any

import pytest

from andiron_daemon.completion.gap import PREFIX_CHARACTERS, SUFFIX_CHARACTERS, read_gap
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.positions import Position, Range


def test_prefix_and_suffix_are_the_gap() -> None:
    gap = read_gap(CompletionInput(prefix="a\n🙂", suffix="z"))
    assert (gap.prefix, gap.suffix, gap.position) == ("a\n🙂", "z", Position(1, 2))
    assert (gap.line_before, gap.line_behind, gap.dropped_before, gap.dropped_behind) == ("🙂", "z", 0, 0)


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


def test_text_far_from_the_cursor_is_cut_and_counted() -> None:
    gap = read_gap(CompletionInput(prefix="a" * 3500 + "b" * PREFIX_CHARACTERS, suffix="c" * SUFFIX_CHARACTERS + "ddd"))
    assert gap.prefix == "b" * PREFIX_CHARACTERS
    assert gap.suffix == "c" * SUFFIX_CHARACTERS
    assert gap.position == Position(0, 3500 + PREFIX_CHARACTERS)
    assert (gap.dropped_before, gap.dropped_behind) == (3500, 3)


@pytest.mark.parametrize(
    ("prefix", "suffix", "line_end", "position"),
    [
        ("a\r\nb", "c\r\nd", "\r\n", Position(1, 1)),
        ("a\rb", "c\rd", "\r", Position(1, 1)),
        ("a\nb", "c\nd", "\n", Position(1, 1)),
    ],
)
def test_line_ends_are_made_plain_and_given_back(prefix: str, suffix: str, line_end: str, position: Position) -> None:
    gap = read_gap(CompletionInput(prefix=prefix, suffix=suffix))
    assert (gap.prefix, gap.suffix, gap.line_end, gap.position) == ("a\nb", "c\nd", line_end, position)
    assert gap.restore("x\ny") == f"x{line_end}y"


def test_a_cursor_inside_a_line_end_stands_before_it() -> None:
    gap = read_gap(CompletionInput(prefix="ab\r", suffix="\ncd"))
    assert (gap.prefix, gap.suffix, gap.position) == ("ab", "\ncd", Position(0, 2))


def test_lone_surrogates_become_characters_that_can_be_sent() -> None:
    gap = read_gap(CompletionInput(prefix="a\ud800b", suffix="\udfffc"))
    assert (gap.prefix, gap.suffix, gap.position) == ("a\ufffdb", "\ufffdc", Position(0, 3))


def test_a_range_counts_utf_16_units() -> None:
    gap = read_gap(CompletionInput(prefix="🙂x", suffix="🙂)"))
    assert gap.range_over(2) == Range(Position(0, 3), Position(0, 6))

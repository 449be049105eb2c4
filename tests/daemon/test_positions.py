"""LSP positions: UTF-16 code units and three line ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.positions import Position, offset_of, position_after, split_lines

TEXT = "a🙂b\r\nc\rd\n"


@pytest.mark.parametrize(
    ("position", "before"),
    [
        (Position(0, 0), ""),
        (Position(0, 3), "a🙂"),
        (Position(0, 4), "a🙂b"),
        (Position(1, 1), "a🙂b\r\nc"),
        (Position(2, 0), "a🙂b\r\nc\r"),
        (Position(3, 0), TEXT),
    ],
)
def test_a_position_counts_utf_16_code_units(position: Position, before: str) -> None:
    assert TEXT[: offset_of(TEXT, position)] == before
    assert position_after(before) == position


def test_behind_the_end_of_a_line_is_its_end() -> None:
    assert offset_of("ab\ncd", Position(0, 99)) == 2


@pytest.mark.parametrize("position", [Position(4, 0), Position(-1, 0), Position(0, -1)])
def test_a_position_outside_the_document_is_named(position: Position) -> None:
    with pytest.raises(InvalidRequestError, match=f"{position.line}:{position.character}") as caught:
        offset_of(TEXT, position)
    assert caught.value.details["lines"] == 4


def test_a_position_inside_a_character_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="inside a character"):
        offset_of(TEXT, Position(0, 2))


def test_a_form_feed_does_not_end_a_line() -> None:
    assert split_lines("a\x0cb\u2028c\nd") == ["a\x0cb\u2028c", "d"]


@given(st.text(alphabet="ab🙂é\r\n\x0c", max_size=40), st.data())
def test_every_place_between_characters_is_found_again(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[max(0, offset - 1) : offset + 1] == "\r\n":
        return
    assert offset_of(text, position_after(text[:offset])) == offset


def test_lone_surrogates_count_as_one_place() -> None:
    assert offset_of("a\ud800b", Position(0, 2)) == 2
    assert position_after("a\ud800b") == Position(0, 3)

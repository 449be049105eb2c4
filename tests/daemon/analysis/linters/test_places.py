"""From the ways linters count to UTF-16 code units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.positions import Position, Range, offset_of, position_after

# An emoji is one character, two UTF-16 code units, four bytes; the accented letter one, one, two.
LINE = 'x = "😀é"; y\n\ty = "😀"; z'
TEXTS = st.text(alphabet=st.sampled_from("ab \t\n\ré😀"), max_size=40)


@pytest.mark.parametrize(("unit", "column"), [(Unit.CHARACTERS, 11), (Unit.BYTES, 15), (Unit.UTF16, 12)])
def test_columns_from_one_become_code_units_from_zero(unit: Unit, column: int) -> None:
    assert Places(LINE).position(1, column, unit) == Position(0, 11)


@pytest.mark.parametrize(("unit", "column"), [(Unit.CHARACTERS, 11), (Unit.BYTES, 14), (Unit.UTF16, 12)])
def test_a_tab_is_one_column(unit: Unit, column: int) -> None:
    assert Places(LINE).position(2, column, unit) == Position(1, 11)


def test_offsets_count_from_the_beginning() -> None:
    places = Places(LINE)
    assert places.at_character(LINE.index("z")) == Position(1, 11)
    assert places.at_byte(len(LINE[: LINE.index("z")].encode())) == Position(1, 11)
    assert places.at_unit(len(LINE[: LINE.index("z")].encode("utf-16-le")) // 2) == Position(1, 11)
    assert places.byte_range(0, 1) == Range(Position(0, 0), Position(0, 1))


def test_a_place_becomes_the_word_or_sign_there() -> None:
    places = Places("naïve + 😀 x")
    assert places.word(Position(0, 0)) == Range(Position(0, 0), Position(0, 5))
    assert places.word(Position(0, 6)) == Range(Position(0, 6), Position(0, 7))
    assert places.word(Position(0, 8)) == Range(Position(0, 8), Position(0, 10))
    assert places.word(Position(0, 12)) == Range(Position(0, 12), Position(0, 12))


def test_a_line_is_taken_without_the_blanks_around_it() -> None:
    assert Places("\n\tRUN 😀  \n").whole_line(2) == Range(Position(1, 1), Position(1, 7))
    assert Places("").whole_line(7) == Range(Position(0, 0), Position(0, 0))


@given(TEXTS, st.integers(-3, 60), st.integers(-3, 60), st.sampled_from(Unit))
def test_whatever_a_linter_says_is_a_place_in_the_text(text: str, line: int, column: int, unit: Unit) -> None:
    places = Places(text)
    position = places.position(line, column, unit)
    assert 0 <= offset_of(text, position) <= len(text)
    clamped = places.clamped(Range(Position(max(line, 0), max(column, 0)), Position(0, 0)))
    assert offset_of(text, clamped.start) <= offset_of(text, clamped.end)


@given(TEXTS, st.integers(0, 60))
def test_every_way_of_counting_finds_the_same_place(text: str, offset: int) -> None:
    before = text[:offset]
    if before.endswith("\r") and text[offset : offset + 1] == "\n":
        return  # inside a line end there is no place
    expected = position_after(before)
    places = Places(text)
    assert places.at_character(offset) == expected
    assert places.at_byte(len(before.encode())) == expected
    assert places.at_unit(len(before.encode("utf-16-le")) // 2) == expected

"""Deltas joined are the text; whole characters only; no part of a stop string is ever shown."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from andiron_models.worker.text import AnswerText

WORDS = "naïve 日本語 🙂👩‍👩‍👧 e\u0301 \u2028 end"


def _deltas(text: AnswerText, pieces: Sequence[bytes]) -> list[str]:
    deltas = [text.push(piece) for piece in pieces]
    return [*deltas, text.finish()]


def _cut(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def _ending_before(text: str, stops: Sequence[str]) -> str:
    """What a reader may see: the text up to the stop that is complete first, and there begins first."""
    for length in range(len(text) + 1):
        found = [position for stop in stops if (position := text.find(stop, 0, length)) >= 0]
        if found:
            return text[: min(found)]
    return text


@pytest.mark.parametrize("cut", range(len(WORDS.encode()) + 1))
def test_a_text_cut_at_any_byte_comes_out_whole(cut: int) -> None:
    data = WORDS.encode()
    deltas = _deltas(AnswerText(), [data[:cut], data[cut:]])
    assert "".join(deltas) == WORDS
    assert not any("\ufffd" in delta for delta in deltas)


def test_a_text_given_byte_by_byte_comes_out_character_by_character() -> None:
    deltas = _deltas(AnswerText(), [bytes([byte]) for byte in WORDS.encode()])
    assert [delta for delta in deltas if delta] == list(WORDS)


@given(some.text(), some.lists(some.integers(0, 1000)))
def test_deltas_joined_are_the_text(text: str, cuts: list[int]) -> None:
    encoded = text.encode(errors="replace")
    assert "".join(_deltas(AnswerText(), _cut(encoded, cuts))) == encoded.decode()


@given(some.binary(), some.lists(some.integers(0, 1000)))
def test_bytes_that_are_no_text_show_as_replacement_characters_however_they_come(data: bytes, cuts: list[int]) -> None:
    assert "".join(_deltas(AnswerText(), _cut(data, cuts))) == data.decode(errors="replace")


@given(
    some.text("ab \n", max_size=40),
    some.lists(some.text("ab \n", min_size=1, max_size=4), min_size=1, max_size=3),
    some.lists(some.integers(0, 1000)),
)
def test_nothing_of_a_stop_string_is_shown(text: str, stops: list[str], cuts: list[int]) -> None:
    answer = AnswerText(tuple(stops))
    shown = ""
    for piece in [*_cut(text.encode(), cuts)]:
        shown += answer.push(piece)
        assert not any(stop in shown for stop in stops)
    shown += answer.finish()
    if answer.stopped:
        assert text.startswith(shown)
        assert any(text[len(shown) :].startswith(stop) for stop in stops)
    else:
        assert shown == text
    assert answer.stopped == any(stop in text for stop in stops)


@given(some.text("ab", max_size=40), some.lists(some.text("ab", min_size=1, max_size=4), min_size=1, max_size=3))
def test_characters_that_come_one_by_one_end_at_the_first_stop_string_that_is_complete(
    text: str, stops: list[str]
) -> None:
    assert "".join(_deltas(AnswerText(tuple(stops)), [c.encode() for c in text])) == _ending_before(text, stops)


def test_text_that_may_begin_a_stop_string_waits_until_it_is_known() -> None:
    text = AnswerText(("<end>",))
    assert text.push(b"so <e") == "so "
    assert text.push(b"n") == ""
    assert text.push(b"tity>") == "<entity>"
    assert text.push(b"<end") == ""
    assert text.push(b"> never") == ""
    assert text.stopped
    assert text.push(b"more") == text.finish() == ""


def test_a_stop_string_may_be_of_characters_split_over_tokens() -> None:
    data = "weiter 終わり nicht".encode()
    text = AnswerText(("終わり",))
    assert "".join(_deltas(text, [bytes([byte]) for byte in data])) == "weiter "


def test_what_waited_for_a_stop_string_is_shown_at_the_end() -> None:
    text = AnswerText(("abcdef",))
    assert text.push(b"xabc") == "x"
    assert text.finish() == "abc"
    assert text.finish() == ""


def test_a_stop_string_completed_by_the_last_bytes_is_not_shown() -> None:
    text = AnswerText(("a\ufffd",))
    assert text.push(b"xa\xe2\x82") == "x"
    assert text.finish() == ""
    assert text.stopped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("return x\n    return y", "return x"),
        ("return x\r\nmore", "return x"),
        ("\n    first\n    second", "\n    first"),
        ("\n\n  \n", "\n\n  \n"),
        ("   \n\tx = 1\ny", "   \n\tx = 1"),
        ("no end", "no end"),
        ("", ""),
    ],
)
def test_a_single_line_ends_before_the_line_break_that_follows_text(text: str, shown: str) -> None:
    for pieces in ([text.encode()], [bytes([byte]) for byte in text.encode()]):
        assert "".join(_deltas(AnswerText(single_line=True), pieces)) == shown


def test_a_single_line_ends_at_a_stop_string_too() -> None:
    text = AnswerText((";",), single_line=True)
    assert "".join(_deltas(text, [b"a = 1", b"; b\n"])) == "a = 1"

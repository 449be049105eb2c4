"""Stop strings found in text that comes in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andiron_daemon.api.dialects.stops import StopReader


@pytest.mark.parametrize("pieces", [["ab", "END", "cd"], ["abE", "N", "Dcd"], ["a", "b", "E", "N", "D"]])
def test_a_stop_is_found_wherever_the_pieces_are_cut(pieces: list[str]) -> None:
    reader = StopReader(["END"])
    assert "".join([*map(reader.push, pieces), reader.finish()]) == "ab"
    assert reader.met == "END"


def test_the_beginning_of_a_stop_that_does_not_come_is_text() -> None:
    reader = StopReader(["END"])
    assert (reader.push("abEN"), reader.finish(), reader.met) == ("ab", "EN", None)


@given(st.lists(st.text("abE", max_size=4)), st.lists(st.text("abE", min_size=1, max_size=3), max_size=3))
def test_pieces_come_to_the_same_as_the_whole(pieces: list[str], stops: list[str]) -> None:
    reader = StopReader(stops)
    shown = "".join([*map(reader.push, pieces), reader.finish()])
    text = "".join(pieces)
    assert text.startswith(shown)
    if reader.met is None:
        assert shown == text
        assert not any(stop in text for stop in stops)
    else:
        assert text.startswith(shown + reader.met)

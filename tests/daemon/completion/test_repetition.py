"""Text that goes round in circles."""

import random

import pytest

from andiron_daemon.completion.repetition import cut_repetitions, repeats_itself


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = [" + "1, " * 10, True),
        ("a_long_name, " * 5, True),
        ("return x", False),
        ("-" * 60, False),
        ("# " + "=" * 60, False),
        ("0" * 40, False),
        ("", False),
        ("a b c a b c", False),
    ],
)
def test_loops_within_a_line_are_found(text: str, expected: bool) -> None:
    assert repeats_itself(text) is expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("print(a)\n" * 5, "print(a)"),
        ("a = 1\nb = 2\nb = 2\n", "a = 1\nb = 2\nb = 2\n"),
        ("}\n}\n}\n}\n", "}\n}\n}\n}\n"),
        ("x = 1", "x = 1"),
    ],
)
def test_lines_said_again_and_again_are_said_once(text: str, kept: str) -> None:
    assert cut_repetitions(text) == kept


def test_a_long_line_is_looked_at_in_bounded_time() -> None:
    letters = random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=200_000)
    assert not repeats_itself("".join(letters))

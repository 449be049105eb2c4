"""What a suggestion says that stands there already."""

import pytest

from andiron_daemon.completion.duplicates import (
    duplicates_suffix,
    is_alike,
    repeats_line_above,
    without_following_lines,
    without_line_rest,
)
from andiron_testing.gaps import gap_at


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("def f():\n    █\n    return total\n", "return total", True),
        ("def f():\n    █\n    return total\n", "return totals", False),
        ("def f():\n    █\n    return total\n", "total = 1", False),
        ("def f():\n█    return total\n", "    return total", True),
        ("a\n█\nb = 1\nc = 2\n", "b = 1\nc = 2", True),
        ("a\n█\nb = 1\nc = 2\n", "b = 1\nd = 3", False),
        ("f() {\n  █\n}\n", "}", False),
        ("x = █\n", "1", False),
        ("x = █\nx = 1\n", "1", True),
        ("x = █\n", "", False),
    ],
)
def test_a_text_that_only_says_what_follows(text: str, written: str, expected: bool) -> None:
    assert duplicates_suffix(written, gap_at(text), 0.9) is expected


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("print(a)\n█\n", "print(a)", True),
        ("print(a)\npr█\n", "int(a)", True),
        ("print(a)\n█\n", "print(b)", False),
        ("}\n█\n", "}", False),
        ("█", "x", False),
    ],
)
def test_a_text_that_says_the_line_above_again(text: str, written: str, expected: bool) -> None:
    assert repeats_line_above(written, gap_at(text)) is expected


@pytest.mark.parametrize(
    ("text", "written", "kept"),
    [
        ("x = █ + b\n", "a + b", "a"),
        ("f(█, other)\n", "first, other", "first"),
        ("f(█, other)\n", "first", "first"),
        ("x = █;\n", "1;", "1"),
        ("x = █\n", "1", "1"),
        ("█return x\n", "return x", ""),
        ("print(█name)\n", "first, name)", "first, "),
    ],
)
def test_the_rest_of_the_line_is_not_said_again(text: str, written: str, kept: str) -> None:
    assert without_line_rest(written, gap_at(text)) == kept


@pytest.mark.parametrize(
    ("text", "written", "kept"),
    [
        ("f() {\n  █\n}\n", "a();\n}", "a();"),
        ("f() {\n  █\n}\n", "a();\n  b();\n}\n", "a();\n  b();"),
        ("f() {\n  █\n\n}\n", "a();\n}", "a();"),
        ("x\n█\nfoo()\nbar()\n", "y\nfoo()\nbar()", "y"),
        ("SELECT a WHERE █\nGROUP BY name;\n", "b = 1 GROUP BY name;", "b = 1"),
        ("x\n█\n", "y\nz", "y\nz"),
    ],
)
def test_the_next_lines_are_not_said_again(text: str, written: str, kept: str) -> None:
    assert without_following_lines(written, gap_at(text)) == kept


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("return total", "  return total ", True),
        ("return total_amount", "return total_amounts", False),
        ("total = sum( amounts )", "total = sum(amounts)", True),
        ("name = 'total amount'", 'name = "total amount"', True),
        ("l = min(first[1], second[1])", "r = min(first[1], second[1])", False),
        ("a = 1", "a = 2", False),
        ("x" * 1000 + "a", "x" * 1000 + "b", False),
    ],
)
def test_lines_are_alike_but_for_a_slip(first: str, second: str, expected: bool) -> None:
    assert is_alike(first, second, 0.9) is expected

"""Where a suggestion meets the text."""

import pytest

from andiron_daemon.completion.seams import mend_left, mend_right
from andiron_daemon.syntax.languages import language_named
from andiron_testing.gaps import gap_at


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("x = █\n", " 1", "1"),
        ("x =█\n", " 1", " 1"),
        ("    █\n", "foo()", "foo()"),
        ("    █\n", "\n    foo()", "foo()"),
        ("    █\n", "\n\n    foo()\n    bar()", "foo()\n    bar()"),
        ("if x:\n    a()\n    █\n", "    foo()\n    bar()", "foo()\n    bar()"),
        ("if x:\n    a()\n    █\n", "    foo()\n        bar()", "foo()\n    bar()"),
        ("if x:\n    a()\n    █\n", "    if y:\n        bar()", "if y:\n        bar()"),
        ("def f():\n█\n", "    return 1", "    return 1"),
        ("  if x:\n  █\n", "  return 1", "  return 1"),
        ("█", "\nx = 1", "x = 1"),
        # The cursor has not come to where lines begin, and the text brings it there.
        ("if x:\n    a()\n  █\n    b()\n", "  foo()", "  foo()"),
        ("if x:\n    a()\n  █\n", "  foo()", "  foo()"),
        ("f(\n    a,\n        b,\n    █\n        c,\n", "    d,", "    d,"),
        ("f(\n    a,\n        b,\n    █\n    c,\n", "    d,", "d,"),
        ("if x:\n    a()\n  █\n", "    foo()", "foo()"),
    ],
)
def test_the_left_seam(text: str, written: str, expected: str) -> None:
    assert mend_left(written, gap_at(text), language_named("python")) == expected


@pytest.mark.parametrize(
    ("language", "text", "written", "expected"),
    [
        ("python", "x = █\n", "1  \n", "1"),
        ("python", "x = █ + 2\n", "1 ", "1"),
        ("python", "a = 1\n█    b = 2\n", "    c = 3", "    c = 3\n"),
        ("python", "a = 1\n█    b = 2\n", "    c = 3\n    d = 4", "    c = 3\n    d = 4\n"),
        ("python", "a = 1\n    █b = 2\n", "c = 3", "c = 3"),
        ("json", '{"a": █\n}', '"x",', '"x"'),
        ("json", '{"a": █\n"b": 1}', '"x",', '"x",'),
        ("python", "x = {\n    'a': █\n}\n", "1,", "1,"),
    ],
)
def test_the_right_seam(language: str, text: str, written: str, expected: str) -> None:
    assert mend_right(written, gap_at(text), language_named(language)) == expected

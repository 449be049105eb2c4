"""Brackets of a suggestion against those around it."""

import pytest

from andiron_daemon.completion.brackets import closers_behind, enclosure_of, without_excess
from andiron_daemon.syntax.languages import language_named
from andiron_testing.gaps import gap_at


@pytest.mark.parametrize(
    ("language", "text", "written", "kept"),
    [
        ("python", "print(█)\n", "x)", "x)"),
        ("python", "print(█\n", "x)", "x)"),
        ("python", "print(█\n", "x))", "x)"),
        ("python", "print(█)\n", "f(x))", "f(x))"),
        ("python", "print(█)\n", "x)))", "x)"),
        ("python", "x = [\n    █\n]\n", "1,\n    2]", "1,\n    2"),
        ("python", "foo(\n    a,\n    █\n)\n", "b)", "b"),
        ("python", "x = (█\n", "1]", "1"),
        ("python", "x = █\n", "1)", "1"),
        ("javascript", "function f() {\n  if (a) {█\n}\n", "\n    b();\n  }\n}", "\n    b();\n  }\n"),
        ("javascript", "function f() {█\n", "\n  return 1;\n}", "\n  return 1;\n}"),
        ("javascript", "function f(█)\n", "a) {\n  return a;\n}", "a) {\n  return a;\n}"),
        ("python", "x = 'a█'\n", "b) c", "b) c"),
        ("python", "x = █\n", "(1, [2])", "(1, [2])"),
    ],
)
def test_a_text_is_cut_where_it_closes_too_much(language: str, text: str, written: str, kept: str) -> None:
    gap, row = gap_at(text), language_named(language)
    assert without_excess(written, gap, enclosure_of(gap, row), row) == kept


def test_brackets_are_counted_from_the_last_line_at_the_margin() -> None:
    gap = gap_at("def broken(\n\ndef g(a):\n    return [█\n\nother = (\n")
    enclosure = enclosure_of(gap, language_named("python"))
    assert (enclosure.opened, enclosure.closed_behind, enclosure.missing) == (("[",), (), 1)


@pytest.mark.parametrize(("text", "closers"), [("f(█)", ")"), ('["█"]', '"]'), ("f(█ )", ""), ("f(█x)", "")])
def test_the_closers_right_of_the_cursor(text: str, closers: str) -> None:
    assert closers_behind(gap_at(text)) == closers

"""Brackets, strings and comments without a grammar."""

import pytest

from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.scan import Scanned, scan


@pytest.mark.parametrize(
    ("language", "text", "opened", "unmatched"),
    [
        ("python", "f(a, [1, {", ("(", "[", "{"), ""),
        ("python", "a) + b]", (), ")]"),
        ("python", "(a)) # (((", (), ")"),
        ("python", "'(' + \"[\" + '''{'''", (), ""),
        ("python", "'it\\'s (' + (", ("(",), ""),
        ("python", "'unclosed (\n(", ("(",), ""),
        ("javascript", "`a ${b} (` + (", ("(",), ""),
        ("javascript", "/* ( */ { // [", ("{",), ""),
        ("rust", "fn f<'a>(x: &'a str) {", ("{",), ""),
        ("sql", "-- (\nselect (", ("(",), ""),
        (None, "f(x[", ("(", "["), ""),
    ],
)
def test_what_is_left_open_and_what_is_closed_too_much(
    language: str | None, text: str, opened: tuple[str, ...], unmatched: str
) -> None:
    scanned = scan(text, language_named(language) if language else None)
    assert scanned.opened == opened
    assert "".join(closer.closer for closer in scanned.unmatched) == unmatched


@pytest.mark.parametrize(
    ("text", "quote", "in_code"),
    [("x = '''a\nb", "'''", False), ("x = 'a\nb", None, True), ('"""a""" + "', '"', False), ("# it's", None, False)],
)
def test_the_string_or_comment_a_text_ends_in(text: str, quote: str | None, in_code: bool) -> None:
    scanned = scan(text, language_named("python"))
    assert (scanned.quote, scanned.in_code) == (quote, in_code)


def test_a_scan_goes_on_where_another_ended() -> None:
    python = language_named("python")
    before = scan("f('''(", python)
    assert scan("''')", python, before).opened == ()
    assert scan("x)", python, Scanned(opened=("(",))).unmatched == ()

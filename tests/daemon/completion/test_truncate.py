"""Cutting back to what stands on its own."""

import pytest

from andiron_daemon.completion.multiline import Extent
from andiron_daemon.completion.truncate import drop_unfinished, least_broken
from andiron_daemon.syntax.languages import language_named
from andiron_testing.gaps import gap_at


@pytest.mark.parametrize(
    ("language", "extent", "text", "kept"),
    [
        ("python", Extent.BLOCK, "a = 1\nb = foo(", "a = 1"),
        ("python", Extent.BLOCK, "b = foo(", "b = foo("),
        ("python", Extent.LINE, "b = foo(", "b = foo("),
        ("markdown", Extent.LINE, "One sentence. And another o", "One sentence."),
        ("markdown", Extent.LINE, "no end at all", "no end at all"),
    ],
)
def test_what_the_limit_broke_off_is_dropped(language: str, extent: Extent, text: str, kept: str) -> None:
    assert drop_unfinished(text, extent, language_named(language)) == kept


@pytest.mark.parametrize(
    ("language", "text", "written", "kept"),
    [
        ("javascript", "function f() {\n  █\n}\n", "a();\n  if (b) {", "a();"),
        ("javascript", "function f() {\n  █\n}\n", "a();\n  b();", "a();\n  b();"),
        ("python", "def f():\n    █\n", "a = 1\n    b = (", "a = 1"),
        ("python", "x = █\n", "foo(", "foo("),
        ("python", "broken = (((\ndef f():\n    █\n", "a = 1\n    b = 2", "a = 1\n    b = 2"),
        (None, "x\n█\n", "a\nb (", "a\nb ("),
    ],
)
def test_lines_that_break_the_syntax_are_cut_from_the_end(
    language: str | None, text: str, written: str, kept: str
) -> None:
    assert least_broken(written, gap_at(text), language_named(language) if language else None) == kept

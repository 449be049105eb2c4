"""Where the rules look, what a comment lets pass, and what strange text does to them."""

import pytest

from andiron_daemon.analysis.rules.search import search
from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.positions import Position, Range
from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.parse import parse


def findings(text: str, language: str = "python") -> tuple[Diagnostic, ...]:
    syntax = parse(text, language_named(language), limit_seconds=20)
    assert syntax is not None
    return search(syntax, limit_seconds=30).diagnostics


def test_a_finding_says_where_in_utf16_units() -> None:
    found = findings('x = "😀é"; eval(x)\n')
    assert [(one.source, one.rule, one.severity) for one in found] == [("andiron", "eval-on-input", "warning")]
    assert found[0].range == Range(Position(0, 11), Position(0, 18))


def test_a_tab_is_one_unit_and_lines_may_end_in_any_way() -> None:
    assert findings("if x:\r\n\teval(x)\r\n")[0].range == Range(Position(1, 1), Position(1, 8))


@pytest.mark.parametrize(
    "text",
    [
        "eval(x)  # andiron: ignore[eval-on-input]\n",
        "eval(x)  # it is ours; andiron: ignore\n",
        "# andiron: ignore[tls-verification-off, eval-on-input]\neval(x)\n",
    ],
)
def test_a_comment_lets_a_finding_pass(text: str) -> None:
    assert findings(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "eval(x)  # andiron: ignore[empty-catch]\n",
        "y = 1  # andiron: ignore\neval(x)\n",
        "# andiron: ignore\n\neval(x)\n",
        'eval(x + "andiron: ignore")\n',
    ],
)
def test_a_comment_lets_nothing_else_pass(text: str) -> None:
    assert [one.rule for one in findings(text)] == ["eval-on-input"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "eval(x); // andiron: ignore[eval-on-input]\n"),
        ("php", "<?php\neval($x); /* andiron: ignore */\n"),
        ("sql", "-- andiron: ignore[change-without-where]\nDELETE FROM a;\n"),
        ("html", '<!-- andiron: ignore -->\n<p id="a" id="b">x</p>\n'),
    ],
)
def test_a_comment_is_one_in_each_language(language: str, text: str) -> None:
    assert findings(text, language) == ()


def test_nothing_is_said_where_the_tree_is_a_guess() -> None:
    assert findings("def f(:\n    return 1 eval(x) ]\n    g()\n") == ()


def test_nothing_is_said_of_lines_no_person_wrote() -> None:
    assert findings("var a=" + "1+" * 3000 + "1;eval(x);", "javascript") == ()


def test_without_time_the_note_names_what_was_not_looked_for() -> None:
    syntax = parse("eval(x)\n", language_named("python"))
    assert syntax is not None
    found = search(syntax, limit_seconds=0)
    assert found.diagnostics == ()
    assert found.note == "there was no time for eval-on-input"


def test_a_rule_reports_a_bounded_number_of_places() -> None:
    assert len(findings("eval(x)\n" * 1000)) == 200


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "x = [\n" + "(" * 10_000 + ")" * 10_000 + "]\neval(x)"),
        ("python", "eval(\0)\0"),
        ("python", "x = '" + "a" * 1_000_000 + "'"),
        ("javascript", "a(" * 10_000 + ")" * 10_000),
        ("json", "[" * 10_000 + "]" * 10_000),
        ("json", "{" + ",".join(f'"k{number}": 1' for number in range(100_000)) + "}"),
        ("python", "password = 'x'  # eval return\n" * 150_000),
        ("python", ""),
        ("python", "# only\n# comments\n"),
    ],
    ids=["brackets", "nul", "long line", "calls", "arrays", "many keys", "5 MB", "empty", "comments"],
)
def test_strange_text_is_looked_at_in_bounded_time(language: str, text: str) -> None:
    syntax = parse(text, language_named(language), limit_seconds=20)
    if syntax is not None:
        found = search(syntax)
        assert found.note is None or found.note.startswith("there was no time for ")


def test_what_belongs_together_may_stand_on_lines_far_apart() -> None:
    far = "    # a word\n" * 200
    text = f"def f(x):\n    return x\n{far}    g(x)\n"
    assert [(one.rule, one.range.start.line) for one in findings(text)] == [("unreachable-code", 202)]
    far = "\n" * 1000
    text = f"cursor.execute(\n{far}    f'SELECT a FROM b WHERE c = {{x}}',\n)\n"
    assert [(one.rule, one.range.start.line) for one in findings(text)] == [("sql-from-strings", 1001)]
    text = f"connect(\n    api_key=(\n{far}    1),\n    password='hR7-kq92Lm!x',\n)\n"
    assert [one.rule for one in findings(text)] == ["hard-coded-secret"]


def test_a_key_that_repeats_far_away_is_found() -> None:
    text = "{\n" + "".join(f'"k{number}": 1,\n' for number in range(20_000)) + '"k0": 2}\n'
    assert [one.range.start.line for one in findings(text, "json")] == [20_001]

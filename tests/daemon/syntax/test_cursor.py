"""What a cursor stands in."""

import pytest

from andiron_daemon.syntax.cursor import Surroundings, surroundings
from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.parse import parse


def found(name: str | None, text: str, *, with_tree: bool = True) -> str:
    prefix, suffix = text.split("█")
    language = language_named(name) if name else None
    syntax = parse(prefix + suffix, language) if with_tree else None
    return surroundings(prefix, suffix, language, syntax).value


TABLE = [
    ("python", "x = 1\n█\n", "code"),
    ("python", "f(a, █)\n", "brackets"),
    ("python", "x = [\n    1,\n    █\n]\n", "brackets"),
    ("python", "x = 'ab█c'\n", "string"),
    ("python", 'def f():\n    """Says █\n    """\n', "string"),
    ("python", "x = 1  # why█\n", "comment"),
    ("python", "def f(a, b):█\n", "code"),
    ("python", "x = y[a:█\n", "brackets"),
    ("javascript", "app.get('/', () => {\n  █\n});\n", "code"),
    ("javascript", "const s = `a${█}`;\n", "code"),
    ("javascript", "/*\n * a█\n */\n", "comment"),
    ("typescript", "function f(a: █) {}\n", "brackets"),
    ("go", 'x := "a█"\n', "string"),
    ("rust", "// a█\n", "comment"),
    (None, "f(a, █\n", "brackets"),
    (None, 'x = "a█\n', "string"),
    (None, "█", "code"),
]


@pytest.mark.parametrize(("name", "text", "expected"), TABLE)
def test_where_a_cursor_is(name: str | None, text: str, expected: str) -> None:
    assert found(name, text) == expected


@pytest.mark.parametrize(("name", "text", "expected"), [row for row in TABLE if row[0] == "python"])
def test_where_a_cursor_is_without_a_tree(name: str | None, text: str, expected: str) -> None:
    assert found(name, text, with_tree=False) == expected


def test_the_kinds_are_all_met() -> None:
    assert {row[2] for row in TABLE} == {kind.value for kind in Surroundings}

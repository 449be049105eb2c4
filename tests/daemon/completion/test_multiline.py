"""How much a gap is worth."""

import pytest

from andiron_daemon.completion.multiline import opening_above, opens_block
from andiron_daemon.syntax.languages import language_named
from andiron_testing.gaps import gap_at, scene_at


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        # an empty block, from its opening or inside it
        ("python", "def f(a, b):█\n\nprint(f(1, 2))\n", "block"),
        ("python", "def f(a, b):\n    █\n\nprint(f(1, 2))\n", "block"),
        ("python", "def f(\n    a: int,\n) -> int:█\n", "block"),
        ("typescript", "function f() {\n  █\n}\n", "block"),
        ("javascript", "app.get('/', () => {█\n});\n", "block"),
        ("go", "for i := range x {█}\n", "block"),
        ("ruby", "def greet(name)\n  █\nend\n", "block"),
        ("bash", "for f in *; do\n  █\ndone\n", "block"),
        ("yaml", "services:\n  web:\n    █\n", "block"),
        (None, "if x:\n    █\n", "block"),
        ("python", 'def f():\n    """Says what.\n\n    More.\n    """\n    █\n\n\ndef g():\n    pass\n', "block"),
        ("python", "def f():\n    # says what\n    █\n", "block"),
        # the end of a block, of a file, of a comment that says what comes
        ("python", "def f():\n    a = 1\n    █\n\n\ndef g():\n    pass\n", "block"),
        ("python", "import os\n\n█", "block"),
        ("python", "# the mean of a list\n█\n", "block"),
        # more of the same block right behind
        ("python", "def f():\n    a = 1\n    █\n    return a\n", "statement"),
        ("javascript", "const a = 1;\n█\nconsole.log(a);\n", "statement"),
        # a block with something in it already
        ("python", "def f():█\n    return 1\n", "line"),
        ("javascript", "if (a) {█\n  b();\n}\n", "line"),
        # inside an expression, a string, a comment; code on either side
        ("python", "x = █\n", "line"),
        ("python", "f(█)\n", "line"),
        ("python", "x = [\n    1,\n    █\n]\n", "line"),
        ("python", "y = x[1:█\n", "line"),
        ("python", "value:█\n", "line"),
        ("python", "print('hello █')\n", "line"),
        ("python", "# now add the█\nx = 1\n", "line"),
        ("python", "x = 1  # why█\n", "line"),
        ("python", "    █x = 1\n", "line"),
        ("python", "def f():\n    a = 1\n█    return a\n", "statement"),
    ],
)
def test_the_syntax_around_the_cursor_decides(language: str | None, text: str, expected: str) -> None:
    assert scene_at(text, language).extent.value == expected


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        (True, "x = █\n", "block"),
        (True, "def f():\n    a = 1\n    █\n    return a\n", "statement"),
        (False, "def f():\n    █\n", "line"),
    ],
)
def test_who_asks_may_decide(asked: bool, text: str, expected: str) -> None:
    assert scene_at(text, asked=asked).extent.value == expected


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("def f():\n    █", "def f():"),
        ('def f():\n    """One line."""\n    █', "def f():"),
        ('def f():\n    """Two\n    lines.\n    """\n\n█', "def f():"),
        ("def f():\n    # why\n    █", "def f():"),
        ("def f():\n    a = 1\n    █", None),
        ('x = """a\nb"""\n█', None),
        ("█", None),
    ],
)
def test_the_opening_of_an_empty_block_is_found_behind_words(text: str, opening: str | None) -> None:
    assert opening_above(gap_at(text), language_named("python")) == opening


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        ("python", "    for x in y:", True),
        ("python", "async def f():", True),
        ("python", "x[1:", False),
        ("python", "x: int = 1", False),
        ("python", "", False),
        ("ruby", "items.each do", True),
        ("ruby", "x = 1", False),
        ("c", "int main() {", True),
        ("c", "return 1;", False),
    ],
)
def test_what_opens_a_block(language: str, line: str, expected: bool) -> None:
    assert opens_block(line, language_named(language)) is expected

"""How far a suggestion reaches over closers right of the cursor."""

import pytest

from andiron_daemon.completion.replace import Insertion, fit_to_closers
from andiron_testing.gaps import gap_at


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("function sort(█)\n", "array) {", Insertion("array) {", 1)),
        ("sort(█)\n", "array)", Insertion("array")),
        ("sort(█)\n", "array", Insertion("array")),
        ("sort(█)\n", "f(x)", Insertion("f(x)")),
        ("sort(█)\n", "f(x))", Insertion("f(x)")),
        ("sort(█)\n", "f(x)) + 1", Insertion("f(x)) + 1", 1)),
        ("x = [f(█)]\n", "1), g(2)]", Insertion("1), g(2")),
        ('print("█")\n', 'hello")', Insertion("hello")),
        ('print("█")\n', 'hello", end="")', Insertion('hello", end="')),
        ('print("█")\n', "hello", Insertion("hello")),
        ("app.get('/', (█))\n", "req, res) => {\n  res.end();\n})", Insertion("req, res) => {\n  res.end();\n})", 1)),
        ('print("█")\n', 'hello", end=x) or y', Insertion('hello", end=x) or y', 2)),
        ("sort(█) + 1\n", "array) {", Insertion("array) {")),
        ("x = █\n", "1)", Insertion("1)")),
        ("sort(█)\n", "", Insertion("")),
    ],
)
def test_a_suggestion_gives_way_or_takes_their_place(text: str, written: str, expected: Insertion) -> None:
    assert fit_to_closers(written, gap_at(text)) == expected

"""Imports, definitions and the lines around a place."""

import pytest

from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.parse import parse
from andiron_daemon.syntax.scopes import declarations, enclosing_lines, import_lines

PYTHON = """import os
from pathlib import Path

LIMIT = 3


class Store:
    \"\"\"Keeps.\"\"\"

    def load(self, name: str) -> str:
        if name:
            return name
        return ""


def main() -> None:
    print(LIMIT)
"""


def test_imports_are_found_by_tree_and_by_line() -> None:
    expected = ["import os", "from pathlib import Path"]
    assert import_lines(PYTHON, parse(PYTHON, language_named("python"))) == expected
    assert import_lines(PYTHON, None) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("typescript", "import { a } from './a';\nconst b = a;\n", ["import { a } from './a';"]),
        ("go", 'package x\n\nimport (\n\t"fmt"\n)\n', ["package x", 'import (\n\t"fmt"\n)']),
        ("rust", "use std::io;\nfn f() {}\n", ["use std::io;"]),
        ("c", "#include <stdio.h>\nint a;\n", ["#include <stdio.h>"]),
        ("java", "package a;\nimport b.C;\nclass D {}\n", ["package a;", "import b.C;"]),
        ("kotlin", "import a.b\nfun f() {}\n", ["import a.b"]),
        ("csharp", "using System;\nclass A {}\n", ["using System;"]),
    ],
)
def test_imports_of_other_languages(name: str, text: str, expected: list[str]) -> None:
    assert import_lines(text, parse(text, language_named(name))) == expected


def test_a_file_is_cut_into_what_it_declares() -> None:
    found = declarations(PYTHON, parse(PYTHON, language_named("python")))
    assert [declaration.signature for declaration in found] == ["LIMIT = 3", "class Store:", "def main() -> None:"]
    assert PYTHON[found[2].start : found[2].end] == "def main() -> None:\n    print(LIMIT)"


def test_signatures_are_found_behind_exports_and_decorators() -> None:
    typescript = "export class A {\n  b() {}\n}\nexport const f = (x: number) => {\n  return x;\n};\n"
    found = declarations(typescript, parse(typescript, language_named("typescript")))
    assert [declaration.signature for declaration in found] == ["export class A", "export const f = (x: number) =>"]
    python = "@cached\ndef f():\n    return 1\n"
    (decorated,) = declarations(python, parse(python, language_named("python")))
    assert decorated.signature == "@cached\ndef f():"


def test_without_a_tree_paragraphs_are_declarations() -> None:
    found = declarations("a\nb\n\n\nc\n", None)
    assert [declaration.signature for declaration in found] == ["a", "c"]


def test_the_lines_that_open_the_blocks_around_a_place() -> None:
    lines = PYTHON.split("\n")
    inside = lines.index("            return name")
    assert [lines[number].strip() for number in enclosing_lines(lines, inside)] == [
        "class Store:",
        "def load(self, name: str) -> str:",
        "if name:",
    ]
    assert enclosing_lines(lines, lines.index("LIMIT = 3")) == []
    assert enclosing_lines([], 0) == []

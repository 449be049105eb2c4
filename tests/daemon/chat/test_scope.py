"""The definition around a selection, and the imports of its file."""

import pytest

from andiron_daemon.chat.scope import enclosing_definition, import_lines, syntax_of
from andiron_daemon.positions import split_lines

PYTHON = """\
import os
from typing import (
    Any,
    Iterable,
)

LIMIT = 5


class Shop:
    name = "x"

    @property
    def total(self) -> int:
        total = 0
        if self.items:

            total = sum(self.items)
        return total

    def empty(self): pass


def other():
    return 1
"""
TYPESCRIPT = """\
import { a } from "./a";
import {
  b,
} from "./b";

export class Shop {
  private items: number[] = [];

  total(): number {
    if (this.items.length) {
      return 1;
    }
    return 0;
  }
}

const add = (x: number, y: number) => {
  return x + y;
};
"""
C = """\
#include <stdio.h>
#include "a.h"

int main(void) {
    for (int i = 0; i < 3; i++) {
        puts("x");
    }
    return 0;
}
"""
RUBY = """\
require 'set'

module Shop
  def total
    if @items
      1
    end
  end
end
"""
FILES = {PYTHON: "a.py", TYPESCRIPT: "a.ts", C: "a.c", RUBY: "a.rb"}


@pytest.mark.parametrize(
    ("text", "first", "last", "expected"),
    [
        (PYTHON, 17, 17, (12, 19)),
        (PYTHON, 14, 15, (12, 19)),
        (PYTHON, 13, 13, (12, 19)),
        (PYTHON, 20, 20, (9, 21)),
        (PYTHON, 10, 10, (9, 21)),
        (PYTHON, 24, 24, (23, 25)),
        (PYTHON, 6, 6, None),
        (PYTHON, 16, 17, (12, 19)),
        (TYPESCRIPT, 10, 10, (8, 14)),
        (TYPESCRIPT, 6, 6, (5, 15)),
        (TYPESCRIPT, 17, 17, (16, 19)),
        (C, 5, 5, (3, 9)),
        (RUBY, 5, 5, (3, 8)),
        ("", 0, 0, None),
        ("no code at all\n  indented", 1, 1, None),
    ],
)
def test_the_innermost_definition_is_found(text: str, first: int, last: int, expected: tuple[int, int] | None) -> None:
    lines = split_lines(text)
    for syntax in (None, syntax_of(lines, None, FILES[text]) if text in FILES else None):
        found = enclosing_definition(lines, first, last, syntax)
        assert (found.start, found.stop) == expected if expected else not found


@pytest.mark.parametrize(
    ("text", "expected"),
    [(PYTHON, [0, 1, 2, 3, 4]), (TYPESCRIPT, [0, 1, 2, 3]), (C, [0, 1]), (RUBY, [0]), ("", [])],
)
def test_imports_are_found_with_their_continuations(text: str, expected: list[int]) -> None:
    lines = split_lines(text)
    assert import_lines(lines) == expected
    if text in FILES and text != RUBY:
        syntax = syntax_of(lines, None, FILES[text])
        assert syntax is not None
        assert import_lines(lines, syntax) == expected


def test_code_that_does_not_parse_has_definitions_all_the_same() -> None:
    lines = split_lines("def f(:\n    x = (1\n    y = 2\n\n\nz = 3\n")
    assert enclosing_definition(lines, 2, 2, syntax_of(lines, "python", "a.py")) == range(3)

"""Which lines of a file belong to a selection: the definition around it, and the file's imports.

By the syntax tree where there is one, else read off indentation and first words, which hold in every language
people ask about and in code that does not parse; a selection is a hint to the model, not a proof.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from andiron_daemon.syntax.languages import language_of
from andiron_daemon.syntax.parse import Syntax, parse
from andiron_daemon.syntax.scopes import DEFINITIONS, IMPORTS

if TYPE_CHECKING:
    import tree_sitter

_DEFINITION = re.compile(
    r"^\s*(?:export |default |pub(?:\(\w+\))? |public |private |protected |internal |static |final |abstract |async |"
    r"override |inline |virtual |unsafe |extern |open |data |sealed )*"
    r"(?:def|class|function\*?|fn|func|fun|sub|impl|trait|struct|enum|interface|module|namespace|type|object|"
    r"constructor|proc|method)\b"
)
# `int main(void) {`, `render() {`, `const f = (x) => {`, but no `if (…) {`.
_HEAD_BY_SHAPE = re.compile(
    r"^\s*(?!(?:if|for|while|switch|catch|else|elif|with|try|do|return)\b)\S.*\)[^;()]*(?:\{|=>)\s*$"
)
_IMPORT = re.compile(
    r"^(?:import\b|from \S+ import\b|use [\w:{]|#include\b|using [\w.]+;|package [\w.]+|require\b|@import\b)"
)
_CLOSING = re.compile(r"^\s*(?:[)\]}]|end\b)")
_MARK = re.compile(r"^\s*(?:@|#\[|///|/\*\*|\*)")
_IMPORT_LINES_READ = 400
_WRAPPERS = ("decorated_definition", "export_statement", "template_declaration")


def syntax_of(lines: Sequence[str], language: str | None, path: str) -> Syntax | None:
    """Parse a file's lines; None where that cannot be done in time, or at all."""
    text = "\n".join(lines)
    return parse(text, language_of(language, path, text))


def enclosing_definition(lines: Sequence[str], first: int, last: int, syntax: Syntax | None = None) -> range:
    """Return the lines of the innermost definition around the lines from `first` to `last`; none is empty."""
    if syntax is not None:
        for node in _nodes_around(syntax, first, last):
            found = range(node.start_point.row, _last_row(node) + 1)
            if node.type in DEFINITIONS and not (first <= found.start and found.stop <= last + 1):
                # Where a definition does not parse, its end is anybody's guess.
                return found if not node.has_error else _enclosing_by_indentation(lines, first, last)
    return _enclosing_by_indentation(lines, first, last)


def _nodes_around(syntax: Syntax, first: int, last: int) -> "Iterator[tree_sitter.Node]":
    """Name the nodes around lines, less the whole, from the innermost outwards; wrappers for what they wrap."""
    lines = syntax.text.split("\n")
    start = len(lines[first]) - len(lines[first].lstrip())
    begin = (first, len(lines[first][:start].encode("utf-8", "replace")))
    end = (last, len(lines[last].rstrip().encode("utf-8", "replace")))
    node = syntax.root.descendant_for_point_range(begin, max(begin, end))
    while node is not None and node.parent is not None:
        if node.parent.type not in _WRAPPERS:
            yield node
        node = node.parent


def _enclosing_by_indentation(lines: Sequence[str], first: int, last: int) -> range:
    inside = next((line for line in range(first, last + 1) if lines[line].strip()), first)
    width = _width(lines[inside])
    head = inside
    while not (_is_head(lines[head]) and (head != inside or _goes_on(lines, head))):
        above = next((line for line in range(head - 1, -1, -1) if _is_above(lines[line], width)), None)
        if above is None:
            return range(0)
        head, width = above, _width(lines[above])
    end = _end_of(lines, head)
    while head > 0 and _MARK.match(lines[head - 1]) and _width(lines[head - 1]) == width:
        head -= 1
    return range(head, max(end, last + 1))


def import_lines(lines: Sequence[str], syntax: Syntax | None = None) -> list[int]:
    """Return the numbers of the top-level import lines, with those that continue them."""
    if syntax is not None:
        nodes = [node for node in syntax.root.named_children if node.type in IMPORTS]
        return [line for node in nodes for line in range(node.start_point.row, _last_row(node) + 1)]
    found: list[int] = []
    is_open = False
    for number, line in enumerate(lines[:_IMPORT_LINES_READ]):
        if is_open or _IMPORT.match(line):
            found.append(number)
            opened = line.count("(") + line.count("{") - line.count(")") - line.count("}")
            is_open = opened > 0 or (is_open and opened == 0)
    return found


def _last_row(node: "tree_sitter.Node") -> int:
    """Say where a node ends; one that takes its line end with it ends on the line before."""
    return node.end_point.row - (node.end_point.column == 0 and node.end_point.row > node.start_point.row)


def _is_head(line: str) -> bool:
    return bool(_DEFINITION.match(line) or _HEAD_BY_SHAPE.match(line))


def _goes_on(lines: Sequence[str], head: int) -> bool:
    return _end_of(lines, head) > head + 1


def _end_of(lines: Sequence[str], head: int) -> int:
    """Return the line behind a definition: behind its closing bracket, or its last line that is indented further."""
    width = _width(lines[head])
    end = head + 1
    for number in range(head + 1, len(lines)):
        if not lines[number].strip():
            continue
        if _width(lines[number]) <= width:
            return number + 1 if _CLOSING.match(lines[number]) else end
        end = number + 1
    return end


def _is_above(line: str, width: int) -> bool:
    return bool(line.strip()) and _width(line) < width and not _CLOSING.match(line)


def _width(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())

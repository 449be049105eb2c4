"""Which lines of a file belong to a selection: the definition around it, and the file's imports.

Read off indentation and first words, which hold in every language people ask about and in code that does not
parse; a selection is a hint to the model, not a proof.
"""

import re
from collections.abc import Sequence

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


def enclosing_definition(lines: Sequence[str], first: int, last: int) -> range:
    """Return the lines of the innermost definition around the lines from `first` to `last`; none is empty."""
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


def import_lines(lines: Sequence[str]) -> list[int]:
    """Return the numbers of the top-level import lines, with those that continue them."""
    found: list[int] = []
    is_open = False
    for number, line in enumerate(lines[:_IMPORT_LINES_READ]):
        if is_open or _IMPORT.match(line):
            found.append(number)
            opened = line.count("(") + line.count("{") - line.count(")") - line.count("}")
            is_open = opened > 0 or (is_open and opened == 0)
    return found


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

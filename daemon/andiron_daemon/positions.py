"""Places in a text as editors count them: LSP's lines and UTF-16 code units, both from zero."""

import re

import msgspec

from andiron_daemon.errors import InvalidRequestError

# LSP knows these three line ends; str.splitlines knows more.
_LINE_END = re.compile(r"\r\n|\n|\r")


class Position(msgspec.Struct, frozen=True):
    """A place between two characters."""

    line: int
    character: int


class Range(msgspec.Struct, frozen=True):
    """A half-open stretch of a text."""

    start: Position
    end: Position


def split_lines(text: str) -> list[str]:
    """Cut a text into its lines, without their ends; a text that ends in a line end has an empty last line."""
    return _LINE_END.split(text)


def position_after(text: str) -> Position:
    """Say where a text ends."""
    lines = text.count("\n") + text.count("\r") - text.count("\r\n")
    last_line = text[max(text.rfind("\n"), text.rfind("\r")) + 1 :]
    return Position(lines, len(last_line.encode("utf-16-le", "surrogatepass")) // 2)


def offset_of(text: str, position: Position, field: str = "position") -> int:
    """Find the character a position stands before; behind the end of its line means at the end, as in LSP.

    `field` is where the position was sent, for the error.

    Raises:
        InvalidRequestError: for a line that is not there, or a place inside a character.
    """
    start, end = _line_bounds(text, position, field)
    units = text[start:end].encode("utf-16-le", "surrogatepass")[: position.character * 2]
    before = units.decode("utf-16-le", "surrogatepass")
    if not text.startswith(before, start):
        raise InvalidRequestError(
            f"position {position.line}:{position.character} is inside a character",
            hint="Characters are UTF-16 code units; a pair of surrogates is one place.",
            details={"field": field},
        )
    return start + len(before)


def _line_bounds(text: str, position: Position, field: str) -> tuple[int, int]:
    """Find where a position's line begins and ends, reading no further than that."""
    start = lines = 0
    if position.line >= 0 and position.character >= 0:
        for match in _LINE_END.finditer(text):
            if lines == position.line:
                return start, match.start()
            lines += 1
            start = match.end()
        if lines == position.line:
            return start, len(text)
    count = position_after(text).line + 1
    raise InvalidRequestError(
        f"position {position.line}:{position.character} is not in the document, which has {count} lines",
        hint="Lines and characters count from zero, as in LSP.",
        details={"field": field, "lines": count},
    )

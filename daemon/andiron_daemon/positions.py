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


def offset_of(text: str, position: Position) -> int:
    """Find the character a position stands before; behind the end of its line means at the end, as in LSP.

    Raises:
        InvalidRequestError: for a line that is not there, or a place inside a character.
    """
    ends = list(_LINE_END.finditer(text))
    if not 0 <= position.line <= len(ends) or position.character < 0:
        raise InvalidRequestError(
            f"position {position.line}:{position.character} is not in the document, which has {len(ends) + 1} lines",
            hint="Lines and characters count from zero, as in LSP.",
            details={"field": "position", "lines": len(ends) + 1},
        )
    start = ends[position.line - 1].end() if position.line else 0
    end = ends[position.line].start() if position.line < len(ends) else len(text)
    units = text[start:end].encode("utf-16-le", "surrogatepass")[: position.character * 2]
    try:
        return start + len(units.decode("utf-16-le"))
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"position {position.line}:{position.character} is inside a character",
            hint="Characters are UTF-16 code units; a pair of surrogates is one place.",
            details={"field": "position"},
        ) from error

"""From the many ways linters count columns to LSP's: zero-based lines, UTF-16 code units.

Whatever a linter says is held inside the text: a line past the end is the last one, a column past the end of its
line is that end. A linter that is wrong about a place must not make the answer invalid.
"""

import re
from bisect import bisect_right
from enum import Enum
from functools import cached_property

from andiron_daemon.positions import Position, Range

_LINE_END = re.compile(r"\r\n|\n|\r")


class Unit(Enum):
    """What a linter's columns count."""

    CHARACTERS = "characters"
    BYTES = "bytes"
    UTF16 = "utf-16"


class Places:
    """Converts places in one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._ends = [*(match.start() for match in _LINE_END.finditer(text)), len(text)]
        self._is_ascii = text.isascii()

    def position(self, line: int, column: int, unit: Unit) -> Position:
        """Convert a line and a column, both counted from one."""
        line = min(max(line - 1, 0), len(self._starts) - 1)
        before = _beginning(self._line(line), max(column - 1, 0), unit)
        return Position(line, _units(before))

    def range(self, start: tuple[int, int], end: tuple[int, int], unit: Unit) -> Range:
        """Convert two places of lines and columns, each counted from one."""
        return _ordered(self.position(*start, unit), self.position(*end, unit))

    def at_character(self, offset: int) -> Position:
        """Convert a character counted from the text's beginning."""
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset) - 1
        end = min(offset, self._ends[line])
        return Position(line, _units(self._text[self._starts[line] : end]))

    def at_byte(self, offset: int) -> Position:
        """Convert a byte of UTF-8 counted from the text's beginning."""
        if self._is_ascii:
            return self.at_character(offset)
        line = max(bisect_right(self._byte_starts, max(offset, 0)) - 1, 0)
        before = _beginning(self._line(line), max(offset - self._byte_starts[line], 0), Unit.BYTES)
        return Position(line, _units(before))

    def at_unit(self, offset: int) -> Position:
        """Convert a UTF-16 code unit counted from the text's beginning."""
        if self._is_ascii:
            return self.at_character(offset)
        before = self._utf16[: max(offset, 0) * 2].decode("utf-16-le", "ignore")
        return self.at_character(len(before))

    def byte_range(self, start: int, end: int) -> Range:
        """Convert a stretch of bytes."""
        return _ordered(self.at_byte(start), self.at_byte(end))

    def word(self, position: Position) -> Range:
        """Widen a place to the word, number, sign or blanks that stand there; the end of a line stays empty."""
        line = self._line(position.line)
        start = len(_beginning(line, position.character, Unit.UTF16))
        match = _WORD.match(line, start)
        end = match.end() if match else start
        return Range(position, Position(position.line, _units(line[:end])))

    def whole_line(self, line: int) -> Range:
        """Return what stands on a line, counted from one, without the blanks around it."""
        number = min(max(line - 1, 0), len(self._starts) - 1)
        text = self._line(number)
        indentation = len(text) - len(text.lstrip())
        start, end = _units(text[:indentation]), _units(text.rstrip())
        return Range(Position(number, min(start, end)), Position(number, end))

    def length_of(self, line: int) -> int:
        """Count the characters of a line, which is counted from zero."""
        return self._ends[line] - self._starts[line]

    def clamped(self, place: Range) -> Range:
        """Hold a range inside the text."""
        return _ordered(self._clamped(place.start), self._clamped(place.end))

    def _clamped(self, position: Position) -> Position:
        return self.position(position.line + 1, position.character + 1, Unit.UTF16)

    def _line(self, number: int) -> str:
        return self._text[self._starts[number] : self._ends[number]]

    @cached_property
    def _byte_starts(self) -> list[int]:
        starts = [0]
        for number in range(1, len(self._starts)):
            piece = self._text[self._starts[number - 1] : self._starts[number]]
            starts.append(starts[-1] + len(piece.encode("utf-8", "replace")))
        return starts

    @cached_property
    def _utf16(self) -> bytes:
        return self._text.encode("utf-16-le", "surrogatepass")


_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def _beginning(line: str, count: int, unit: Unit) -> str:
    """Cut a line after so many units, at a whole character."""
    if unit is Unit.CHARACTERS or line.isascii():
        return line[:count]
    if unit is Unit.BYTES:
        return line.encode("utf-8", "replace")[:count].decode("utf-8", "ignore")
    return line.encode("utf-16-le", "surrogatepass")[: count * 2].decode("utf-16-le", "ignore")


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _ordered(start: Position, end: Position) -> Range:
    is_ordered = (start.line, start.character) <= (end.line, end.character)
    return Range(start, end) if is_ordered else Range(start, start)

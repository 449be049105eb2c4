"""From bytes, as a tree counts, to positions, as editors do: lines end where LSP says, characters are UTF-16."""

import re
from bisect import bisect_right

from andiron_daemon.positions import Position, Range

_LINE_END = re.compile(rb"\r\n|\n|\r")
# Bytes that begin no character, and those that begin one of two UTF-16 code units.
_FURTHER = bytes(range(0x80, 0xC0))
_DOUBLE = bytes(range(0xF0, 0x100))
# Minified code has lines of megabytes; from one mark to the next is a short way.
_MARK_BYTES = 4096


class Places:
    """The lines of a text in UTF-8, with a lone surrogate as one byte, as `syntax.parse` encodes it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # Where each line begins.
        self.starts = [0, *(match.end() for match in _LINE_END.finditer(data))]
        self._is_ascii = data.isascii()
        self._marks: dict[int, list[int]] = {}

    @property
    def line_count(self) -> int:
        """Count lines as people do: a line end at the very end begins no further one."""
        return len(self.starts) - (self.starts[-1] == len(self.data))

    def line_of(self, byte: int) -> int:
        """Say on which line, from zero, a byte is."""
        return bisect_right(self.starts, byte) - 1

    def line(self, number: int) -> bytes:
        """Return a line with its end."""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.data)
        return self.data[self.starts[number] : end]

    def indentation_of(self, byte: int) -> int:
        """Say how far the line of a byte is indented, a tab counting as one."""
        line = self.line(self.line_of(byte))
        return len(line) - len(line.lstrip(b" \t"))

    def position_of(self, byte: int) -> Position:
        """Say where a byte is; one inside a character counts as its beginning."""
        byte = min(max(byte, 0), len(self.data))
        line = self.line_of(byte)
        start = self.starts[line]
        if self._is_ascii:
            return Position(line, byte - start)
        while start < byte < len(self.data) and self.data[byte] & 0xC0 == 0x80:
            byte -= 1
        marks = (byte - start) // _MARK_BYTES
        before = self._units_at(line, marks) if marks else 0
        return Position(line, before + _units(self.data[start + marks * _MARK_BYTES : byte]))

    def _units_at(self, line: int, mark: int) -> int:
        """Count the code units of a long line up to one of its marks, each counted once."""
        known = self._marks.setdefault(line, [0])
        start = self.starts[line]
        while len(known) <= mark:
            from_byte = start + (len(known) - 1) * _MARK_BYTES
            known.append(known[-1] + _units(self.data[from_byte : from_byte + _MARK_BYTES]))
        return known[mark]

    def range_of(self, start: int, end: int) -> Range:
        """Say where a stretch of bytes is."""
        return Range(self.position_of(start), self.position_of(end))


def _units(stretch: bytes) -> int:
    characters = len(stretch.translate(None, _FURTHER))
    return characters + len(stretch) - len(stretch.translate(None, _DOUBLE))

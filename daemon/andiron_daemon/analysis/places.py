"""From bytes, as a tree counts, to positions, as editors do: lines end where LSP says, characters are UTF-16."""

import re
from bisect import bisect_right

from andiron_daemon.positions import Position, Range

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Places:
    """The lines of a text in UTF-8, with a lone surrogate as one byte, as `syntax.parse` encodes it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # Where each line begins.
        self.starts = [0, *(match.end() for match in _LINE_END.finditer(data))]
        self._is_ascii = data.isascii()

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
        before = self.data[start:byte].decode("utf-8", "ignore")
        return Position(line, len(before) + sum(character > "\uffff" for character in before))

    def range_of(self, start: int, end: int) -> Range:
        """Say where a stretch of bytes is."""
        return Range(self.position_of(start), self.position_of(end))

"""The end of a log file."""

from collections import deque
from pathlib import Path


def last_lines(file: Path, count: int) -> list[str]:
    """Return the last lines of a file."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        return [line.rstrip("\n") for line in deque(stream, maxlen=max(0, count))]

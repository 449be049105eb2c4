"""The end of a log file, and what is added to it."""

import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

_LOOK_SECONDS = 0.25


def last_lines(file: Path, count: int) -> list[str]:
    """Return the last lines of a file."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        return [line.rstrip("\n") for line in deque(stream, maxlen=max(0, count))]


def follow_file(file: Path, show: Callable[[str], object]) -> None:
    """Show every line that is added from now on, also after the file was rotated, until Ctrl-C."""
    stream = file.open(encoding="utf-8", errors="replace")
    try:
        stream.seek(0, os.SEEK_END)
        while True:
            line = stream.readline()
            if line:
                show(line.rstrip("\n"))
                continue
            time.sleep(_LOOK_SECONDS)
            if file.exists() and file.stat().st_ino != os.fstat(stream.fileno()).st_ino:
                stream.close()
                stream = file.open(encoding="utf-8", errors="replace")
    finally:
        stream.close()

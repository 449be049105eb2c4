"""What the person sees: one line a step, moving while the step goes on.

On a terminal the line is rewritten in place; elsewhere a step that takes long says every half minute how far
it is, so that a log stays short.
"""

import shutil
import sys
import time
from typing import TextIO

_HEARTBEAT_SECONDS = 30.0
_NAME_WIDTH = 13


def duration(seconds: float) -> str:
    """Say a span of time as a person would read it off a clock."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


class Console:
    """Writes lines to `stream`; `live` says whether a line may be rewritten."""

    def __init__(self, stream: TextIO | None = None, *, live: bool | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty() if live is None else live
        self._open = False

    def say(self, text: str = "") -> None:
        """Write a line of its own."""
        self.end_line()
        print(text, file=self._stream, flush=True)

    def step(self, name: str) -> "StepLine":
        """Begin the line of a step."""
        return StepLine(self, name)

    def rewrite(self, text: str) -> None:
        """Put `text` in place of the line that is still open."""
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width), end="", file=self._stream, flush=True)
        self._open = True

    @property
    def live(self) -> bool:
        """Whether lines may be rewritten."""
        return self._live

    def end_line(self) -> None:
        """Clear a line that is still open, so that what follows, on whatever stream, begins a line of its own."""
        if self._open:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + " " * width + "\r", end="", file=self._stream, flush=True)
            self._open = False


class StepLine:
    """One step: what it does now, and in the end what came of it."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._name = name
        self._began = time.monotonic()
        self._said = self._began

    @property
    def elapsed_seconds(self) -> float:
        """How long the step has been going on."""
        return time.monotonic() - self._began

    def doing(self, text: str) -> None:
        """Show what goes on; cheap enough to be called for every line of a log."""
        line = f"  {self._name:<{_NAME_WIDTH}}{text}"
        if self._console.live:
            self._console.rewrite(f"{line}  ({duration(self.elapsed_seconds)})")
        elif time.monotonic() - self._said >= _HEARTBEAT_SECONDS:
            self._said = time.monotonic()
            self._console.say(f"{line}  ({duration(self.elapsed_seconds)})")

    def done(self, text: str) -> None:
        """Close the step with what came of it."""
        took = f"  ({duration(self.elapsed_seconds)})" if self.elapsed_seconds >= 1 else ""
        self._console.say(f"  {self._name:<{_NAME_WIDTH}}{text}{took}")

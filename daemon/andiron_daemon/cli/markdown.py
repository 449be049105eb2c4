"""Markdown that comes piece by piece, rendered on a terminal: each block when it is complete.

What is not complete yet is shown below as it is, and replaced once it is. On anything but a terminal nobody
should come here: there the text itself is wanted.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

_FENCES = ("```", "~~~")
_REFRESH_SECONDS = 0.05


class MarkdownPrinter:
    """Takes in text; made by `markdown_printer`."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console = console
        self._live = live
        self._pending = ""
        self._is_first = True
        self._shown_at = float("-inf")

    def write(self, text: str) -> None:
        """Take in more text and show what there is."""
        blocks, self._pending = split_blocks(self._pending + text)
        for block in blocks:
            self._print(block)
        now = time.monotonic()
        is_due = now - self._shown_at >= _REFRESH_SECONDS  # a quick model would keep a core busy drawing
        self._live.update(Text(self._tail()), refresh=is_due)
        if is_due:
            self._shown_at = now

    def finish(self) -> None:
        """Render what is left."""
        self._live.update(Text(""))
        self._live.stop()
        if self._pending.strip():
            self._print(self._pending)
        self._pending = ""

    def _print(self, block: str) -> None:
        if not self._is_first:
            self._console.print()
        self._is_first = False
        # Links are shown with where they lead, since the text is a model's.
        self._console.print(Markdown(block, hyperlinks=False))

    def _tail(self) -> str:
        """Return the last lines, as many as surely fit on the screen."""
        return "\n".join(self._pending.split("\n")[-max(1, self._console.height // 2) :])


@contextmanager
def markdown_printer() -> Iterator[MarkdownPrinter]:
    """Render on stdout; what has come is shown also when the block is left by an error."""
    console = Console(highlight=False)
    with Live(console=console, transient=True, auto_refresh=False) as live:
        printer = MarkdownPrinter(console, live)
        try:
            yield printer
        finally:
            printer.finish()


def split_blocks(text: str) -> tuple[list[str], str]:
    """Cut text behind its complete blocks: at blank lines that are not in a fence; the rest may still grow."""
    blocks: list[str] = []
    lines: list[str] = []
    fence = ""
    *whole, last = text.split("\n")
    for line in whole:
        mark = line.strip()
        if fence:
            fence = "" if mark.startswith(fence) and not mark.strip(fence[0]) else fence
        elif mark.startswith(_FENCES):
            fence = mark[: len(mark) - len(mark.lstrip(mark[0]))]
        elif not mark:
            if any(part.strip() for part in lines):
                blocks.append("\n".join(lines))
            lines = []
            continue
        lines.append(line)
    return blocks, "\n".join([*lines, last])

"""An answer as it comes: its text on stdout, and who gave it, how fast and what was cut on stderr.

A terminal is shown the Markdown rendered, a pipe the text itself.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from andiron_daemon.cli.output import note, plain, waiting
from andiron_daemon.client import Event


def show_answer(
    events: Iterable[Event], on_start: Callable[[dict[str, Any]], None], *, is_rendered: bool | None = None
) -> None:
    """Print the text of a stream, then its closing line; hand on what the `start` event tells.

    Unless `is_rendered` says otherwise, Markdown is rendered where a person reads it.
    """
    closing: dict[str, Any] | None = None
    output = _rendered if (_is_read_by_a_person() if is_rendered is None else is_rendered) else _as_it_is
    with ExitStack() as until_the_first_word, ExitStack() as until_the_end:
        until_the_first_word.enter_context(waiting("Waiting for the first word; Ctrl-C cancels"))
        write: Callable[[str], None] | None = None
        for event in events:
            if event.name == "start":
                on_start(event.data)
            elif event.name == "delta":
                if write is None:
                    until_the_first_word.close()
                    write = until_the_end.enter_context(output())
                write(plain(event.data["text"]))
            elif event.name == "done":
                closing = event.data
    if closing is not None:
        show_closing(closing)


def _is_read_by_a_person() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def _as_it_is() -> Iterator[Callable[[str], None]]:
    """Write text as it comes; also after an error or Ctrl-C, what is said next gets a line of its own."""

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    try:
        yield write
    finally:
        click.echo()


@contextmanager
def _rendered() -> Iterator[Callable[[str], None]]:
    from andiron_daemon.cli.markdown import markdown_printer

    with markdown_printer() as printer:
        yield printer.write


def show_closing(body: dict[str, Any]) -> None:
    """Say who answered, how fast, and what an honest answer must not hide."""
    note(closing_line(body))
    if fallback := body.get("fallback"):
        note(f"{fallback['from_backend']} could not answer: {fallback['message']}")
    if masked := body.get("masked"):
        note(f"{masked} {'secret was' if masked == 1 else 'secrets were'} masked before it was sent")
    if withheld := body.get("withheld"):
        note(f"private, and not sent: {', '.join(map(plain, withheld))}")
    if truncated := body.get("truncated"):
        note(f"{truncated['dropped_tokens']} tokens did not fit and were left out: {truncated['what']}")
    if body.get("finish_reason") == "length":
        note("It was cut at the longest length allowed.")


def closing_line(body: dict[str, Any]) -> str:
    """Return `backend · model · N tokens · S tokens/s`."""
    count = body["usage"]["completion_tokens"]
    seconds = body["timings"]["generate_ms"] / 1000
    parts = [body["backend"] or "nobody", body["model"] or "no model", f"{count} tokens"]
    if count and seconds > 0:
        parts.append(f"{count / seconds:.1f} tokens/s")
    return " · ".join(parts)

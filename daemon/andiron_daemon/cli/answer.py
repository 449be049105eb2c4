"""An answer as it comes: its text on stdout, and who gave it, how fast and what was cut on stderr."""

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import click

from andiron_daemon.cli.output import note, plain, waiting
from andiron_daemon.client import Event


def show_answer(events: Iterable[Event], on_start: Callable[[dict[str, Any]], None]) -> None:
    """Print the text of a stream, then its closing line; hand on what the `start` event tells."""
    closing: dict[str, Any] | None = None
    is_line_open = False
    with ExitStack() as until_the_first_word:
        until_the_first_word.enter_context(waiting("Waiting for the first word; Ctrl-C cancels"))
        try:
            for event in events:
                if event.name == "start":
                    on_start(event.data)
                elif event.name == "delta":
                    until_the_first_word.close()
                    _write(event.data["text"])
                    is_line_open = True
                elif event.name == "done":
                    closing = event.data
        finally:
            # Also after an error or Ctrl-C: what is said next gets a line of its own.
            if is_line_open:
                click.echo()
    if closing is not None:
        show_closing(closing)


def _write(text: str) -> None:
    sys.stdout.write(plain(text))
    sys.stdout.flush()


def show_closing(body: dict[str, Any]) -> None:
    """Say who answered, how fast, and what an honest answer must not hide."""
    note(closing_line(body))
    if fallback := body.get("fallback"):
        note(f"{fallback['from_backend']} could not answer: {fallback['message']}")
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

"""What the commands show: errors, tables, and text from a model made safe for a terminal."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

# Everything below space but tab and line break, DEL, and the C1 range: what a terminal may obey.
_CONTROLS = {code: None for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\t\n"}


def print_error(message: str, hint: str | None, status: int) -> int:
    """Print an error and its hint on stderr and return the exit status."""
    click.echo(f"{click.style('error:', fg='red')} {message}", err=True)
    if hint:
        click.echo(f"{click.style('hint:', fg='cyan')} {hint}", err=True)
    return status


def note(text: str) -> None:
    """Print a line beside the answer, on stderr."""
    click.echo(click.style(text, dim=True), err=True)


def plain(text: str) -> str:
    """Take out the characters by which text from a model could steer the terminal it is shown on."""
    return text.translate(_CONTROLS)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows aligned on a terminal, and separated by tabs anywhere else."""
    if not sys.stdout.isatty():
        for row in (headers, *rows):
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@contextmanager
def waiting(for_what: str) -> Iterator[None]:
    """Show on a terminal that something is awaited; what is shown is gone at the end of the block."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(for_what):
        yield


def human_bytes(size: float) -> str:
    """Render a size for people."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def human_seconds(seconds: float) -> str:
    """Render a span for people, by its two largest units."""
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0 s"

"""`andiron complete FILE:LINE:COL`: the suggestion an editor would get there."""

import io
from pathlib import Path
from typing import Any

import click
import msgspec

from andiron_daemon.cli.answer import show_closing
from andiron_daemon.cli.connection import connect, start_option
from andiron_daemon.cli.output import note, plain, waiting


class Place(msgspec.Struct, frozen=True):
    """A place in a file, counted from 1 as editors show it."""

    file: Path
    line: int
    column: int


def _place(_ctx: click.Context, _param: click.Parameter, value: str) -> Place:
    """Read FILE:LINE:COL from its end, since a path may have colons of its own."""
    parts = value.rsplit(":", 2)
    if len(parts) != 3 or not parts[0] or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise click.BadParameter(f"{value!r} is not FILE:LINE:COL, for example main.py:12:5")
    if int(parts[1]) < 1 or int(parts[2]) < 1:
        raise click.BadParameter("lines and columns are counted from 1")
    return Place(Path(parts[0]), int(parts[1]), int(parts[2]))


@click.command("complete", short_help="Complete code at a place in a file.")
@click.argument("place", callback=_place, metavar="FILE:LINE:COL")
@click.option("--backend", help="Who is to answer: local, openai, auto, or a plug-in.")
@click.option("--model", help="The model that is to answer.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The longest suggestion.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@start_option
def command(place: Place, as_json: bool, start: bool | None, **choices: str | int | None) -> None:
    """Print what would come at a place; LINE and COL are counted from 1, as editors show them."""
    prefix, suffix = split_at(place)
    body: dict[str, Any] = {"prefix": prefix, "suffix": suffix, "path": str(place.file)}
    body.update({name: value for name, value in choices.items() if value is not None})
    client = connect(start)
    with waiting("Waiting for the completion; Ctrl-C cancels"):
        answer = client.post("/api/v1/code/complete", body)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(answer)))
        return
    if not answer["completions"]:
        note(f"No suggestion there: {answer.get('reason', 'none given')}.")
        return
    click.echo(plain(answer["completions"][0]["text"]))
    show_closing(answer)


def split_at(place: Place) -> tuple[str, str]:
    """Split a file's text at a place.

    Raises:
        click.BadParameter: if the file cannot be read, or has no such place.
    """
    try:
        text = place.file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise click.BadParameter(f"{place.file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{place.file} is not UTF-8 text") from error
    # Not splitlines(): to editors a form feed or a U+2028 does not end a line.
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1].endswith(("\r", "\n")):
        lines.append("")
    if place.line > len(lines):
        raise click.BadParameter(f"{place.file} has {len(lines)} lines; there is no line {place.line}")
    line = lines[place.line - 1]
    length = len(line.rstrip("\r\n"))
    if place.column > length + 1:
        raise click.BadParameter(
            f"line {place.line} of {place.file} ends at column {length + 1}; there is no column {place.column}"
        )
    offset = sum(map(len, lines[: place.line - 1])) + place.column - 1
    return text[:offset], text[offset:]

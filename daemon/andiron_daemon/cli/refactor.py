"""`andiron refactor FILE[:START-END]`: the diff to better code, or the better code itself in the file."""

from pathlib import Path
from typing import Any

import click
import msgspec

from andiron_daemon.cli.answer import show_closing
from andiron_daemon.cli.output import note, plain
from andiron_daemon.cli.target import ask, body_of, target_options
from andiron_daemon.errors import InvalidRequestError


@click.command("refactor", short_help="Write code better.")
@target_options
@click.option("--instruction", help="What is to be made better, in your words.")
@click.option("--write", is_flag=True, help="Change the file instead of printing the diff.")
def command(target: str, as_json: bool, start: bool | None, write: bool, **choices: str | int | None) -> None:
    """Print a diff that makes a file better, or the lines named of it; `git apply` takes it."""
    body = body_of(target, **choices)
    file = Path(body["path"])
    if file.is_relative_to(Path.cwd()):
        # What `git apply` takes names files from where it is run.
        body["path"] = file.relative_to(Path.cwd()).as_posix()
    answer = ask("refactor", body, start)
    if write:
        _write(file, body["code"], answer["code"])
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(answer)))
        return
    if not write:
        click.echo(plain(answer["diff"]), nl=False)
    if not answer["edits"]:
        note("Nothing to be made better was found.")
    for change in answer["changes"]:
        note(_told(change))
    show_closing(answer)


def _told(change: dict[str, Any]) -> str:
    return plain(f"- {change['title']}: {change['why']}" if change["why"] else f"- {change['title']}")


def _write(file: Path, expected: str, text: str) -> None:
    """Write the file, unless somebody else did meanwhile."""
    if file.read_bytes() != expected.encode("utf-8"):
        raise InvalidRequestError(f"{file} was changed meanwhile", hint="Run the command again.")
    if text != expected:
        file.write_bytes(text.encode("utf-8"))
        note(f"Changed {file}")

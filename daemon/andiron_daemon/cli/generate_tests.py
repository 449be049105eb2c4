"""`andiron generate-tests FILE[:START-END]`: tests for code, printed or put where they belong."""

from pathlib import Path

import click
import msgspec

from andiron_daemon.cli.answer import show_closing
from andiron_daemon.cli.output import note, plain
from andiron_daemon.cli.target import ask, body_of, target_options
from andiron_daemon.errors import InvalidRequestError


@click.command("generate-tests", short_help="Write tests for code.")
@target_options
@click.option("--framework", help="Instead of the one the project uses, for example pytest or vitest.")
@click.option("--write", is_flag=True, help="Write the file instead of printing it; never over another.")
def command(target: str, as_json: bool, start: bool | None, write: bool, **choices: str | int | None) -> None:
    """Print tests for a file, or the lines named of it. They are not run: look at them before you do."""
    answer = ask("generate-tests", body_of(target, **choices), start)
    if write:
        _write(Path(answer["path"]), answer["tests"])
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(answer)))
        return
    if not write:
        click.echo(plain(answer["tests"]), nl=False)
    note(f"{answer['framework']}, for {answer['path']}; it covers {', '.join(answer['covers'])}")
    if answer.get("unconfirmed"):
        note(f"Look twice at {', '.join(answer['unconfirmed'])}: the model itself is not sure of the values.")
    show_closing(answer)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise InvalidRequestError(f"{file} is there already", hint="Leave --write out, and merge by hand.") from error
    except OSError as error:
        raise InvalidRequestError(f"{file}: cannot be written: {error.strerror}") from error
    note(f"Wrote {file}")

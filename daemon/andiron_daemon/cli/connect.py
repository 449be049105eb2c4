"""`andiron connect`: what another client has to be told to ask Andiron, printed or put into its file."""

from pathlib import Path

import click

from andiron_daemon.cli.output import note
from andiron_daemon.client import running_daemon
from andiron_daemon.connect.clients import ANY_MODEL, CLIENTS, Target
from andiron_daemon.connect.errors import ConnectError
from andiron_daemon.connect.undoing import connections, remember, undo
from andiron_daemon.connect.writing import shown, write
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.settings import load_settings
from andiron_daemon.tokens import find_token


@click.command("connect", short_help="Configure another client to ask Andiron.")
@click.argument("client", type=click.Choice(sorted(CLIENTS)))
@click.option("--write", "is_written", is_flag=True, help="Put it into the client's file, and keep what was there.")
@click.option("--undo", "is_undone", is_flag=True, help="Take out again what --write put in, and keep all else.")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="The client's file, if not the usual.")
@click.option("--model", default=ANY_MODEL, show_default=True, help="The model to ask for; this name means any.")
@click.option("--url", help="Where Andiron is, if not where it runs now.")
def command(client: str, is_written: bool, is_undone: bool, file: Path | None, model: str, url: str | None) -> None:
    """Print the configuration with the address and the token in it, or with --write put it into the client's file."""
    if is_written and is_undone:
        raise click.UsageError("Say --write or --undo.")
    described = CLIENTS[client]
    paths = find_paths()
    place = file or (described.file() if described.file is not None else None)
    if is_undone:
        _undo(paths, client, file)
        return
    target = _target(paths, url, model)
    if not is_written:
        note(f"# {described.title}: {place}" if place else f"# {described.title}")
        click.echo(shown(described, target), nl=False)
        if described.after:
            note(f"# {described.after}")
        return
    if place is None:
        raise ConnectError(f"{described.title} has no usual file", hint="Name one with --file.")
    written = write(described, target, place)
    remember(paths, client, written)
    if not written.changed:
        note(f"{written.file} says so already")
        return
    note(f"{written.file} is written" + (f"; what was there is in {written.backup}" if written.backup else ""))
    if described.after:
        note(described.after)


def _undo(paths: Paths, client: str, file: Path | None) -> None:
    """Undo what was written for a client, in one file or in all there are."""
    named = None if file is None else str(file.expanduser().resolve())
    files = {one.file: None for one in connections(paths) if one.client == client and named in (None, one.file)}
    if not files:
        where = f" into {named}" if named else ""
        raise ConnectError(
            f"nothing was written for {CLIENTS[client].title}{where}",
            hint="Only what `andiron connect --write` put in can be taken out by it.",
        )
    for path in files:
        undo(paths, Path(path), client)
        note(f"{path} is without Andiron again")


def _target(paths: Paths, url: str | None, model: str) -> Target:
    settings = load_settings(paths)
    token = find_token(settings, paths) if settings.auth else ""
    if token is None:
        raise DaemonError("there is no token yet", hint="`andiron serve` makes one when it first runs.")
    record = running_daemon(paths)
    if url is None:
        host = settings.host if settings.host not in ("0.0.0.0", "::", "localhost", "::1") else "127.0.0.1"  # noqa: S104 -- it is compared
        url = record.url if record is not None else f"http://{host}:{settings.port}"
    return Target(url=url.rstrip("/"), token=token, model=model)

"""`andiron connect`: what another client has to be told to ask Andiron, printed or put into its file."""

from pathlib import Path

import click

from andiron_daemon.cli.output import note
from andiron_daemon.client import running_daemon
from andiron_daemon.connect.clients import ANY_MODEL, CLIENTS, Target
from andiron_daemon.connect.errors import ConnectError
from andiron_daemon.connect.writing import shown, write
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.settings import load_settings
from andiron_daemon.tokens import find_token


@click.command("connect", short_help="Configure another client to ask Andiron.")
@click.argument("client", type=click.Choice(sorted(CLIENTS)))
@click.option("--write", "is_written", is_flag=True, help="Put it into the client's file, and keep what was there.")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="The client's file, if not the usual.")
@click.option("--model", default=ANY_MODEL, show_default=True, help="The model to ask for; this name means any.")
@click.option("--url", help="Where Andiron is, if not where it runs now.")
def command(client: str, is_written: bool, file: Path | None, model: str, url: str | None) -> None:
    """Print the configuration with the address and the token in it, or with --write put it into the client's file."""
    described = CLIENTS[client]
    target = _target(find_paths(), url, model)
    place = file or (described.file() if described.file is not None else None)
    if not is_written:
        note(f"# {described.title}: {place}" if place else f"# {described.title}")
        click.echo(shown(described, target), nl=False)
        if described.after:
            note(f"# {described.after}")
        return
    if place is None:
        raise ConnectError(f"{described.title} has no usual file", hint="Name one with --file.")
    written = write(described, target, place)
    if not written.changed:
        note(f"{written.file} says so already")
        return
    note(f"{written.file} is written" + (f"; what was there is in {written.backup}" if written.backup else ""))
    if described.after:
        note(described.after)


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

"""`andiron token`: where the token is, the token itself, or a new one in its place."""

import click

from andiron_daemon.client import find_client
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.runfile import AlreadyRunningError, single_instance
from andiron_daemon.settings import Settings, load_settings
from andiron_daemon.tokens import find_token, replace_token

_TRIES = 3


@click.group("token", short_help="Show where the token is, or change it.", invoke_without_command=True)
@click.option("--show", is_flag=True, help="Print the token itself, for a script or an editor's settings.")
@click.pass_context
def command(context: click.Context, show: bool) -> None:
    """Print the path of the token's file, or with --show the token that clients must send."""
    if context.invoked_subcommand is not None:
        return
    paths = find_paths()
    settings = load_settings(paths)
    token = find_token(settings, paths)
    if token is None:
        raise DaemonError("there is no token yet", hint="`andiron serve` makes one when it first runs.")
    if show:
        click.echo(token)
    elif settings.token:
        click.echo(_source(settings))
    else:
        click.echo(str(paths.token_file))


@command.command("rotate", short_help="Put a new token in force, at once.")
def rotate() -> None:
    """Put a new token in force: the old one is refused from now on, and every browser is signed out.

    Clients that read the token's file follow by themselves; where the token was copied to, it must be changed.
    """
    paths = find_paths()
    settings = load_settings(paths)
    if settings.token:
        raise DaemonError(
            f"the token is given by {_source(settings)}", hint="Change it there, then start Andiron again."
        )
    for _ in range(_TRIES):
        if _is_rotated(settings, paths):
            click.echo(str(paths.token_file))
            return
    raise DaemonError("Andiron is starting or stopping", hint="Try again in a moment.")


def _is_rotated(settings: Settings, paths: Paths) -> bool:
    """Let the running daemon change it, or do it where none runs; tell whether either could be."""
    client = find_client(paths)
    if client is not None:
        client.post("/api/v1/system/token/rotate")
        return True
    if find_token(settings, paths) is None:
        raise DaemonError("there is no token yet", hint="`andiron serve` makes one when it first runs.")
    try:
        # Held, so that no daemon reads the old one meanwhile.
        with single_instance(paths):
            replace_token(paths.token_file)
    except AlreadyRunningError:
        return False
    return True


def _source(settings: Settings) -> str:
    return f"{settings.sources['token']} (ANDIRON_TOKEN)"

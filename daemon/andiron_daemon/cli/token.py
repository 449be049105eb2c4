"""`andiron token`: where the token is, or the token itself."""

import click

from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import find_paths
from andiron_daemon.settings import load_settings
from andiron_daemon.tokens import find_token


@click.command("token", short_help="Show where the token is.")
@click.option("--show", is_flag=True, help="Print the token itself, for a script or an editor's settings.")
def command(show: bool) -> None:
    """Print the path of the token's file, or with --show the token that clients must send."""
    paths = find_paths()
    settings = load_settings(paths)
    token = find_token(settings, paths)
    if token is None:
        raise DaemonError("there is no token yet", hint="`andiron serve` makes one when it first runs.")
    if show:
        click.echo(token)
    elif settings.token:
        click.echo(f"{settings.sources['token']} (ANDIRON_TOKEN)")
    else:
        click.echo(str(paths.token_file))

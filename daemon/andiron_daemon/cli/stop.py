"""`andiron stop`: ask the daemon to end and wait until it has."""

import os
import signal

import click

from andiron_daemon.client import ClientError, find_client, running_daemon, wait_until_stopped
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import find_paths


@click.command("stop", short_help="Stop the daemon.")
@click.option("--timeout", "timeout_seconds", default=15.0, show_default=True, help="Seconds to wait for its end.")
def command(timeout_seconds: float) -> None:
    """Stop the running daemon; answers in progress are cancelled."""
    paths = find_paths()
    record = running_daemon(paths)
    client = find_client(paths)
    if record is None or client is None:
        click.echo("Andiron is not running", err=True)
        return
    try:
        client.stop()
    except ClientError:
        # It does not answer or not to this token; the lock says that the pid is truly its own.
        os.kill(record.pid, signal.SIGTERM)
    if not wait_until_stopped(paths, timeout_seconds=timeout_seconds):
        raise DaemonError(
            f"Andiron (pid {record.pid}) is still running after {timeout_seconds:g} s",
            hint=f"End it with `kill -9 {record.pid}`; what was acknowledged is on disk.",
        )
    click.echo(f"Andiron stopped (pid {record.pid})", err=True)

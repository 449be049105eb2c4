"""How a command gets to the running daemon: find it, or offer to start it."""

import sys
from collections.abc import Callable
from typing import Any

import click

from andiron_daemon.cli.output import note
from andiron_daemon.client import Client, find_client
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths, find_paths


class NotRunningError(DaemonError):
    """There is no daemon to talk to."""

    status = 3

    def __init__(self, *, may_start: bool = True) -> None:
        also = ", or add --start" if may_start else ""
        super().__init__("Andiron is not running", hint=f"Start it with `andiron serve --detach`{also}.")


def start_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the --start/--no-start switch."""
    return click.option(
        "--start/--no-start", "start", default=None, help="Start Andiron if it is not running, or never do."
    )(command)


def connect(start: bool | None = None, *, timeout_seconds: float = 120.0) -> Client:
    """Return a client of the running daemon; start one if `start`, or if the person at the terminal agrees.

    Raises:
        NotRunningError: if there is none and none is to be started.
    """
    paths = find_paths()
    client = find_client(paths, timeout_seconds=timeout_seconds)
    if client is not None:
        return client
    if start is None and sys.stdin.isatty() and sys.stderr.isatty():
        start = click.confirm("Andiron is not running. Start it?", default=True, err=True)
    if not start:
        raise NotRunningError
    return _started(paths, timeout_seconds)


def _started(paths: Paths, timeout_seconds: float) -> Client:
    from andiron_daemon.background import start_in_background

    record = start_in_background(paths)
    note(f"Andiron is ready at {record.url}")
    client = find_client(paths, timeout_seconds=timeout_seconds)
    if client is None:
        raise NotRunningError
    return client

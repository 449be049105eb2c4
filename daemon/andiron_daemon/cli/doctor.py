"""`andiron doctor`: looks at everything, says what is wrong and what to do, and ends with a report to hand on.

Exit status: 0 all is well or there are warnings only · 1 something fails.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from andiron_daemon.cli.connection import NotRunningError, connect
from andiron_daemon.cli.output import plain
from andiron_daemon.client import Client, find_client
from andiron_daemon.doctor.machine import machine_checks
from andiron_daemon.doctor.offline import offline_checks
from andiron_daemon.doctor.running import running_checks
from andiron_daemon.doctor.verdict import Check, Verdict, as_text, report_of
from andiron_daemon.errors import ConfigurationError, DaemonError
from andiron_daemon.logs import Redactor
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.settings import Settings, load_settings
from andiron_daemon.tokens import find_token

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor", short_help="Look whether everything is well.")
@click.option("--offline", is_flag=True, help="Prove that a completion and a chat open no outbound connection.")
@click.option("--start/--no-start", "start", default=False, help="Start Andiron if it is not running.")
@click.option("--report", is_flag=True, help="Print only the report, without colours and without secrets.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(offline: bool, start: bool, report: bool, as_json: bool) -> int:
    """Look at environment, model, speeds, permissions, port, service, tray and connectivity, a line each."""
    paths = find_paths()
    is_quiet = report or as_json
    checks: list[Check] = []
    clean = _cleaner(paths)
    for check in _checks(paths, offline=offline, start=start):
        checks.append(check)
        if not is_quiet:
            _show(check)
    made = report_of(checks, clean)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(made)))
    else:
        if not is_quiet:
            click.echo("\nTo hand on (nothing secret is in it):\n")
        click.echo(as_text(made), nl=False)
    return 1 if made.worst == "fail" else 0


def _checks(paths: Paths, *, offline: bool, start: bool) -> Iterator[Check]:
    yield from machine_checks(paths, is_offline=offline)
    yield _service(paths)
    yield from running_checks(_client(paths, start=start))
    if offline:
        yield from offline_checks()


def _client(paths: Paths, *, start: bool) -> Client | None:
    if not start:
        return find_client(paths, timeout_seconds=120.0)
    try:
        return connect(start=True)
    except NotRunningError:
        return None


def _service(paths: Paths) -> Check:
    """Ask the service manager; where there is none, a daemon is started by hand, and that is fine."""
    from andiron_installer.service.service import Service

    try:
        outlook = Service(paths).outlook()
    except DaemonError as error:
        return Check(name="service", verdict="warn", said=error.message, hint=error.hint or "")
    if not outlook.installed:
        said = f"not installed ({outlook.manager})"
        return Check(name="service", verdict="ok", said=said, hint="`andiron service install` starts it at sign-in.")
    said = f"{outlook.name} ({outlook.manager}): {outlook.activity}{f', {outlook.detail}' if outlook.detail else ''}"
    verdict: Verdict = "warn" if outlook.activity == "failed" else "ok"
    return Check(name="service", verdict=verdict, said=said, hint=outlook.hint)


def _cleaner(paths: Paths) -> Callable[[str], str]:
    """Make what takes secrets and a person's home out of a text that is handed on."""
    try:
        settings = load_settings(paths)
    except ConfigurationError:
        settings = Settings()
    token = find_token(settings, paths) or ""
    redact = Redactor((token, settings.openai_api_key, settings.sentry_dsn))
    home = str(Path.home())
    return lambda text: redact(text).replace(home, "~") if len(home) > 1 else redact(text)


def _show(check: Check) -> None:
    click.echo(f"{click.style(f'{check.verdict:<4}', fg=_COLOURS[check.verdict])}  {check.name}: {plain(check.said)}")
    if check.hint and check.verdict != "ok":
        click.echo(f"      {click.style('hint:', fg='cyan')} {plain(check.hint)}")
    sys.stdout.flush()

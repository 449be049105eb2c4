"""`andiron service`: have the daemon there after login and after a crash, without administrator rights."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

import click
import msgspec

from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.program import own_command
from andiron_daemon.settings import SETTINGS
from andiron_installer.service.choice import KINDS, find_control
from andiron_installer.service.description import describe
from andiron_installer.service.errors import ServiceError
from andiron_installer.service.plan import Plan, as_text
from andiron_installer.service.service import Outlook, Service, as_json
from andiron_installer.service.tail import last_lines

_EXIT_NOT_RUNNING = 3
_FOLDERS = frozenset(("ANDIRON_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"))


@click.group("service", short_help="Have Andiron there after login and after a crash.")
def command() -> None:
    """Have the daemon run as a service of yours: there after login if you like, started again after a crash."""


@command.command("install")
@click.option("--autostart/--no-autostart", default=None, help="Start at login, or not; asked for if not said.")
@click.option("--start", is_flag=True, help="Start it now, too.")
@click.option("--dry-run", is_flag=True, help="Show what would be written and run, and do nothing.")
@click.option("--force", is_flag=True, help="Write files anew that were changed by hand.")
@click.option("--manager", type=click.Choice(KINDS), help="Use this service manager; see with --dry-run what it gets.")
def install(autostart: bool | None, start: bool, dry_run: bool, force: bool, manager: str | None) -> None:
    """Install the service, or bring it up to date; run again, it changes nothing."""
    paths = find_paths()
    service = Service(paths, find_control(manager) if manager else None, afresh=force)
    if dry_run:
        _show(service.plan(autostart=autostart))
        return
    if autostart is None and service.record is None:
        autostart = _ask_autostart()
    plan = service.plan(autostart=autostart)
    changed = service.install(plan, overwrite=force)
    _tell_installed(plan, changed=changed)
    for name in _settings_of_this_terminal():
        click.echo(f"note: {name} is set in this terminal only; the service reads {paths.settings_file}", err=True)
    if start:
        _start(service, paths)
    elif changed and not service.outlook().pid:
        click.echo("Start it: andiron service start")


@command.command("uninstall")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and do nothing.")
def uninstall(dry_run: bool) -> None:
    """Stop the service and remove exactly what `install` made."""
    service = Service(find_paths())
    if service.record is None:
        click.echo("The service is not installed")
        return
    if dry_run:
        for line in would_be_removed(service):
            click.echo(line)
        return
    removal = service.uninstall(click.echo)
    for path in removal.left:
        click.echo(f"left: {path}, which was changed since it was written; remove it yourself", err=True)
    for complaint in removal.complaints:
        click.echo(f"note: {complaint}", err=True)
    click.echo("The service is gone; your settings, models and conversations are as they were")


@command.command("start")
def start() -> None:
    """Start the service; a daemon that runs already is left alone."""
    paths = find_paths()
    _start(Service(paths), paths)


@command.command("stop")
def stop() -> None:
    """Stop the service until the next login or start."""
    service = Service(find_paths())
    stopped = service.stop()
    outlook = service.outlook()
    if outlook.by_hand:
        click.echo(
            f"A daemon that was started by hand runs at {outlook.url} (pid {outlook.pid}); `andiron stop` ends it"
        )
    else:
        click.echo("The service has stopped" if stopped else "The service was not running")


@command.command("restart")
def restart() -> None:
    """Stop and start the service; a daemon that was started by hand makes way."""
    record = Service(find_paths()).restart()
    click.echo(f"Andiron is ready at {record.url} (pid {record.pid})")


@command.command("autostart")
@click.argument("wish", type=click.Choice(["on", "off"]), required=False)
@click.option("--json", "as_object", is_flag=True, help="Print the state of the service as JSON.")
def autostart(wish: str | None, as_object: bool) -> None:
    """Start Andiron at login, or do not; without a word, say which."""
    service = Service(find_paths())
    if wish is not None:
        if service.record is None and wish == "off":
            click.echo("The service is not installed, so nothing is started at login", err=True)
        else:
            service.install(service.plan(autostart=wish == "on"))
    if as_object:
        _print_json(service.outlook())
    else:
        click.echo("on" if service.record and service.record.autostart else "off")


@command.command("status")
@click.option("--json", "as_object", is_flag=True, help="Print it as JSON; the exit status is 0 then.")
def status(as_object: bool) -> int:
    """Show how the service is; exit status 3 if it does not run."""
    outlook = Service(find_paths()).outlook()
    if as_object:
        _print_json(outlook)
        return 0
    for label, text in _lines(outlook):
        click.echo(f"{label:<10} {text}")
    if outlook.hint:
        click.echo(f"hint: {outlook.hint}", err=True)
    return 0 if outlook.activity == "running" else _EXIT_NOT_RUNNING


@command.command("logs")
@click.option(
    "--lines", "-n", type=click.IntRange(0), default=50, show_default=True, help="How many of the last lines to show."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is said from now on.")
@click.option("--json", "as_object", is_flag=True, help="Print the daemon's own log only, its lines as they are.")
def logs(lines: int, follow: bool, as_object: bool) -> int:
    """Show what the service said, and where no journal keeps that, the daemon's own log."""
    paths = find_paths()
    found = Service(paths).logs(lines=lines, follow=follow)
    own = own_command("logs", "-n", str(lines), *(["--follow"] if follow else []), *(["--json"] if as_object else []))
    if as_object:
        return _shown_by(own, paths)
    if found.command:
        return _shown_by(found.command, paths)
    if found.file is not None and found.file.exists():
        click.echo(f"==> {found.file}")
        for line in last_lines(found.file, lines):
            click.echo(line)
    if not follow and not paths.log_file.exists():
        return 0
    click.echo(f"==> {paths.log_file}")
    sys.stdout.flush()
    return _shown_by(own, paths)


@command.command("supervise", hidden=True)
@click.option("--home", help="Stands for ANDIRON_HOME where a service manager has no variables.")
def supervise(home: str | None) -> int:
    """Run the daemon and start it again after a crash."""
    from andiron_installer.service.supervisor import Supervisor

    if home is not None:
        os.environ["ANDIRON_HOME"] = home
    return Supervisor(describe(find_paths())).run()


def _shown_by(command_line: Sequence[str], paths: Paths) -> int:
    """Let another program show a log; Ctrl-C, which it gets too, ends both."""
    try:
        return subprocess.run(command_line, check=False).returncode
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        raise ServiceError(f"{command_line[0]}: {error.strerror}", hint=f"The log: {paths.log_file}") from error


def would_be_removed(service: Service) -> Iterator[str]:
    """Say what an uninstallation does."""
    if service.record is None:
        return
    for command_line in service.record.before_removing:
        yield f"run     {' '.join(command_line)}"
    for made in service.record.files:
        yield f"remove  {made.path}"
    for command_line in service.record.after_removing:
        yield f"run     {' '.join(command_line)}"


def _start(service: Service, paths: Paths) -> None:
    running = service.outlook()
    record = service.start()
    if record is None:
        click.echo(
            f"Andiron runs already, started by hand, at {running.url} (pid {running.pid}); "
            "`andiron service restart` hands it to the service"
        )
    elif running.url:
        click.echo(f"Andiron is already running at {record.url} (pid {record.pid})")
    else:
        click.echo(f"Andiron is ready at {record.url} (pid {record.pid})")


def _show(plan: Plan) -> None:
    click.echo(f"# service manager: {plan.kind}; starts at login: {'yes' if plan.autostart else 'no'}")
    for file in plan.files:
        click.echo(f"\n# file: {file.path}\n{as_text(file.content).rstrip()}")
    for command_line in plan.after_writing:
        click.echo(f"\n# run: {' '.join(command_line)}")
    click.echo("\n# Nothing was done: this is what would be.")


def _tell_installed(plan: Plan, *, changed: bool) -> None:
    click.echo(f"service    {plan.name} ({plan.kind}){'' if changed else ', in place'}")
    for file in plan.files:
        click.echo(f"file       {file.path}")
    click.echo(
        f"autostart  {'on' if plan.autostart else 'off'}{f': {plan.autostart_note}' if plan.autostart_note else ''}"
    )


def _ask_autostart() -> bool:
    """Ask the person; where nobody can be asked, nothing is started unasked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm("Start Andiron when you log in?", default=False, err=True)


def _settings_of_this_terminal() -> list[str]:
    return [row.variable for row in SETTINGS if os.environ.get(row.variable) and row.variable not in _FOLDERS]


def _lines(outlook: Outlook) -> Iterator[tuple[str, str]]:
    yield "service", f"{outlook.name} ({outlook.manager}){'' if outlook.installed else ', not installed'}"
    if outlook.installed:
        yield "state", f"{outlook.activity}{f', {outlook.detail}' if outlook.detail else ''}"
        yield "autostart", "on" if outlook.autostart else "off"
    if outlook.url:
        yield "daemon", f"{outlook.url}, pid {outlook.pid}{', started by hand' if outlook.by_hand else ''}"
    if outlook.restarts:
        yield "restarts", str(outlook.restarts)
    for file in outlook.files:
        yield "file", file


def _print_json(outlook: Outlook) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(as_json(outlook))))


__all__ = ("command", "would_be_removed")

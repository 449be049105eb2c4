"""`andiron update`: get what is new, try it beside the old, switch over, and go back if it does not work."""

import sys

import click

from andiron_daemon.paths import find_paths
from andiron_installer.bootstrap.console import Console
from andiron_installer.update.origin import find_origin
from andiron_installer.update.update import Update


@click.command("update", short_help="Get what is new, and go back if it does not work.")
@click.option("--dry-run", is_flag=True, help="Say what is new, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(dry_run: bool, yes: bool) -> None:
    """Get the new version from where this one came from, in an environment beside the one in use.

    It is tried with a copy of your conversations before anything is switched over; the conversations are backed up
    first. If it does not work, the one from before is in use again.
    """
    can_ask = sys.stdin.isatty() and sys.stderr.isatty()
    if not (yes or dry_run or can_ask):
        raise click.UsageError("Say --yes to update, or --dry-run to see what is new.")
    lines = Console()

    def agree(question: str) -> bool:
        if yes:
            return True
        lines.end_line()
        return click.confirm(question, default=True, err=True)

    paths = find_paths()
    source, places = find_origin(paths)
    Update(source, places, paths, lines, agree).run(dry_run=dry_run)

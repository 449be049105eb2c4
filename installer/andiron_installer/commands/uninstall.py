"""`andiron uninstall`: take Andiron off this machine, after showing what that means."""

import sys

import click

from andiron_daemon.paths import find_paths
from andiron_installer.removal import Inventory, Item, remove, take_stock


@click.command("uninstall", short_help="Take Andiron off this machine.")
@click.option("--keep-data", "extent", flag_value="keep", help="Leave conversations, settings and models.")
@click.option("--purge", "extent", flag_value="purge", help="Remove them, too.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, with --purge all of it, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(extent: str | None, dry_run: bool, yes: bool) -> None:
    """Show what there is of Andiron here, ask, and remove it: service, start at login, daemon, files, program."""
    can_ask = sys.stdin.isatty() and sys.stderr.isatty()
    if extent is None and not dry_run and (yes or not can_ask):
        raise click.UsageError("Say --keep-data or --purge.")
    purge = extent == "purge"
    if extent is None and not dry_run:
        purge = click.confirm("Remove your conversations, settings and models, too?", default=False, err=True)
    paths = find_paths()
    inventory = take_stock(paths, purge=purge)
    _show(inventory)
    if not inventory.items:
        click.echo("There is nothing to remove")
        return
    if dry_run:
        click.echo("Nothing was done: this is what would be.")
        return
    if not yes:
        if not can_ask:
            raise click.UsageError("Say --yes to have this removed.")
        click.confirm("Remove all this?", default=False, abort=True, err=True)
    remove(inventory, paths, click.echo)
    # Nothing is imported from here on: the environment may be gone.
    click.echo("Andiron is gone")


def _show(inventory: Inventory) -> None:
    for item in inventory.items:
        click.echo(f"remove  {item.what}{_amount(item)}")
    for line in inventory.stays:
        click.echo(f"keep    {line}")


def _amount(item: Item) -> str:
    if item.path is None:
        return ""
    if item.kind in ("connection", "service"):
        return f": {item.path}"
    return f": {item.path} ({item.files} file{'' if item.files == 1 else 's'}, {item.size_bytes / 1e6:.1f} MB)"

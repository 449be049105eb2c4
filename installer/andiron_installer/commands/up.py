"""`andiron up`: have everything running and ready, whatever is there by now."""

import sys

import click

from andiron_daemon.paths import find_paths


@click.command("up", short_help="Have everything running and ready.")
@click.option("--model", metavar="ID", help="The model that has to be here and loaded.")
@click.option("--no-model", is_flag=True, help="Leave models alone; have the daemon run.")
@click.option("--yes", is_flag=True, help="Answer every question with yes.")
def command(model: str | None, no_model: bool, yes: bool) -> None:
    """Have everything running and ready: settings, model, daemon, and a completion to show for it.

    Each step is told; what is done already is not done again. Downloads are asked for first.
    """
    from andiron_installer.bootstrap.console import Console
    from andiron_installer.up import Wish, bring_up

    def ask(question: str) -> bool | None:
        if yes:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        lines.end_line()
        return click.confirm(question, default=True, err=True)

    lines = Console()
    url = bring_up(find_paths(), Wish(model=model, with_model=not no_model), lines, ask)
    click.echo(f"Andiron is ready at {url}")

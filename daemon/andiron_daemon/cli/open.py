"""`andiron open`: a page of the daemon in the browser, signed in."""

import webbrowser

import click

from andiron_daemon.cli.connection import connect, start_option
from andiron_daemon.cli.output import note


@click.command("open", short_help="Open a page in the browser, signed in.")
@click.argument("page", default="docs")
@click.option("--print", "only_print", is_flag=True, help="Print the link; it works once, and for two minutes.")
@start_option
def command(page: str, only_print: bool, start: bool | None) -> None:
    """Open PAGE in the browser by a link that signs it in; by default the description of the API, `docs`."""
    link = connect(start).post("/api/v1/system/links", {"page": f"/{page.strip('/')}"})["url"]
    if only_print:
        click.echo(link)
    elif not webbrowser.open(link):
        note("no browser could be opened; this link works once, and for two minutes:")
        click.echo(link)

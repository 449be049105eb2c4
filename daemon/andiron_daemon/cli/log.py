"""`andiron log privacy`: what was sent away from this machine, read from the daemon or from its database."""

import asyncio
from typing import Any

import click
import msgspec

from andiron_daemon.cli.output import human_bytes, note, plain, print_table
from andiron_daemon.client import find_client
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.protection import Sending
from andiron_daemon.settings import load_settings

_HEADERS = ("when", "where", "model", "kind", "sent", "tokens", "masked", "files", "outcome")
_FILES_SHOWN = 3


@click.group("log", short_help="Show what was written down.")
def command() -> None:
    """Show what Andiron writes down of itself; for the daemon's own log see `andiron logs`."""


@command.command("privacy", short_help="Show what was sent away from this machine.")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def privacy(count: int, as_json: bool) -> None:
    """List what was sent to other machines, the newest first: where, when and how much, never the text."""
    paths = find_paths()
    client = find_client(paths)
    rows: list[dict[str, Any]]
    if client is not None:
        rows = client.get(f"/api/v1/privacy/log?limit={count}")["sendings"]
    else:
        rows = msgspec.to_builtins(asyncio.run(_from_database(paths, count)))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
        return
    if not rows:
        note("Nothing was sent away from this machine.")
        return
    print_table(_HEADERS, [_cells(row) for row in rows])


async def _from_database(paths: Paths, count: int) -> tuple[Sending, ...]:
    from andiron_daemon.storage.database import Database, database_file
    from andiron_daemon.storage.sendings import SQLiteSendings

    file = database_file(load_settings(paths).database_url, paths.database_file)
    if not await asyncio.to_thread(file.exists):
        return ()
    database = Database(file)
    try:
        await database.open()
        return await SQLiteSendings(database, 0).latest(count)
    finally:
        await database.aclose()


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    tokens = "?" if row["prompt_tokens"] is None else f"{row['prompt_tokens']} + {row['completion_tokens']}"
    files = [plain(path) for path in row["paths"]]
    more = f" and {len(files) - _FILES_SHOWN} more" if len(files) > _FILES_SHOWN else ""
    withheld = f" (withheld: {', '.join(map(plain, row['withheld']))})" if row["withheld"] else ""
    return (
        row["at"][:19].replace("T", " ") + " UTC",
        f"{row['backend']}, {row['host']}",
        plain(row["model"]),
        row["kind"],
        human_bytes(row["bytes"]),
        tokens,
        str(row["masked"]),
        ", ".join(files[:_FILES_SHOWN]) + more + withheld,
        row["outcome"],
    )

"""`andiron db`: look over, copy, shrink and hand out what is kept; with the daemon running or not."""

import asyncio
import datetime
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from andiron_daemon.chat.export import as_markdown, file_name
from andiron_daemon.cli.output import human_bytes, note
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths, find_paths, make_private
from andiron_daemon.settings import load_settings
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database, database_file
from andiron_daemon.storage.maintenance import back_up, examine, vacuum
from andiron_daemon.storage.records import ConversationRecord

_EXIT_PROBLEMS = 1
_PAGE = 200


@click.group("db", short_help="Look after the database.")
def command() -> None:
    """Look after the database of conversations."""


@command.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def check(as_json: bool) -> int:
    """Look the whole database over; exit status 1 if anything is wrong with it."""
    found = examine(_file())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return _EXIT_PROBLEMS if found.problems else 0
    click.echo(found.file)
    size, free = human_bytes(found.size_bytes), human_bytes(found.free_bytes)
    click.echo(
        f"version {found.version}{'' if found.is_current else ', not that of this Andiron'}, {size}, {free} free"
    )
    click.echo(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.rows.items()))
    for problem in found.problems:
        click.echo(f"{click.style('wrong:', fg='red')} {problem}")
    if not found.problems:
        click.echo("ok")
    return _EXIT_PROBLEMS if found.problems else 0


@command.command("backup")
@click.argument("target", required=False, type=click.Path(path_type=Path))
def backup(target: Path | None) -> None:
    """Copy the database to TARGET, else beside it under a name with the time.

    The copy is whole also while the daemon writes, and only you can read it.
    """
    file = _file()
    moment = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    copy = target or file.with_name(f"{file.stem}-{moment}.backup")
    if copy.is_dir():
        copy = copy / f"{file.stem}-{moment}.backup"
    if copy.exists():
        raise DaemonError(f"{copy} is there already", hint="Name another file; nothing is overwritten.")
    size = back_up(file, copy)
    click.echo(f"{copy} ({human_bytes(size)})")


@command.command("vacuum")
def shrink() -> None:
    """Give the space of what was deleted back to the disk."""
    before, after = vacuum(_file())
    click.echo(f"{human_bytes(before)} before, {human_bytes(after)} now")


@command.command("export")
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json", show_default=True)
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="A folder: one file each.")
def export(form: str, folder: Path | None) -> None:
    """Print every conversation, the newest first: JSON line by line, or Markdown; or write a file each with --to."""
    file = _file()
    if not file.exists():
        raise DaemonError(f"there is no database at {file}", hint="`andiron serve` makes one when it first runs.")
    if folder is not None:
        make_private(folder)
    count = asyncio.run(_export(file, form, folder))
    plural = "conversation" if count == 1 else "conversations"
    note(f"{count} {plural}" + (f" in {folder}" if folder is not None else ""))


async def _export(file: Path, form: str, folder: Path | None) -> int:
    database = Database(file)
    count = 0
    try:
        async with aclosing(_conversations(SQLiteConversations(database))) as conversations:
            async for conversation in conversations:
                count += 1
                text = as_markdown(conversation) if form == "markdown" else _json_line(conversation)
                if folder is None:
                    sys.stdout.write(text)
                else:
                    suffix = "md" if form == "markdown" else "json"
                    await asyncio.to_thread(_write, folder, conversation, text, suffix)
    finally:
        await database.aclose()
    return count


async def _conversations(store: SQLiteConversations) -> AsyncGenerator[ConversationRecord, None]:
    cursor = None
    while True:
        page = await store.page(limit=_PAGE, cursor=cursor)
        for summary in page.conversations:
            yield await store.get(summary.id)
        cursor = page.next_cursor
        if cursor is None:
            return


def _write(folder: Path, conversation: ConversationRecord, text: str, suffix: str) -> None:
    # With its id, since titles may be alike; it sorts by time.
    path = folder / f"{conversation.id}-{file_name(conversation, suffix)}"
    try:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DaemonError(f"{path}: cannot be written: {error.strerror}", hint="Choose another folder.") from error


def _json_line(conversation: ConversationRecord) -> str:
    return msgspec.json.encode(conversation).decode() + "\n"


def _file(paths: Paths | None = None) -> Path:
    paths = paths or find_paths()
    return database_file(load_settings(paths).database_url, paths.database_file)

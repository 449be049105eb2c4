"""A process that writes conversations as fast as it can and says what was acknowledged, until it is killed."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import Layout, MessageRecord, time_now

_MESSAGES = 6


async def write_for_ever(file: Path, name: str) -> None:
    """Begin conversations, add to them, replace answers and delete some; print each change once it is acknowledged."""
    store = SQLiteConversations(Database(file))
    number = 0
    while True:
        conversation_id = f"{name}-{number}"
        for index in range(_MESSAGES):
            identifier = f"{conversation_id}-{index}"
            content = f"{identifier} " + "words of many kinds " * (index * 40)
            message = MessageRecord(id=identifier, role="user", content=content, created_at=time_now())
            if index == 0:
                await store.create(conversation_id, "title", message)
            else:
                await store.append(conversation_id, message, layout=Layout(cut=index))
            _tell(f"kept {identifier}")
        if number % 5 == 4:
            deleted = f"{name}-{number - 2}"
            _tell(f"deleting {deleted}")
            await store.delete(deleted)
            _tell(f"deleted {deleted}")
        number += 1


async def kill_a_writer(file: Path, name: str, is_time: Callable[[int], bool]) -> list[str]:
    """Run a writer until `is_time`, asked at each line with their count, and kill it; return all it told."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "andiron_testing.dying_writer", str(file), name, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    told: list[str] = []
    while not told or not is_time(len(told)):
        told.append((await writer.stdout.readline()).decode().strip())
    writer.kill()
    told += (await writer.stdout.read()).decode().splitlines()
    await writer.wait()
    return told


async def losses(file: Path, told: list[str]) -> list[str]:
    """Open the database and name what was acknowledged and is not so."""
    store = SQLiteConversations(database := Database(file))

    def check(connection: sqlite3.Connection) -> list[str]:
        rows = connection.execute("PRAGMA integrity_check").fetchall()
        return [row[0] for row in rows if row[0] != "ok"]

    found = await database.read(check)
    gone = {line.split(" ")[1] for line in told if line.startswith("delet")}
    surely_gone = {line.split(" ")[1] for line in told if line.startswith("deleted ")}
    acknowledged: dict[str, list[str]] = {}
    for line in told:
        verb, _, identifier = line.partition(" ")
        if verb == "kept":
            acknowledged.setdefault(identifier.rpartition("-")[0], []).append(identifier)
    there = await _there(store)
    found += [f"{identifier} is back" for identifier in surely_gone & there]
    for conversation_id, identifiers in acknowledged.items():
        if conversation_id in gone:
            continue
        kept = [message.id for message in (await store.get(conversation_id)).messages]
        if kept[: len(identifiers)] != identifiers:
            found.append(f"{conversation_id}: {identifiers} were acknowledged, {kept} are there")
    await database.aclose()
    return found


async def _there(store: SQLiteConversations) -> set[str]:
    there: set[str] = set()
    cursor = None
    while True:
        page = await store.page(limit=200, cursor=cursor)
        there |= {found.id for found in page.conversations}
        cursor = page.next_cursor
        if cursor is None:
            return there


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write_for_ever(Path(sys.argv[1]), sys.argv[2]))

"""From one version of the database to the next."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import sqlite_utils

from andiron_daemon.errors import StorageError
from andiron_daemon.paths import Paths
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.migrations import MIGRATIONS
from andiron_daemon.storage.records import MessageRecord

FIRST = MessageRecord(id="m", role="user", content="hello", created_at="2026-01-01T00:00:00.000000Z")


def add_a_table(tables: sqlite_utils.Database) -> None:
    tables.execute("CREATE TABLE added (x)")


def fail_half_way(tables: sqlite_utils.Database) -> None:
    tables.execute("CREATE TABLE half (x)")
    tables.execute("INSERT INTO nowhere VALUES (1)")


async def fill(paths: Paths) -> None:
    database = Database(paths.database_file)
    await SQLiteConversations(database).create("c", "t", FIRST)
    await database.aclose()


def version_of(paths: Paths) -> int:
    with closing(sqlite3.connect(paths.database_file)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_the_steps_are_named_in_their_order() -> None:
    assert [step.__name__[:5] for step in MIGRATIONS] == [f"m{number:03}_" for number in range(1, len(MIGRATIONS) + 1)]


async def test_a_step_is_taken_once_and_keeps_what_was_there(paths: Paths) -> None:
    await fill(paths)
    for _ in range(2):
        database = Database(paths.database_file, migrations=[*MIGRATIONS, add_a_table])
        assert (await SQLiteConversations(database).get("c")).messages == (FIRST,)
        await database.aclose()
    assert version_of(paths) == len(MIGRATIONS) + 1


@pytest.mark.parametrize("left_behind", [None, b"half of a copy that was cut short"])
async def test_the_file_is_copied_before_it_is_changed(paths: Paths, left_behind: bytes | None) -> None:
    await fill(paths)
    copy = paths.database_file.with_name(f"andiron.db.v{len(MIGRATIONS)}.backup")
    if left_behind is not None:
        copy.write_bytes(left_behind)
    database = Database(paths.database_file, migrations=[*MIGRATIONS, add_a_table])
    await database.open()
    await database.aclose()
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT content FROM messages").fetchall() == [("hello",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


async def test_a_new_file_needs_no_copy(paths: Paths) -> None:
    await fill(paths)
    assert not list(paths.data.glob("*.backup"))


async def test_a_failing_step_leaves_the_version_before_it(paths: Paths) -> None:
    await fill(paths)
    database = Database(paths.database_file, migrations=[*MIGRATIONS, fail_half_way])
    with pytest.raises(StorageError, match="nowhere") as caught:
        await database.open()
    assert caught.value.details["reason"] == "unmigrated"
    await database.aclose()
    assert version_of(paths) == len(MIGRATIONS)
    with closing(sqlite3.connect(paths.database_file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)


async def test_a_newer_database_is_left_as_it_is(paths: Paths) -> None:
    newer = Database(paths.database_file, migrations=[*MIGRATIONS, add_a_table])
    await SQLiteConversations(newer).create("c", "t", FIRST)
    await newer.aclose()
    before = paths.database_file.read_bytes()
    older = Database(paths.database_file)
    with pytest.raises(StorageError, match="newer") as caught:
        await older.open()
    await older.aclose()
    assert caught.value.hint
    assert "newer" in caught.value.hint
    assert paths.database_file.read_bytes() == before


async def test_a_newer_version_that_is_still_in_the_log_is_left_as_it_is(paths: Paths) -> None:
    await fill(paths)
    with closing(sqlite3.connect(paths.database_file)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        before = paths.database_file.read_bytes()
        older = Database(paths.database_file)
        with pytest.raises(StorageError, match="newer"):
            await older.open()
        await older.aclose()
        assert paths.database_file.read_bytes() == before


async def test_a_start_without_a_due_step_does_without_sqlite_utils(paths: Paths) -> None:
    await fill(paths)
    script = """
import asyncio, sys
from pathlib import Path
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database

async def main():
    database = Database(Path(sys.argv[1]))
    print((await SQLiteConversations(database).get("c")).title)
    await database.aclose()

asyncio.run(main())
assert "sqlite_utils" not in sys.modules
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(paths.database_file), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    told, complained = await child.communicate()
    assert (told.strip(), complained) == (b"t", b"")

"""The database file: private, durable, off the event loop, and never harmed when it cannot be used."""

import asyncio
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from andiron_daemon.errors import ConfigurationError, StorageError
from andiron_daemon.paths import Paths
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database, database_file
from andiron_daemon.storage.records import MessageRecord, StoreCounts
from andiron_testing.dying_writer import kill_a_writer, losses

NOBODY = 65534


@pytest.fixture
async def database(paths: Paths) -> AsyncIterator[Database]:
    database = Database(paths.database_file, busy_timeout_seconds=0.05)
    yield database
    await database.aclose()


def said(identifier: str, content: str = "hello") -> MessageRecord:
    return MessageRecord(id=identifier, role="user", content=content, created_at="2026-01-01T00:00:00.000000Z")


async def reason_of(database: Database) -> str:
    """Open it, expect a refusal, and return its reason."""
    with pytest.raises(StorageError) as caught:
        await database.open()
    assert caught.value.hint
    assert str(database.file) in caught.value.message
    return str(caught.value.details["reason"])


async def test_file_and_folder_are_private(database: Database, paths: Paths) -> None:
    await SQLiteConversations(database).create("c", "t", said("m"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (paths.data, *paths.data.iterdir())}
    assert modes.pop(paths.data.name) == 0o700
    assert set(modes.values()) == {0o600}


async def test_the_file_opens_in_sqlite_utils_as_it_is(database: Database) -> None:
    await SQLiteConversations(database).create("c", "A title", said("m", "find me"))
    with closing(sqlite_utils.Database(str(database.file))) as tables:
        assert [row["title"] for row in tables.table("conversations").rows] == ["A title"]
        assert [row["content"] for row in tables.table("messages").search("find")] == ["find me"]


async def test_work_runs_on_threads_of_its_own_and_writes_on_one(database: Database) -> None:
    loop_thread = threading.get_ident()
    writers = {await database.write(lambda _: threading.get_ident()) for _ in range(3)}
    reader = await database.read(lambda _: threading.get_ident())
    assert len(writers) == 1
    assert loop_thread not in writers | {reader}


async def test_a_failed_write_leaves_nothing_of_itself(database: Database) -> None:
    store = SQLiteConversations(database)

    def half(tables: sqlite_utils.Database) -> None:
        tables.table("conversations").insert({"id": "x", "title": "", "created_at": "", "updated_at": ""})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(half)
    assert (await store.counts()).conversations == 0
    await store.create("c", "t", said("m"))


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        await database.read(lambda connection: connection.execute("DELETE FROM messages"))


async def test_a_queued_write_takes_place_though_its_caller_is_cancelled(database: Database) -> None:
    store = SQLiteConversations(database)
    await database.open()
    gate = threading.Event()
    blocking = asyncio.create_task(database.write(lambda _: gate.wait()))
    writing = asyncio.create_task(store.create("c", "t", said("m")))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    gate.set()
    await blocking
    await database.write(lambda _: None)
    assert (await store.counts()).messages == 1


async def test_closing_finishes_what_is_queued_and_may_be_repeated(paths: Paths) -> None:
    database = Database(paths.database_file)
    await database.open()
    writing = asyncio.create_task(SQLiteConversations(database).create("c", "t", said("m")))
    await asyncio.sleep(0)
    await database.aclose()
    await database.aclose()
    await writing
    with closing(sqlite3.connect(paths.database_file)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (1,)
    assert await reason_of(database) == "closed"


async def test_what_was_acknowledged_survives_kill_9_at_any_moment(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    told: list[str] = []
    for number, moment in enumerate((1, 2, 5, 9, 14, 20, 31, 32, 47, 60)):
        told += await kill_a_writer(paths.database_file, f"w{number}", moment.__le__)
        assert await losses(paths.database_file, told) == []
    assert any(line.startswith("deleted ") for line in told)


async def test_a_full_disk_fails_one_write_and_loses_nothing(database: Database) -> None:
    store = SQLiteConversations(database)
    await store.create("c", "t", said("m1"))
    full = await database.write(lambda tables: tables.execute("PRAGMA page_count").fetchone()[0])
    await database.write(lambda tables: tables.execute(f"PRAGMA max_page_count = {full + 1}").fetchone())
    with pytest.raises(StorageError, match="disk is full") as caught:
        await store.append("c", said("m2", "too much " * 100_000))
    assert caught.value.details["reason"] == "disk_full"
    assert caught.value.hint
    await database.write(lambda tables: tables.execute("PRAGMA max_page_count = 100000").fetchone())
    await store.append("c", said("m3"))
    assert [message.id for message in (await store.get("c")).messages] == ["m1", "m3"]


async def test_a_lock_held_by_another_program_is_named_and_passes(database: Database) -> None:
    store = SQLiteConversations(database)
    await store.create("c", "t", said("m1"))
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked") as caught:
            await store.append("c", said("m2"))
        other.execute("ROLLBACK")
    assert caught.value.details["reason"] == "locked"
    await store.append("c", said("m3"))
    assert [message.id for message in (await store.get("c")).messages] == ["m1", "m3"]


@pytest.mark.parametrize("stands_there_now", [None, b"", b"another file"])
async def test_a_file_that_was_taken_away_is_not_written_to_any_longer(
    database: Database, stands_there_now: bytes | None
) -> None:
    store = SQLiteConversations(database)
    await store.create("c", "t", said("m1"))
    away = database.file.rename(database.file.with_name("away.db"))
    if stands_there_now is not None:
        database.file.write_bytes(stands_there_now)
    for work in (store.append("c", said("m2")), store.get("c")):
        with pytest.raises(StorageError, match="moved or removed") as caught:
            await work
        assert caught.value.details["reason"] == "moved"
        assert "again" in (caught.value.hint or "")
    assert (database.file.read_bytes() if database.file.exists() else None) == stands_there_now
    away.replace(database.file)
    assert [message.id for message in (await store.get("c")).messages] == ["m1"]


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that may be read but not written; root has to be somebody else for that."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


async def test_a_read_only_folder_is_an_error_with_a_hint(read_only_folder: Path) -> None:
    database = Database(read_only_folder / "andiron.db")
    assert await reason_of(database) == "read_only"
    assert await asyncio.to_thread(os.listdir, read_only_folder) == []
    await database.aclose()


async def test_a_folder_that_cannot_be_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = Database(tmp_path / "file" / "andiron.db")
    assert await reason_of(database) == "unreadable"
    await database.aclose()


@pytest.mark.parametrize("content", [b"not a database at all\n" * 20, b"short", b"SQLite format 3\0" + b"\xff" * 4080])
async def test_a_damaged_file_is_left_as_it_is(database: Database, content: bytes) -> None:
    database.file.parent.mkdir(parents=True)
    database.file.write_bytes(content)
    assert await reason_of(database) in ("corrupt", "newer")
    assert database.file.read_bytes() == content
    assert [file.name for file in database.file.parent.iterdir()] == [database.file.name]


async def test_damage_inside_the_file_is_found_when_it_is_met(paths: Paths) -> None:
    first = Database(paths.database_file)
    store = SQLiteConversations(first)
    await store.create("c", "t", said("m", "word " * 5000))
    await first.aclose()
    whole = paths.database_file.read_bytes()
    damaged = whole[:4096] + bytes(len(whole) - 4096)
    paths.database_file.write_bytes(damaged)
    second = Database(paths.database_file)
    with pytest.raises(StorageError) as caught:
        await SQLiteConversations(second).get("c")
    assert caught.value.details["reason"] == "corrupt"
    await second.aclose()
    assert paths.database_file.read_bytes() == damaged


async def test_another_programs_database_is_left_as_it_is(database: Database) -> None:
    database.file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(database.file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = database.file.read_bytes()
    assert await reason_of(database) == "foreign"
    assert database.file.read_bytes() == before


async def test_an_empty_file_is_taken_for_a_new_database(database: Database) -> None:
    database.file.parent.mkdir(parents=True)
    database.file.touch()
    assert await SQLiteConversations(database).counts() == StoreCounts(conversations=0, messages=0)


async def test_a_failed_open_is_tried_again_on_the_next_use(database: Database) -> None:
    database.file.parent.mkdir(parents=True)
    database.file.write_bytes(b"not a database")
    assert await reason_of(database) == "corrupt"
    database.file.unlink()
    await database.open()


async def test_a_deleted_conversation_leaves_no_word_in_any_file(database: Database) -> None:
    store = SQLiteConversations(database)
    await store.create("kept", "t", said("1"))
    await store.create("gone", "Xyzzyquux", said("2", "the plughplover word"))
    await store.delete("gone")
    for file in database.file.parent.iterdir():
        content = file.read_bytes().lower()
        for word in (b"xyzzyquux", b"plughplover"):
            assert word not in content, file


def test_an_empty_url_is_the_data_folder(tmp_path: Path) -> None:
    assert database_file("", tmp_path / "a.db") == tmp_path / "a.db"


def test_a_sqlite_url_names_a_file(tmp_path: Path) -> None:
    assert database_file(f"sqlite:///{tmp_path}/my.db", Path("x")) == tmp_path / "my.db"


@pytest.mark.parametrize(
    "url", ["postgresql://user:hunter2@host/db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "andiron.db"]
)
def test_another_database_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        database_file(url, Path("x"))
    assert "hunter2" not in caught.value.message
    assert caught.value.hint
    assert "team mode" in caught.value.hint

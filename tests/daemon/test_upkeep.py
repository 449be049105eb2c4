"""Usage that is written down, and conversations that are not kept for ever."""

import datetime
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, closing

import pytest

from andiron_daemon.chat.instructions import Instructions
from andiron_daemon.chat.service import ChatService
from andiron_daemon.chat.types import ChatInput
from andiron_daemon.counters import Counters
from andiron_daemon.errors import StorageError
from andiron_daemon.paths import Paths
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import MessageRecord
from andiron_daemon.storage.settings import SQLiteSettings
from andiron_daemon.storage.usage import DayUsage, SQLiteUsage
from andiron_daemon.upkeep import Upkeep
from andiron_models.router import Router
from andiron_testing.scripted import ScriptedBackend

NOW = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)


class House:
    """The parts an upkeep works on, over one database."""

    def __init__(self, database: Database, backend: ScriptedBackend) -> None:
        self.now = NOW
        self.counters = Counters()
        self.store = SQLiteConversations(database)
        self.usage = SQLiteUsage(database)
        self.notes = SQLiteSettings(database)
        instructions = Instructions(chat="", title="", summary="")
        self.chat = ChatService(Router({"local": backend}), self.store, self.counters, instructions)

    def upkeep(self, keep_days: int = 0) -> Upkeep:
        return Upkeep(self.chat, self.usage, self.notes, self.counters, keep_days, now=lambda: self.now)

    async def ask(self) -> None:
        async with aclosing(self.chat.answer(ChatInput(message="one two"))) as events:
            async for _ in events:
                pass

    async def speak(self, conversation_id: str, day: str) -> None:
        first = MessageRecord(id=conversation_id, role="user", content="x", created_at=f"{day}T00:00:00.000000Z")
        await self.store.create(conversation_id, "t", first)


@pytest.fixture
async def database(paths: Paths) -> AsyncIterator[Database]:
    database = Database(paths.database_file, busy_timeout_seconds=0.05)
    yield database
    await database.aclose()


@pytest.fixture
def house(database: Database, backend: ScriptedBackend) -> House:
    return House(database, backend)


async def test_usage_is_added_up_by_day_and_nothing_counts_twice(house: House) -> None:
    upkeep = house.upkeep()
    await house.ask()
    await upkeep.once()
    await upkeep.once()
    await house.ask()
    await upkeep.aclose()
    house.now += datetime.timedelta(days=1)
    later = house.upkeep()
    await later.once()
    rows = await later.recent_usage()
    assert [(row.day, row.backend, row.answers) for row in rows] == [
        ("2026-03-11", "local", 2),
        ("2026-03-10", "local", 2),
    ]
    assert rows[1] == DayUsage(
        day="2026-03-10",
        backend="local",
        answers=2,
        prompt_tokens=house.counters.tokens["local"].prompt_tokens,
        completion_tokens=house.counters.tokens["local"].completion_tokens,
    )


async def test_what_could_not_be_written_is_written_later(house: House, database: Database) -> None:
    upkeep = house.upkeep()
    await house.ask()
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            await upkeep.once()
        other.execute("ROLLBACK")
    await upkeep.once()
    assert [row.answers for row in await house.usage.since("2026-03-01")] == [1]


async def test_conversations_are_kept_for_ever_unless_days_are_set(house: House) -> None:
    await house.speak("old", "2001-01-01")
    await house.upkeep().once()
    assert (await house.store.counts()).conversations == 1


async def test_conversations_past_their_days_are_deleted_once_a_day(house: House) -> None:
    for conversation_id, day in (("old", "2026-03-02"), ("young", "2026-03-06")):
        await house.speak(conversation_id, day)
    upkeep = house.upkeep(keep_days=7)
    await upkeep.once()
    assert [found.id for found in (await house.store.page(limit=5)).conversations] == ["young"]
    await house.speak("older", "2026-03-01")
    await upkeep.once()
    assert (await house.store.counts()).conversations == 2
    house.now += datetime.timedelta(days=1)
    await upkeep.once()
    assert [found.id for found in (await house.store.page(limit=5)).conversations] == ["young"]


async def test_an_upkeep_that_runs_can_be_closed_at_once(house: House) -> None:
    upkeep = house.upkeep(keep_days=7)
    upkeep.start()
    await upkeep.aclose()
    await upkeep.aclose()

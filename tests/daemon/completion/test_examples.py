"""Suggestions kept with their text, and only where that was turned on."""

import asyncio
import sqlite3
from contextlib import closing

import msgspec
import pytest

from andiron_daemon.completion.examples import Examples
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.completion.types import FeedbackInput
from andiron_daemon.counters import Counters
from andiron_daemon.paths import Paths
from andiron_daemon.services import build_services
from andiron_daemon.settings import Settings
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.examples import Example, SQLiteExamples
from andiron_models.router import Router
from andiron_testing.completions import complete
from andiron_testing.scripted import ScriptedBackend

MARK = "marzipan_total"


def examples_in(paths: Paths) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(paths.database_file)) as connection:
        rows = connection.execute(
            "SELECT path, language, prefix, suffix, text, event, accepted_chars FROM completion_examples"
        )
        return [tuple(row) for row in rows]


async def test_a_suggestion_is_kept_with_what_became_of_it(paths: Paths, backend: ScriptedBackend) -> None:
    database = Database(paths.database_file)
    examples = Examples(SQLiteExamples(database, keep_days=30))
    service = CompletionService(Router({"local": backend}), Counters(), examples=examples)
    backend.enqueue("1")
    answer = await complete(service, prefix=f"{MARK} = ", suffix="\n", path="a.py")
    again = await complete(service, prefix=f"{MARK} = ", suffix="\n", path="a.py")
    assert again.cached == "exact"
    await service.take_feedback(answer.id, FeedbackInput(event="accepted"))
    await service.aclose()
    await database.aclose()
    assert examples_in(paths) == [("a.py", "python", f"{MARK} = ", "\n", "1", "accepted", 1)]


@pytest.mark.parametrize("is_on", [False, True])
async def test_text_is_on_disk_only_where_that_was_turned_on(
    paths: Paths, settings: Settings, backend: ScriptedBackend, is_on: bool
) -> None:
    backend.enqueue("1")
    chosen = msgspec.structs.replace(settings, keep_examples=is_on)
    async with build_services(chosen, paths, {"local": backend}) as services:
        await complete(services.completion, prefix=f"{MARK} = ", suffix="\n", path="a.py")
    found = [
        file for file in paths.database_file.parent.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()
    ]
    assert bool(found) is is_on


async def test_old_examples_are_dropped(paths: Paths) -> None:
    database = Database(paths.database_file)
    store = SQLiteExamples(database, keep_days=30)
    for number, month in enumerate(("01", "06")):
        row = {"path": month, "language": "", "backend": "", "model": "", "prefix": "", "suffix": "", "text": ""}
        await store.add(Example(id=str(number), at=f"2026-{month}-01T00:00:00.000000Z", **row))
    await database.aclose()
    assert [row[0] for row in examples_in(paths)] == ["06"]


async def test_a_database_that_is_gone_costs_the_example_only(
    paths: Paths, backend: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    paths.database_file.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(paths.database_file.write_bytes, b"not a database" * 100)
    database = Database(paths.database_file)
    examples = Examples(SQLiteExamples(database, keep_days=0))
    service = CompletionService(Router({"local": backend}), Counters(), examples=examples)
    backend.enqueue("1")
    assert (await complete(service, prefix="x = ", suffix="\n")).completions
    await service.aclose()
    await database.aclose()
    assert "an example was not kept" in caplog.text

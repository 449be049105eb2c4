"""What is counted of completion, and kept."""

import asyncio
from datetime import UTC, datetime, timedelta

from andiron_daemon.completion.kept import AFTER_SECONDS, kept_characters
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.completion.types import FeedbackInput
from andiron_daemon.counters import Counters
from andiron_daemon.errors import StorageError
from andiron_daemon.paths import Paths
from andiron_daemon.storage.completions import CountKey, LatencyKey, SQLiteCompletionStatistics
from andiron_daemon.storage.database import Database
from andiron_models.router import Router
from andiron_testing.completions import complete
from andiron_testing.scripted import ScriptedBackend

PLACE = {"session": "s", "path": "a.py"}


async def test_every_answer_is_counted_by_what_it_came_to(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("foo()", "")
    first = await complete(completion, prefix="x = ", **PLACE)
    await complete(completion, prefix="x = f", **PLACE)
    await complete(completion, prefix="y = ", **PLACE)
    await complete(completion, prefix="", **PLACE)
    await completion.take_feedback(first.id, FeedbackInput(event="shown"))
    await completion.take_feedback(first.id, FeedbackInput(event="accepted", accepted_chars=3))
    status = await completion.status()
    assert status.counts == {
        "requests": 4,
        "offered": 2,
        "offered_characters": 9,
        "cached_typed_through": 1,
        "no_confidence": 1,
        "not_worthwhile": 1,
        "shown": 1,
        "accepted": 1,
        "accepted_characters": 3,
    }
    assert status.acceptance_rate == 1.0
    assert {stage: latency.answers for stage, latency in status.latency.items()} == {
        "queue": 2,
        "prompt": 2,
        "generate": 2,
        "total": 2,
    }
    assert status.budgets.small.prefix >= 256


async def test_counts_outlive_the_daemon_and_hold_no_text(paths: Paths, backend: ScriptedBackend) -> None:
    for _ in range(2):
        database = Database(paths.database_file)
        service = CompletionService(Router({"local": backend}), Counters(), SQLiteCompletionStatistics(database))
        backend.enqueue("secret_suggestion")
        await complete(service, prefix="secret_prefix = ", **PLACE)
        await service.aclose()
        await database.aclose()
    database = Database(paths.database_file)
    store = SQLiteCompletionStatistics(database)
    assert (await store.counts())["requests"] == 2
    assert sum((await store.latencies()).values()) == 8
    await database.aclose()
    content = await asyncio.to_thread(paths.database_file.read_bytes)
    assert b"secret" not in content


async def test_sums_are_added_up_by_their_keys(paths: Paths) -> None:
    database = Database(paths.database_file)
    store = SQLiteCompletionStatistics(database)
    key = CountKey("2026-01-01", "local", "m", "python", "shown")
    for _ in range(3):
        await store.add({key: 2, key._replace(language="go"): 1}, {LatencyKey("2026-01-01", "total", 100): 1})
    assert await store.counts() == {"shown": 9}
    assert await store.latencies() == {("total", 100): 3}
    assert await store.days("2026-01-01") == ({("2026-01-01", "shown"): 9}, {("2026-01-01", 100): 3})
    assert await store.days("2026-01-02") == ({}, {})
    await database.aclose()


async def test_each_day_is_told_apart_saved_or_not(paths: Paths, backend: ScriptedBackend) -> None:
    today = datetime.now(UTC).date()
    yesterday = (today - timedelta(days=1)).isoformat()
    database = Database(paths.database_file)
    store = SQLiteCompletionStatistics(database)
    saved = {CountKey(yesterday, "local", "m", "", measure): 4 for measure in ("requests", "offered", "shown")}
    await store.add(saved | {CountKey("2020-01-01", "local", "m", "", "requests"): 9}, {})
    service = CompletionService(Router({"local": backend}), Counters(), store)
    await complete(service, prefix="x = ")
    first, second = (await service.status()).days
    assert (first.day, first.requests, first.shown, first.accepted, first.p50_ms) == (yesterday, 4, 4, 0, None)
    assert (second.day, second.requests, second.offered) == (today.isoformat(), 1, 1)
    assert second.p50_ms is not None
    await service.aclose()
    await database.aclose()


class BrokenStore:
    """Cannot do anything."""

    async def add(self, counts: dict[CountKey, int], latencies: dict[LatencyKey, int]) -> None:
        raise StorageError("the disk is full")

    async def counts(self) -> dict[str, int]:
        raise StorageError("the disk is full")

    async def latencies(self) -> dict[tuple[str, int], int]:
        raise StorageError("the disk is full")

    async def days(self, first: str) -> tuple[dict[tuple[str, str], int], dict[tuple[str, int], int]]:
        raise StorageError("the disk is full")


async def test_a_store_that_fails_costs_no_suggestion_and_no_count(backend: ScriptedBackend) -> None:
    service = CompletionService(Router({"local": backend}), Counters(), BrokenStore())
    assert (await complete(service, prefix="x = ")).completions
    assert (await service.status()).counts["requests"] == 1
    await service.aclose()
    assert (await service.status()).counts["requests"] == 1


async def test_what_is_kept_of_an_accepted_suggestion_is_looked_for_later(backend: ScriptedBackend) -> None:
    now = [0.0]
    service = CompletionService(Router({"local": backend}), Counters(), clock=lambda: now[0])
    backend.enqueue("\n    one()\n    two()")
    first = await complete(service, prefix="def f():", **PLACE)
    await service.take_feedback(first.id, FeedbackInput(event="accepted"))
    await complete(service, prefix="def f():\n    one()\n    two()\nx", **PLACE)
    assert (await service.status()).kept_rate is None
    now[0] = AFTER_SECONDS + 1
    await complete(service, prefix="def f():\n    one()\n    three()\ny", **PLACE)
    status = await service.status()
    assert status.counts["judged_characters"] == len("\n    one()\n    two()")
    assert status.counts["kept_characters"] == len("    one()")
    await service.aclose()


def test_kept_characters_are_those_of_lines_still_there() -> None:
    assert kept_characters("a()\nb()", "x\na()\nb()\n") == 7
    assert kept_characters("aa()\nbb()", "x\n  bb()\n") == 4
    assert kept_characters("aa()", "") == 0

"""Time for each stage of an answer, and tokens for a day."""

import asyncio
import datetime
from typing import Any

import pytest

from andiron_daemon.errors import StorageError
from andiron_daemon.limits.backend import Deadlines, LimitedBackend
from andiron_daemon.limits.budget import Budget, BudgetSpentError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings
from andiron_daemon.storage.budgets import SQLiteBudgets
from andiron_daemon.storage.database import Database
from andiron_models.errors import DeadlineError
from andiron_models.types import ChatRequest, InfillRequest, Message, ToolCall
from andiron_testing.daemons import TOKEN, StartDaemon, error_of
from andiron_testing.scripted import ScriptedBackend
from andiron_testing.virtual_time import in_virtual_time

ASKED = ChatRequest(messages=(Message(role="user", content="hello there"),))
_CALL = ToolCall(id="1", name="look", arguments="{}")
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


class _Store:
    def __init__(self) -> None:
        self.tokens: dict[tuple[str, str], int] = {}
        self.is_broken = False

    async def spend(self, day: str, backend: str, tokens: int) -> None:
        self._check()
        self.tokens[day, backend] = self.tokens.get((day, backend), 0) + tokens

    async def spent(self, day: str, backend: str) -> int:
        self._check()
        return self.tokens.get((day, backend), 0)

    def _check(self) -> None:
        if self.is_broken:
            raise StorageError("broken")


async def _text(backend: LimitedBackend, request: ChatRequest | InfillRequest = ASKED) -> str:
    deltas = backend.chat(request) if isinstance(request, ChatRequest) else backend.infill(request)
    return "".join([delta.text async for delta in deltas])


async def test_an_answer_in_time_passes_as_it_is() -> None:
    backend = LimitedBackend(ScriptedBackend(), Deadlines(queue_seconds=9, first_token_seconds=9, answer_seconds=9))
    assert await _text(backend) == "You said: hello there"
    assert await _text(backend, InfillRequest(prefix="ab")) == "fill(2, 0)"


@pytest.mark.parametrize(
    ("deadlines", "reply", "stage"),
    [
        (Deadlines(first_token_seconds=0.01), [asyncio.Event()], "begin its answer"),
        (Deadlines(answer_seconds=0.01), ["some", asyncio.Event()], "finish its answer"),
        (Deadlines(answer_seconds=0.01), [_CALL, asyncio.Event()], "finish its answer"),
    ],
)
@in_virtual_time
async def test_a_stage_that_takes_too_long_ends_and_cancels_the_work(
    deadlines: Deadlines, reply: list[Any], stage: str
) -> None:
    scripted = ScriptedBackend()
    scripted.enqueue(reply)
    with pytest.raises(DeadlineError, match=stage) as late:
        await _text(LimitedBackend(scripted, deadlines))
    assert "ANDIRON_" in (late.value.hint or "")
    await scripted.was_cancelled()


async def test_a_spent_budget_refuses_until_midnight() -> None:
    now = NOON
    budget = Budget(_Store(), "openai", 10, now=lambda: now)
    backend = LimitedBackend(ScriptedBackend("openai"), Deadlines(), budget)
    while (await budget.status()).spent_tokens < 10:
        await _text(backend)
    with pytest.raises(BudgetSpentError, match="10 tokens for openai") as refused:
        await _text(backend)
    assert refused.value.details["retry_after_seconds"] == 12 * 3600
    now = NOON + datetime.timedelta(hours=12)
    assert await _text(backend)


async def test_what_is_under_way_counts_as_spent_until_it_is_over() -> None:
    budget = Budget(_Store(), "openai", 10, now=lambda: NOON)
    with budget.reserved(10), pytest.raises(BudgetSpentError):
        await budget.check()
    await budget.check()


async def test_an_answer_that_is_broken_off_is_paid_for_too() -> None:
    store = _Store()
    scripted = ScriptedBackend("openai")
    scripted.enqueue(["x" * 350, asyncio.Event()])
    backend = LimitedBackend(scripted, Deadlines(), Budget(store, "openai", 1000, now=lambda: NOON))
    deltas = backend.chat(ASKED)
    async for delta in deltas:
        if delta.text:
            break
    await deltas.aclose()
    assert store.tokens["2026-03-01", "openai"] >= 100


async def test_a_database_that_cannot_be_used_for_a_while_loses_nothing() -> None:
    store = _Store()
    store.tokens["2026-03-01", "openai"] = 50
    store.is_broken = True
    budget = Budget(store, "openai", 100, now=lambda: NOON)
    await budget.spend(30)
    store.is_broken = False
    assert (await budget.status()).spent_tokens == 80


async def test_what_is_spent_while_another_still_reads_the_day_is_not_lost() -> None:
    may_answer = asyncio.Event()

    class _Slow(_Store):
        async def spent(self, day: str, backend: str) -> int:
            tokens = await super().spent(day, backend)
            if reading.empty():
                return tokens
            await reading.get_nowait().wait()
            return tokens

    reading: asyncio.Queue[asyncio.Event] = asyncio.Queue()
    reading.put_nowait(may_answer)
    budget = Budget(_Slow(), "openai", 100, now=lambda: NOON)
    asked = asyncio.create_task(budget.check())
    await asyncio.sleep(0)
    await budget.spend(30)
    may_answer.set()
    await asked
    assert (await budget.status()).spent_tokens == 30


async def test_what_is_spent_outlives_the_daemon(paths: Paths) -> None:
    for total in (7, 14):
        database = Database(paths.database_file)
        await database.open()
        try:
            budget = Budget(SQLiteBudgets(database), "openai", 100, now=lambda: NOON)
            await budget.spend(7)
            assert (await budget.status()).spent_tokens == total
        finally:
            await database.aclose()


async def test_over_http_a_spent_budget_is_429_and_auto_falls_back(
    start_daemon: StartDaemon, backend: ScriptedBackend
) -> None:
    cloud = ScriptedBackend("openai", "gpt-x")
    settings = Settings(token=TOKEN, backend="auto", openai_daily_tokens=1)
    daemon = await start_daemon(settings, backends={"local": backend, "openai": cloud})
    path = "/api/v1/chat/message"
    assert (await daemon.post(path, json={"message": "one", "backend": "openai"})).status == 200
    response = await daemon.post(path, json={"message": "two", "backend": "openai"})
    status, error = await error_of(response)
    assert (status, error["code"]) == (429, "budget_spent")
    assert int(response.headers["Retry-After"]) > 0
    fallen_back = await (await daemon.post(path, json={"message": "three"})).json()
    assert fallen_back["backend"] == "local"
    assert fallen_back["fallback"]["code"] == "budget_spent"
    shown = await (await daemon.get("/api/v1/status")).json()
    assert shown["limits"]["budget"]["daily_tokens"] == 1
    assert shown["limits"]["budget"]["spent_tokens"] >= 1

"""What is counted of completion: how much was offered, taken and kept, and how long it took; never any text.

Counts are gathered in memory and saved now and then, so that a key pressed costs no write to the disk; a crash
loses the last minute of them. Days are counted apart, in UTC.
"""

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from andiron_daemon.completion.budget import Budgets
from andiron_daemon.completion.feedback import Offered
from andiron_daemon.completion.plan import Plan
from andiron_daemon.completion.types import CompletionAnswer, FeedbackInput
from andiron_daemon.errors import DaemonError
from andiron_daemon.storage.completions import CountKey, LatencyKey
from andiron_models.types import Delta

_log = logging.getLogger(__name__)
SAVE_SECONDS = 60.0
# Upper ends of what is told apart, in milliseconds; the last takes everything beyond.
BUCKETS_MS = (5, 10, 25, 50, 75, 100, 150, 250, 400, 600, 1000, 1500, 2500, 4000, 6000, 10000, 30000, 10**9)
STAGES = ("queue", "prompt", "generate", "total")

# As far back as `/status` tells of each day.
_STATUS_DAYS = 30


class StatisticsStore(Protocol):
    """Keeps sums for good."""

    async def add(self, counts: dict[CountKey, int], latencies: dict[LatencyKey, int]) -> None:
        """Add to the sums."""

    async def counts(self) -> dict[str, int]:
        """Sum everything up by measure."""

    async def latencies(self) -> dict[tuple[str, int], int]:
        """Sum everything up by stage and bucket."""

    async def days(self, first: str) -> tuple[dict[tuple[str, str], int], dict[tuple[str, int], int]]:
        """Sum up by day from one on: by day and measure, and by day and bucket of the whole time."""


class StageLatency(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage took: half and 95 % of the answers took no longer than this, to the bucket."""

    answers: int
    p50_ms: int
    p95_ms: int


class CompletionDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day of completions, in UTC; the times are of answers the model had to write."""

    day: str
    requests: int
    offered: int
    shown: int
    accepted: int
    p50_ms: int | None
    p95_ms: int | None


class CompletionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How completion is doing; counts are of all time, as far as they were saved, and of now.

    `acceptance_rate` is of suggestions shown; `kept_rate` is of accepted characters looked for again later.
    """

    counts: dict[str, int]
    acceptance_rate: float | None
    kept_rate: float | None
    latency: dict[str, StageLatency]
    days: tuple[CompletionDay, ...]
    places: int
    cached: int
    budgets: Budgets


class Statistics:
    """Counts; `aclose` saves the last of them."""

    def __init__(self, store: StatisticsStore | None, save_seconds: float = SAVE_SECONDS) -> None:
        self._store = store
        self._save_seconds = save_seconds
        self._counts: Counter[CountKey] = Counter()
        self._latencies: Counter[LatencyKey] = Counter()
        self._saving: asyncio.Task[None] | None = None

    def count_answer(self, plan: Plan, answer: CompletionAnswer, *, has_cost: bool = True) -> None:
        """Count a request and what it came to; with `has_cost`, how long the model took too."""
        measures = {"requests": 1}
        if answer.reason is not None:
            measures[answer.reason] = 1
        if answer.completions:
            measures["offered"] = 1
            measures["offered_characters"] = len(answer.completions[0].text)
        if answer.cached != "no":
            measures[f"cached_{answer.cached}"] = 1
        self._add(plan, answer.backend, answer.model, measures)
        if has_cost and answer.backend is not None:
            day = _today()
            for stage in STAGES:
                milliseconds = getattr(answer.timings, f"{stage}_ms")
                self._latencies[LatencyKey(day, stage, _bucket(milliseconds))] += 1

    def count_feedback(self, offered: Offered, given: FeedbackInput) -> None:
        """Count what became of a suggestion."""
        measures: dict[str, int] = {given.event: 1}
        if given.event == "accepted":
            measures["accepted_characters"] = offered.accepted_characters(given)
        self._add(offered.plan, offered.backend, offered.model, measures)

    def count_waste(self, plan: Plan, last: Delta) -> None:
        """Count the tokens of work that was given up before it was done."""
        if last.usage is not None:
            wasted = {
                "wasted_prompt_tokens": last.usage.prompt_tokens_evaluated,
                "wasted_completion_tokens": last.usage.completion_tokens,
            }
            self._add(plan, last.backend, last.model, wasted)

    def count_kept(self, plan: Plan, kept: int, accepted: int) -> None:
        """Count what is left of an accepted suggestion after a while."""
        self._add(plan, None, None, {"judged_characters": accepted, "kept_characters": kept})

    async def status(self, *, budgets: Budgets, places: int, cached: int) -> CompletionStatus:
        """Sum up; what cannot be read from the store is left out."""
        first = (datetime.now(UTC) - timedelta(days=_STATUS_DAYS - 1)).date().isoformat()
        counts: Counter[str] = Counter()
        latencies: Counter[tuple[str, int]] = Counter()
        day_counts: Counter[tuple[str, str]] = Counter()
        day_latencies: Counter[tuple[str, int]] = Counter()
        if self._store is not None:
            try:
                counts.update(await self._store.counts())
                latencies.update(await self._store.latencies())
                saved_counts, saved_latencies = await self._store.days(first)
                day_counts.update(saved_counts)
                day_latencies.update(saved_latencies)
            except DaemonError as error:
                _log.info("the completion statistics cannot be read: %s", error)
        for key, value in self._counts.items():
            counts[key.measure] += value
            day_counts[key.day, key.measure] += value
        for latency, value in self._latencies.items():
            latencies[latency.stage, latency.up_to_ms] += value
            if latency.stage == "total":
                day_latencies[latency.day, latency.up_to_ms] += value
        stages = {stage: _percentiles(latencies, stage) for stage in STAGES}
        judged = counts["accepted"] + counts["rejected"]
        shown = counts["shown"] or judged
        return CompletionStatus(
            counts=dict(counts),
            acceptance_rate=_rate(counts["accepted"], shown),
            kept_rate=_rate(counts["kept_characters"], counts["judged_characters"]),
            latency={stage: taken for stage, taken in stages.items() if taken is not None},
            days=_days(day_counts, day_latencies),
            places=places,
            cached=cached,
            budgets=budgets,
        )

    async def aclose(self) -> None:
        """Save what is left."""
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.wait({self._saving})
        await self._save()

    def _add(self, plan: Plan, backend: str | None, model: str | None, measures: dict[str, int]) -> None:
        language = plan.scene.language.name if plan.scene.language is not None else ""
        day = _today()
        for measure, value in measures.items():
            self._counts[CountKey(day, backend or "", model or "", language, measure)] += value
        if self._store is not None and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._save_later())

    async def _save_later(self) -> None:
        await asyncio.sleep(self._save_seconds)
        await self._save()

    async def _save(self) -> None:
        if self._store is None or not (self._counts or self._latencies):
            return
        counts, self._counts = self._counts, Counter()
        latencies, self._latencies = self._latencies, Counter()
        try:
            await self._store.add(dict(counts), dict(latencies))
        except DaemonError as error:
            # They stay in memory, and are tried again with the next ones.
            self._counts.update(counts)
            self._latencies.update(latencies)
            _log.warning("the completion statistics cannot be saved: %s", error)


def _days(counts: Counter[tuple[str, str]], latencies: Counter[tuple[str, int]]) -> tuple[CompletionDay, ...]:
    """Make one row for each day there was anything on, the oldest first."""
    rows = []
    for day in sorted({day for day, _ in counts}):
        taken = _percentiles(latencies, day)
        rows.append(
            CompletionDay(
                day=day,
                requests=counts[day, "requests"],
                offered=counts[day, "offered"],
                shown=counts[day, "shown"],
                accepted=counts[day, "accepted"],
                p50_ms=taken.p50_ms if taken is not None else None,
                p95_ms=taken.p95_ms if taken is not None else None,
            )
        )
    return tuple(rows)


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _bucket(milliseconds: float) -> int:
    return next(bucket for bucket in BUCKETS_MS if milliseconds <= bucket)


def _percentiles(latencies: Counter[tuple[str, int]], stage: str) -> StageLatency | None:
    own = sorted((bucket, count) for (name, bucket), count in latencies.items() if name == stage)
    answers = sum(count for _, count in own)
    if not answers:
        return None
    return StageLatency(
        answers=answers, p50_ms=_percentile(own, answers * 0.5), p95_ms=_percentile(own, answers * 0.95)
    )


def _percentile(buckets: list[tuple[int, int]], rank: float) -> int:
    seen = 0
    for bucket, count in buckets:
        seen += count
        if seen >= rank:
            return bucket
    return buckets[-1][0]

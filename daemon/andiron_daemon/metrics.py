"""The daemon's figures as Prometheus reads them, written when they are asked for.

Nothing is kept here: `counters` and the engines' own figures are read at each scrape, so that a request pays for
one or two additions and no more. prometheus_client is imported at the first scrape.
"""

import asyncio
import importlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from andiron_daemon.counters import Counters, Histogram

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CACHE_KINDS = ("exact", "typed_through")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is read at a scrape, beside the counters."""

    version: str
    uptime_seconds: float
    rss_bytes: int
    workers: tuple[Mapping[str, Any], ...] = ()
    completion_counts: Mapping[str, int] = {}
    refused: Mapping[str, int] = {}
    budget_tokens: int = 0
    budget_spent: int = 0


async def metrics_text(counters: Counters, figures: Figures) -> bytes:
    """Write everything in Prometheus' text format; the counters are read on the event loop, where they change."""
    await asyncio.to_thread(importlib.import_module, "prometheus_client")
    families = (
        *_process(figures),
        *_requests(counters, figures),
        *_answers(counters, figures),
        *_engine(figures.workers),
    )
    return await asyncio.to_thread(_written, families)


class _Collector:
    """What prometheus_client asks for the families."""

    def __init__(self, families: "tuple[Metric, ...]") -> None:
        self._families = families

    def collect(self) -> "Iterable[Metric]":
        return self._families


def _written(families: "tuple[Metric, ...]") -> bytes:
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    return generate_latest(registry)


def _process(figures: Figures) -> "Iterator[Metric]":
    from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily

    yield InfoMetricFamily("andiron_build", "What runs.", value={"version": figures.version})
    yield GaugeMetricFamily("andiron_uptime_seconds", "Since the daemon started.", value=figures.uptime_seconds)
    memory = GaugeMetricFamily("andiron_resident_memory_bytes", "Memory held, by process.", labels=["process"])
    memory.add_metric(["daemon"], figures.rss_bytes)
    for worker in figures.workers:
        if "rss_bytes" in worker:
            memory.add_metric([f"worker {worker['model']}"], worker["rss_bytes"])
    yield memory


def _requests(counters: Counters, figures: Figures) -> "Iterator[Metric]":
    from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

    requests = CounterMetricFamily("andiron_requests", "Requests, by route.", labels=["route"])
    for route, count in counters.requests.items():
        requests.add_metric([route], count)
    yield requests
    seconds = HistogramMetricFamily("andiron_request_seconds", "How long requests took, by route.", labels=["route"])
    for route, histogram in counters.routes.items():
        seconds.add_metric([route], _buckets(histogram), histogram.sum_seconds)
    yield seconds
    errors = CounterMetricFamily("andiron_errors", "Answers that were errors, by code.", labels=["code"])
    for code, count in counters.errors.items():
        errors.add_metric([code], count)
    yield errors
    refused = CounterMetricFamily("andiron_rate_limited", "Requests refused by a limit, by limit.", labels=["limit"])
    for limit, count in figures.refused.items():
        refused.add_metric([limit], count)
    yield refused


def _answers(counters: Counters, figures: Figures) -> "Iterator[Metric]":
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    stages = HistogramMetricFamily(
        "andiron_stage_seconds", "How long answers took, by stage and backend.", labels=["stage", "backend"]
    )
    for (stage, backend), histogram in counters.stages.items():
        stages.add_metric([stage, backend], _buckets(histogram), histogram.sum_seconds)
    yield stages
    answers = CounterMetricFamily("andiron_answers", "Generated answers, by backend.", labels=["backend"])
    tokens = CounterMetricFamily("andiron_tokens", "Tokens, by backend and kind.", labels=["backend", "kind"])
    for backend, counts in counters.tokens.items():
        answers.add_metric([backend], counts.answers)
        tokens.add_metric([backend, "prompt"], counts.prompt_tokens)
        tokens.add_metric([backend, "completion"], counts.completion_tokens)
    yield answers
    yield tokens
    masked = CounterMetricFamily("andiron_masked_secrets", "Secrets kept from a backend.", labels=["backend"])
    for backend, count in counters.masked.items():
        masked.add_metric([backend], count)
    yield masked
    completions = figures.completion_counts
    yield CounterMetricFamily("andiron_completions", "Completions asked for.", value=completions.get("requests", 0))
    hits = CounterMetricFamily("andiron_completion_cache_hits", "Completions known already, by kind.", labels=["kind"])
    for kind in _CACHE_KINDS:
        hits.add_metric([kind], completions.get(f"cached_{kind}", 0))
    yield hits
    yield GaugeMetricFamily(
        "andiron_budget_tokens", "Tokens a day for what costs money; 0 is no limit.", value=figures.budget_tokens
    )
    yield GaugeMetricFamily("andiron_budget_spent_tokens", "Tokens spent today.", value=figures.budget_spent)


def _engine(workers: Iterable[Mapping[str, Any]]) -> "Iterator[Metric]":
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    gauges = (
        ("running", "andiron_engine_running", "Requests the local engine works on."),
        ("waiting", "andiron_queue_length", "Requests that wait for the local engine."),
        ("cells_used", "andiron_kv_cells_used", "Places of the KV cache that are taken."),
        ("cells", "andiron_kv_cells", "Places of the KV cache."),
        ("prompt_tokens_per_second", "andiron_prompt_tokens_per_second", "Speed measured on prompts."),
        ("generate_tokens_per_second", "andiron_generate_tokens_per_second", "Speed measured on answers."),
    )
    workers = tuple(workers)
    for field, name, told in gauges:
        family = GaugeMetricFamily(name, told, labels=["model"])
        for worker in workers:
            if field in worker:
                family.add_metric([worker["model"]], worker[field])
        yield family
    restarts = CounterMetricFamily("andiron_worker_restarts", "Engines started again after a crash.", labels=["model"])
    for worker in workers:
        restarts.add_metric([worker["model"]], worker.get("restarts", 0))
    yield restarts


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Add up the counts, as Prometheus wants them."""
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip([*map(str, histogram.BOUNDS_SECONDS), "+Inf"], histogram.counts, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets

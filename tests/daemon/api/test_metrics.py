"""What Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

from andiron_testing.daemons import DaemonClient, StartDaemon, error_of


async def _samples(daemon: DaemonClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = await daemon.get("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(await response.text())
        for sample in family.samples
    }


async def test_answers_are_counted_by_stage_and_backend(daemon: DaemonClient) -> None:
    await daemon.post("/api/v1/chat/message", json={"message": "hello"})
    await daemon.post("/api/v1/code/complete", json={"prefix": "x = "})
    await daemon.post("/api/v1/code/complete", json={"prefix": "x = "})
    await daemon.get("/nowhere")
    samples = await _samples(daemon)
    for stage in ("queue", "prompt", "generate", "total"):
        labels = (("backend", "local"), ("stage", stage))
        assert samples["andiron_stage_seconds_count", labels] == 2
    assert samples["andiron_answers_total", (("backend", "local"),)] == 2
    assert samples["andiron_tokens_total", (("backend", "local"), ("kind", "completion"))] > 0
    assert samples["andiron_completion_cache_hits_total", (("kind", "exact"),)] == 1
    assert samples["andiron_completions_total", ()] == 2
    assert samples["andiron_errors_total", (("code", "not_found"),)] == 1
    assert samples["andiron_request_seconds_count", (("route", "POST /api/v1/chat/message"),)] == 1
    assert samples["andiron_resident_memory_bytes", (("process", "daemon"),)] > 1_000_000


async def test_names_that_need_escaping_are_escaped(daemon: DaemonClient) -> None:
    await daemon.get("/nowhere%22%5C%0A")
    assert ("andiron_requests_total", (("route", "GET (no such path)"),)) in await _samples(daemon)


async def test_metrics_ask_for_the_token(start_daemon: StartDaemon) -> None:
    status, error = await error_of(await (await start_daemon(token=None)).get("/metrics"))
    assert (status, error["code"]) == (401, "unauthorized")


async def test_the_last_errors_come_with_a_hint(daemon: DaemonClient) -> None:
    await daemon.get("/nowhere")
    shown = await (await daemon.get("/api/v1/status")).json()
    assert shown["last_errors"][-1]["code"] == "not_found"
    assert shown["last_errors"][-1]["hint"]

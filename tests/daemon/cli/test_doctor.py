"""`andiron doctor` as it is run."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths, make_private
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

WORKER = {
    "model": "tiny",
    "state": "loaded",
    "generate_tokens_per_second": 30.0,
    "prompt_tokens_per_second": 90.0,
    "threads": 2,
}
STATUS: dict[str, Any] = {
    "settings": {"backend": "local"},
    "backends": [
        {"name": "local", "state": "ready"},
        {"name": "openai", "state": "unconfigured", "detail": "no key", "hint": "Set OPENAI_API_KEY."},
    ],
    "local_engine": {"workers": [WORKER]},
    "storage": {"path": "/x", "bytes": 1, "conversations": 2, "messages": 9},
    "last_errors": [],
}
COMPLETED = {"completions": [{"text": " + second"}], "model": "tiny", "backend": "local"}


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        running.routes["GET /api/v1/status"] = (200, STATUS)
        running.routes["POST /api/v1/code/complete"] = (200, COMPLETED)
        yield running


def _report(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    report = json.loads(capsys.readouterr().out)
    return {check["name"]: check for check in report["checks"]}


def test_a_running_daemon_is_asked_for_everything(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    checks = _report(capsys)
    assert checks["infill"]["said"].startswith("tiny went on with `+ second`")
    assert checks["speed of tiny"]["verdict"] == "ok"
    assert checks["backend openai"]["verdict"] == "ok"
    assert {"service", "tray", "database", "errors", "port"} <= set(checks)


def test_what_is_wrong_is_told_with_a_hint(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "internal", "message": "broken", "at": "2026-01-01T00:00:00", "request_id": "r1", "hint": None}
    slow = {**WORKER, "generate_tokens_per_second": 1.0, "infill_test": {"passed": False, "detail": "no gaps"}}
    bad = {**STATUS, "local_engine": {"workers": [slow]}, "last_errors": [error]}
    stub.routes["GET /api/v1/status"] = (200, bad)
    refusal = {"error": {"code": "backend_unavailable", "message": "no engine", "hint": "Load it.", "request_id": "r"}}
    stub.routes["POST /api/v1/code/complete"] = (503, refusal)
    assert main(["doctor", "--json"]) == 1
    checks = _report(capsys)
    assert (checks["infill"]["verdict"], checks["infill"]["hint"]) == ("fail", "Load it.")
    for name in ("speed of tiny", "infill of tiny", "errors"):
        assert checks[name]["verdict"] == "warn"
        assert checks[name]["hint"]


def test_the_report_holds_no_secret_and_no_home(
    stub: StubDaemon, paths: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_private(paths.state)
    paths.token_file.write_text("the-token-of-this-test")
    paths.token_file.chmod(0o600)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-own-key-1234567")
    monkeypatch.setenv("HOME", str(paths.state.parent))
    told = {"name": "local", "state": "failed", "detail": f"the-token-of-this-test sk-own-key-1234567 {paths.state}"}
    stub.routes["GET /api/v1/status"] = (200, {**STATUS, "backends": [told]})
    assert main(["doctor", "--report"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("Andiron ")
    assert "fail  backend local: failed: *** *** ~/" in text
    for secret in ("the-token-of-this-test", "sk-own-key", str(paths.state.parent)):
        assert secret not in text


def test_without_a_daemon_the_rest_is_looked_at(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1  # there is no model
    out = capsys.readouterr().out
    assert "warn  daemon: not running" in out
    assert "hint: `andiron models pull" in out
    assert "To hand on" in out

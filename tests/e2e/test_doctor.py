"""That nothing leaves the machine, proved on the real engine; and that the proof would see it if it did."""

import json
from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import andiron, put_model

pytestmark = pytest.mark.model


def test_a_completion_and_a_chat_open_no_outbound_socket(paths: Paths, smollm2_path: Path) -> None:
    put_model(smollm2_path, paths)
    ended = andiron("doctor", "--offline", "--json")
    report = json.loads(ended.stdout)
    checks = {check["name"]: check for check in report["checks"]}
    for name in ("offline completion", "offline chat", "sockets of Python", "sockets of the processes"):
        assert checks[name]["verdict"] == "ok", checks[name]
    assert checks["kernel's counters"]["verdict"] in ("ok", "warn")
    assert "by local" in checks["offline chat"]["said"]
    assert ended.returncode == 0


def test_what_would_leave_is_seen(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ANDIRON_BACKEND": "openai",
        "OPENAI_API_KEY": "sk-of-the-test-12345",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    }.items():
        monkeypatch.setenv(name, value)
    ended = andiron("doctor", "--offline", "--json")
    checks = {check["name"]: check for check in json.loads(ended.stdout)["checks"]}
    assert checks["sockets of Python"]["verdict"] == "fail"
    assert "127.0.0.1" in checks["sockets of Python"]["said"]
    assert ended.returncode == 1

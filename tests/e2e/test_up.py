"""`andiron up` with the real daemon and a real model."""

from pathlib import Path

import pytest

from andiron_daemon.client import running_daemon
from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import andiron, put_model
from andiron_testing.fake_tool import FakeTools


@pytest.mark.model
def test_it_brings_everything_up_and_run_again_finds_it_so(
    paths: Paths, smollm2_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PORT", "0")
    put_model(smollm2_path, paths)
    try:
        done = andiron("up")
        assert done.returncode == 0, done.stdout + done.stderr
        expected = ["settings", "model", "daemon", "engine", "answer", "Andiron"]
        steps = [line.split()[0] for line in done.stdout.splitlines()]
        assert [step for step in steps if step in expected] == expected
        record = running_daemon(paths)
        assert record is not None
        assert done.stdout.splitlines()[-1] == f"Andiron is ready at {record.url}"
        assert "tokens/s, by smollm2-135m (local)" in done.stdout
        again = andiron("up")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "was already running" in again.stdout
        after = running_daemon(paths)
        assert after is not None
        assert after.pid == record.pid
    finally:
        andiron("stop")


def test_where_a_service_is_installed_the_daemon_runs_under_it(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tools = FakeTools(tmp_path / "tools", "systemctl")
    tools.follow({"words": [], "code": 1})
    monkeypatch.setenv("PATH", tools.path)
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("port = 0\n", encoding="utf-8")
    try:
        assert andiron("service", "install").returncode == 0
        done = andiron("up", "--no-model")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the service was started (supervisor)" in done.stdout
        assert "runs already (supervisor)" in andiron("up", "--no-model").stdout
        assert andiron("service", "status").returncode == 0
    finally:
        andiron("service", "uninstall")
        andiron("stop")


def test_without_a_model_and_without_anyone_to_ask_it_says_what_to_say(paths: Paths) -> None:
    done = andiron("up", "--model", "smollm2-135m")
    assert done.returncode == 1
    assert "the model smollm2-135m (0.1 GB) is not here" in done.stderr
    assert "--yes" in done.stderr
    assert running_daemon(paths) is None

"""A daemon that does not end at once: waited for, and killed only where it never ends; it is a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_daemon.client import running_daemon
from andiron_daemon.paths import Paths
from andiron_installer import ending
from andiron_installer.ending import EndError, end_daemon
from andiron_testing.stub_daemon import stub_daemon

_TESTS = str(Path(__file__).parents[1])


@pytest.fixture
def slow(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    monkeypatch.setenv("PYTHONPATH", _TESTS)
    command = [sys.executable, "-m", "andiron_testing.slow_daemon"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "ready\n"
        yield daemon
        daemon.kill()


def test_a_daemon_that_is_slow_to_end_is_waited_for(
    slow: "subprocess.Popen[str]", paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_QUIET_SECONDS", 0.1)
    told: list[str] = []

    def hear(line: str) -> None:
        told.append(line)
        (paths.state.parent / "may-end").touch()

    end_daemon(paths, hear)
    assert told == ["the daemon takes its time to end; waiting"]
    assert running_daemon(paths) is None
    assert slow.wait(10) == 0


def test_a_daemon_that_never_ends_is_killed(
    slow: "subprocess.Popen[str]", paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_QUIET_SECONDS", 0.1)
    monkeypatch.setattr(ending, "_LONGEST_SECONDS", 0.2)
    told: list[str] = []
    end_daemon(paths, told.append)
    assert told[-1] == f"the daemon does not end; killing it (pid {slow.pid})"
    assert running_daemon(paths) is None
    assert slow.wait(10) != 0


def test_a_daemon_that_does_not_let_itself_be_asked_runs_on(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["POST /api/v1/system/stop"] = (401, {"error": {"code": "unauthorized", "message": "who are you?"}})
        with pytest.raises(EndError, match=r"cannot be stopped: who are you\?") as caught:
            end_daemon(paths, lambda _: None)
        assert caught.value.hint == "Try: andiron stop"


def test_where_none_runs_there_is_nothing_to_end(paths: Paths) -> None:
    told: list[str] = []
    end_daemon(paths, told.append)
    assert told == []

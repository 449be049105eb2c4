"""The service on a machine without a service manager, with the real daemon: the commands a person and the tray use."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from andiron_daemon.client import running_daemon, wait_until_healthy
from andiron_daemon.paths import Paths, make_private
from andiron_testing.daemon_process import StartDaemon, andiron
from andiron_testing.fake_tool import FakeTools


@pytest.fixture(autouse=True)
def machine(paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A person's home and a port of the test's own; no systemd answers."""
    tools = FakeTools(tmp_path / "tools", "systemctl")
    tools.follow({"words": [], "say": "Failed to connect to bus: No medium found", "code": 1})
    monkeypatch.setenv("PATH", tools.path)
    person = tmp_path / "person"
    person.mkdir()
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    make_private(paths.config)
    paths.settings_file.write_text("port = 0\n", encoding="utf-8")
    yield
    andiron("service", "uninstall")
    andiron("stop")


def outlook() -> dict[str, Any]:
    done = andiron("service", "status", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def pid_of(paths: Paths) -> int:
    record = running_daemon(paths)
    assert record is not None
    return record.pid


def test_it_is_installed_started_looked_at_stopped_and_removed(paths: Paths, tmp_path: Path) -> None:
    assert andiron("service", "start").returncode == 3
    done = andiron("service", "install")
    assert (done.returncode, done.stderr) == (0, "")
    assert "autostart  off" in done.stdout
    assert running_daemon(paths) is None
    started = andiron("service", "start")
    assert started.returncode == 0, started.stderr
    assert "Andiron is ready at http://127.0.0.1:" in started.stdout
    assert outlook()["activity"] == "running"
    assert outlook()["pid"] == pid_of(paths)
    assert "already running" in andiron("service", "start").stdout
    before = pid_of(paths)
    assert andiron("service", "restart").returncode == 0
    assert pid_of(paths) != before
    shown = andiron("service", "logs").stdout
    assert "Andiron is ready at" in shown
    assert "info    daemon.serve: ready at http" in shown
    assert '{"' not in shown
    raw = andiron("service", "logs", "--json", "-n", "1").stdout
    assert raw == f"{paths.log_file.read_text(encoding='utf-8').splitlines()[-1]}\n"
    assert andiron("service", "stop").stdout == "The service has stopped\n"
    assert running_daemon(paths) is None
    assert andiron("service", "status").returncode == 3
    assert andiron("service", "uninstall").returncode == 0
    assert outlook()["installed"] is False
    assert list((tmp_path / "person").iterdir()) == []


def test_a_daemon_that_is_killed_comes_back(paths: Paths) -> None:
    assert andiron("service", "install", "--start").returncode == 0
    before = pid_of(paths)
    psutil.Process(before).kill()
    record = wait_until_healthy(paths, timeout_seconds=30)
    assert record is not None
    assert record.pid != before
    told = outlook()
    assert (told["activity"], told["restarts"], told["pid"]) == ("running", 1, record.pid)


def test_stopped_by_andiron_stop_it_stays_stopped(paths: Paths) -> None:
    assert andiron("service", "install", "--start").returncode == 0
    assert andiron("stop").returncode == 0
    assert running_daemon(paths) is None
    # The one who looks after it ends a moment after the daemon did; it starts no other.
    said = [andiron("service", "stop").stdout for _ in range(2)]
    assert said[-1] == "The service was not running\n"
    assert running_daemon(paths) is None


def test_one_that_was_started_by_hand_is_left_alone_and_handed_over_when_asked(
    paths: Paths, start_daemon: StartDaemon
) -> None:
    assert andiron("service", "install").returncode == 0
    daemon = start_daemon()
    done = andiron("service", "start")
    assert done.returncode == 0
    assert "started by hand" in done.stdout
    assert pid_of(paths) == daemon.process.pid
    assert outlook()["by_hand"] is True
    assert "`andiron stop` ends it" in andiron("service", "stop").stdout
    assert daemon.is_running()
    assert andiron("service", "restart").returncode == 0
    assert daemon.wait() == 0
    assert outlook()["by_hand"] is False
    # The other way round: by hand, one that the service runs is pointed at.
    by_hand = andiron("serve")
    assert by_hand.returncode == 0
    assert "already running" in by_hand.stderr


def test_wrong_settings_are_said_before_anything_is_started(paths: Paths) -> None:
    assert andiron("service", "install").returncode == 0
    paths.settings_file.write_text('port = "a harbour"\n', encoding="utf-8")
    done = andiron("service", "start")
    assert done.returncode == 78
    assert "'a harbour'" in done.stderr
    assert running_daemon(paths) is None


def test_a_variable_of_this_terminal_is_not_one_of_the_service(paths: Paths) -> None:
    done = andiron("service", "install", variables={"PORT": "9"})
    assert f"note: PORT is set in this terminal only; the service reads {paths.settings_file}" in done.stderr
    assert andiron("service", "start", variables={"PORT": "9"}).returncode == 0
    record = running_daemon(paths)
    assert record is not None
    assert record.port != 9


def test_starting_at_login_is_switched_on_and_off(tmp_path: Path) -> None:
    assert andiron("service", "install", "--no-autostart").returncode == 0
    entry = tmp_path / "person" / ".config" / "autostart"
    assert json.loads(andiron("service", "autostart", "on", "--json").stdout)["autostart"] is True
    assert [file.suffix for file in entry.iterdir()] == [".desktop"]
    assert andiron("service", "autostart").stdout == "on\n"
    assert andiron("service", "autostart", "off").stdout == "off\n"
    assert list(entry.iterdir()) == []


def test_nothing_starts_at_login_unasked_where_nobody_can_be_asked() -> None:
    assert "autostart  off" in andiron("service", "install").stdout
    assert outlook()["autostart"] is False


def test_shown_first_nothing_is_written(paths: Paths, tmp_path: Path) -> None:
    for manager in ("systemd", "launchd", "scheduled task", "supervisor"):
        done = andiron("service", "install", "--dry-run", "--autostart", "--manager", manager)
        assert done.returncode == 0, done.stderr
        assert "# file: " in done.stdout
        assert "Nothing was done" in done.stdout
    assert not paths.state.exists()
    assert list((tmp_path / "person").iterdir()) == []


def test_an_environment_that_was_moved_is_noticed_and_mended(paths: Paths) -> None:
    assert andiron("service", "install", "--manager", "supervisor", "--autostart").returncode == 0
    record = json.loads((paths.state / "service.json").read_bytes())
    (entry,) = (Path(file["path"]) for file in record["files"])
    moved = entry.read_text(encoding="utf-8").replace("andiron_daemon", "andiron_moved")
    entry.write_text(moved, encoding="utf-8")
    import hashlib

    record["files"][0]["sha256"] = hashlib.sha256(moved.encode()).hexdigest()
    (paths.state / "service.json").write_text(json.dumps(record), encoding="utf-8")
    assert "was it moved?" in outlook()["hint"]
    assert andiron("service", "install").returncode == 0
    assert outlook()["hint"] == ""
    assert "andiron_daemon" in entry.read_text(encoding="utf-8")


def test_a_supervisor_that_is_told_to_end_takes_its_daemon_along(paths: Paths) -> None:
    assert andiron("service", "install", "--start").returncode == 0
    daemon = psutil.Process(pid_of(paths))
    supervisor = daemon.parent()
    assert supervisor is not None
    supervisor.send_signal(signal.SIGTERM)
    assert psutil.wait_procs([supervisor, daemon], timeout=20)[1] == []
    assert running_daemon(paths) is None
    assert outlook()["activity"] == "stopped"


def test_a_supervisor_that_is_killed_leaves_a_daemon_that_still_can_be_handed_over(paths: Paths) -> None:
    assert andiron("service", "install", "--start").returncode == 0
    daemon = psutil.Process(pid_of(paths))
    supervisor = daemon.parent()
    assert supervisor is not None
    supervisor.kill()
    assert psutil.wait_procs([supervisor], timeout=20)[1] == []
    assert outlook()["by_hand"] is True
    assert andiron("service", "restart").returncode == 0
    assert outlook()["by_hand"] is False

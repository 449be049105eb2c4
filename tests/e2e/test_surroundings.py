"""Surroundings a daemon may come to: odd homes, no home, other users, clocks that are set."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from andiron_daemon.client import Client, wait_until_healthy
from andiron_daemon.paths import find_paths
from andiron_testing.daemon_process import DaemonProcess, StartDaemon, andiron
from andiron_testing.fake_tool import FakeTools
from andiron_testing.notify_socket import NotifySocket

_ODD = 'it\'s 100% "odd" $HOME %h ünïcödé 火 & more'


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Have a port taken, by us or by whoever has it already."""
    with closing(socket.socket()) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(("127.0.0.1", port))
            opened.listen()
        except OSError:
            pass
        yield


def test_a_home_with_everything_in_its_name_is_one_like_any_other(tmp_path: Path) -> None:
    paths = find_paths(str(tmp_path / _ODD))
    daemon = DaemonProcess(paths, (), {})
    try:
        assert daemon.client.status()["process"]["pid"] == daemon.process.pid
        assert str(paths.log_file) in daemon.andiron("status").stdout
        assert daemon.andiron("stop").returncode == 0
        assert daemon.wait() == 0
    finally:
        daemon.kill()
        daemon.said()


def test_a_service_of_such_a_home_is_installed_started_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = FakeTools(tmp_path / "tools", "systemctl")
    tools.follow({"words": [], "code": 1})
    person = tmp_path / f"person {_ODD}"
    person.mkdir()
    paths = find_paths(str(tmp_path / _ODD))
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("port = 0\n", encoding="utf-8")
    variables = {"ANDIRON_HOME": str(paths.state.parent), "HOME": str(person), "PATH": tools.path}
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    try:
        done = andiron("service", "install", "--autostart", "--start", variables=variables)
        assert done.returncode == 0, done.stderr
        assert wait_until_healthy(paths, timeout_seconds=20) is not None
        shown = andiron("service", "install", "--dry-run", "--manager", "systemd", variables=variables)
        assert "100%%" in shown.stdout
    finally:
        assert andiron("service", "uninstall", variables=variables).returncode == 0
    assert wait_until_healthy(paths, timeout_seconds=0) is None
    assert list(person.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("serve",), ("up", "--no-model"), ("service", "install"), ("service", "status"), ("status",)]
)
def test_without_a_home_every_command_says_so_in_a_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = andiron(*arguments, variables={"HOME": str(tmp_path / "gone"), "ANDIRON_HOME": "", **_no_folders()})
    assert done.returncode == 78
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: there is no home folder")
    assert hint == "hint: Set ANDIRON_HOME to a folder of yours."


@pytest.mark.parametrize("arguments", [("serve",), ("serve", "--detach"), ("service", "install"), ("up", "--no-model")])
def test_a_home_that_nobody_may_write_to_is_said(arguments: tuple[str, ...]) -> None:
    # The system's own view of processes: nothing can be made there, by an administrator neither.
    done = andiron(*arguments, variables={"ANDIRON_HOME": "/proc/andiron", "PORT": "0"})
    assert done.returncode in (78, 19), done.stderr
    assert "/proc/andiron" in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_two_people_of_a_machine_have_ports_tokens_and_files_of_their_own(tmp_path: Path) -> None:
    """Two homes stand for two users: nothing but the folders tells the daemons of two users apart."""
    first = DaemonProcess(find_paths(str(tmp_path / "one")), (), {"PORT": ""})
    second = DaemonProcess(find_paths(str(tmp_path / "two")), (), {"PORT": ""})
    try:
        assert first.record.port != second.record.port
        assert first.token != second.token
        with pytest.raises(Exception, match="token"):
            Client(first.record.url, second.token).status()
        for daemon in (first, second):
            assert daemon.client.status()["storage"]["path"].startswith(str(daemon.paths.data))
            for folder in (daemon.paths.state, daemon.paths.data):
                assert folder.stat().st_mode & 0o077 == 0
        stopped = second.andiron("stop")
        assert str(second.process.pid) in stopped.stderr
        assert first.is_running()
    finally:
        first.kill()
        second.kill()
        first.said()
    assert "in use by the Andiron of another user or another ANDIRON_HOME" in second.said()


def test_a_port_nobody_chose_gives_way_and_a_chosen_one_does_not(tmp_path: Path) -> None:
    with taken(8000):
        daemon = DaemonProcess(find_paths(str(tmp_path / "one")), (), {"PORT": ""})
        try:
            assert 8001 <= daemon.record.port <= 8009
        finally:
            daemon.kill()
        assert "port 8000 is in use by" in daemon.said()
        assert f"listening on port {daemon.record.port} instead" in daemon.said()
        chosen = andiron("serve", "--port=8000")
    assert chosen.returncode == 1
    assert chosen.stderr.startswith("error: port 8000 is in use by")


def test_the_time_of_day_may_jump_by_years_while_it_runs(start_daemon: StartDaemon, tmp_path: Path) -> None:
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    clock = tmp_path / "clock"
    clock.write_text("+0d\n", encoding="utf-8")
    with NotifySocket() as manager:
        daemon = start_daemon(
            LD_PRELOAD=str(library),
            FAKETIME_TIMESTAMP_FILE=str(clock),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            NOTIFY_SOCKET=manager.address,
            WATCHDOG_USEC="200000",
        )
        this_year = year_told_by(daemon)
        for jump, years in (("+3650d", 10), ("-3650d", -10), ("+0d", 0)):
            clock.write_text(f"{jump}\n", encoding="utf-8")
            manager.drain()
            assert abs(year_told_by(daemon) - this_year - years) <= 1
            assert manager.wait_for("WATCHDOG") == {"WATCHDOG": "1"}
            assert 0 <= daemon.client.status()["process"]["uptime_s"] < 120
        daemon.client.stop()
        assert daemon.wait() == 0


def year_told_by(daemon: DaemonProcess) -> int:
    """Return the year of the daemon's time of day, which every answer carries."""
    with closing(http.client.HTTPConnection("127.0.0.1", daemon.record.port, timeout=60)) as connection:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        return parsedate_to_datetime(answer.headers["Date"]).year


def _no_folders() -> dict[str, str]:
    return {f"XDG_{name}_HOME": "" for name in ("CONFIG", "DATA", "STATE", "CACHE")}

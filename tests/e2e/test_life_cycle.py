"""How a daemon starts, is found, refuses to start, ends, and what a killed one leaves behind."""

import json
import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from andiron_daemon import __version__
from andiron_daemon.client import Client, find_client
from andiron_daemon.paths import Paths
from andiron_daemon.runfile import is_held, read_run_file
from andiron_testing.daemon_process import DaemonProcess, StartDaemon, andiron


def test_a_started_daemon_says_where_it_is_and_leaves_private_files(daemon: DaemonProcess, paths: Paths) -> None:
    assert daemon.client.health()["status"] == "ok"
    record = read_run_file(paths)
    assert record is not None
    assert (record.pid, record.version) == (daemon.process.pid, __version__)
    assert record.url == f"http://127.0.0.1:{record.port}"
    assert record.token_path == str(paths.token_file)
    for file in (paths.token_file, paths.run_file, paths.log_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(daemon: DaemonProcess, paths: Paths, number: signal.Signals) -> None:
    daemon.signal(number)
    assert daemon.wait() == 0
    assert not paths.run_file.exists()
    assert not is_held(paths)
    said = daemon.said()
    assert said == f"Andiron is ready at {daemon.record.url}\n"


def test_stop_ends_it_and_says_so(daemon: DaemonProcess) -> None:
    done = andiron("stop")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Andiron stopped (pid {daemon.process.pid})\n"
    assert daemon.wait() == 0
    assert andiron("stop").stderr == "Andiron is not running\n"


def test_stop_falls_back_to_a_signal_when_its_token_is_refused(daemon: DaemonProcess, paths: Paths) -> None:
    paths.token_file.write_text("not-the-token-of-the-daemon", encoding="ascii")
    done = andiron("stop")
    assert done.returncode == 0, done.stderr
    assert daemon.wait() == 0


def test_a_second_one_points_at_the_first_and_leaves_it_alone(daemon: DaemonProcess) -> None:
    for arguments in (("serve",), ("serve", "--port", str(daemon.record.port)), ("serve", "--detach")):
        done = andiron(*arguments)
        assert done.returncode == 0, done.stderr
        assert done.stderr == f"Andiron is already running at {daemon.record.url} (pid {daemon.process.pid})\n"
    assert daemon.client.health()["status"] == "ok"


def test_a_port_of_another_program_is_said_with_its_name(paths: Paths) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = andiron("serve", f"--port={port}")
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"error: port {port} is in use by ")
    assert f"(pid {os.getpid()})" in error
    assert hint == "hint: Choose another one with --port, or stop that program."
    assert not is_held(paths)
    assert not paths.run_file.exists()


def test_a_killed_one_is_followed_by_a_new_one(daemon: DaemonProcess, start_daemon: StartDaemon, paths: Paths) -> None:
    token = daemon.token
    daemon.kill()
    assert paths.run_file.exists()
    assert find_client(paths) is None
    assert andiron("status").returncode == 3
    again = start_daemon()
    assert again.record.pid != daemon.record.pid
    assert again.token == token
    assert again.client.status()


def test_a_stale_file_with_the_pid_of_another_program_is_not_believed(paths: Paths, start_daemon: StartDaemon) -> None:
    daemon = start_daemon()
    daemon.kill()
    kept = json.loads(paths.run_file.read_bytes())
    paths.run_file.write_text(json.dumps({**kept, "pid": os.getpid()}), encoding="utf-8")
    assert andiron("stop").stderr == "Andiron is not running\n"
    assert start_daemon().client.health()["status"] == "ok"


def test_detached_it_outlives_the_command_that_started_it(paths: Paths) -> None:
    done = andiron("serve", "--detach", "--port=0")
    try:
        assert done.returncode == 0, done.stderr
        record = read_run_file(paths)
        assert record is not None
        assert done.stderr == f"Andiron is ready at {record.url} (pid {record.pid})\n"
        assert Client(record.url).health()["status"] == "ok"
        assert os.getsid(record.pid) == record.pid
    finally:
        assert andiron("stop").returncode == 0


def test_detached_it_takes_no_modules_from_the_working_folder(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("aiohttp", "msgspec", "logging"):
        (tmp_path / f"{module}.py").write_text(f"raise SystemExit('{module} of a stranger was run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = andiron("serve", "--detach", "--port=0")
    assert done.returncode == 0, done.stderr
    assert andiron("stop").returncode == 0


def test_detached_a_failure_is_told_as_in_the_foreground(paths: Paths) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = andiron("serve", "--detach", f"--port={taken.getsockname()[1]}")
    assert done.returncode == 1
    assert done.stderr.startswith("error: port ")
    assert "hint: Choose another one" in done.stderr


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        (("--port=http",), {}, "command line: --port is 'http', but a number from 0 to 65535 was expected"),
        ((), {"PORT": "99999"}, "environment: PORT is '99999', but"),
        (("--env-file=gone.env",), {}, "gone.env: no such file"),
        (("--host=0.0.0.0", "--auth=off"), {}, "ANDIRON_AUTH is off and HOST is 0.0.0.0"),
        (("--host=192.0.2.1",), {}, "HOST is '192.0.2.1', which cannot be listened on"),
        ((), {"ANDIRON_TOKEN": "two words"}, "environment: the token has characters"),
        ((), {"DATABASE_URL": "postgres://localhost/x"}, "environment: DATABASE_URL is 'postgres://localhost/x'"),
        ((), {"ANDIRON_BACKEND": "cloud"}, "ANDIRON_BACKEND is 'cloud'"),
    ],
)
def test_wrong_settings_stop_the_start_with_status_78(
    options: tuple[str, ...], variables: dict[str, str], expected: str
) -> None:
    done = andiron("serve", *options, variables={"PORT": "0", **variables})
    assert done.returncode == 78
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"error: {expected}")
    assert hint.startswith("hint: ")


def test_a_wrong_file_is_named(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("prot = 9000\n", encoding="utf-8")
    done = andiron("serve")
    assert done.returncode == 78
    assert done.stderr == f"error: {paths.settings_file}: there is no setting 'prot'\nhint: Did you mean port?\n"


def test_a_home_that_cannot_be_made_is_said(paths: Paths) -> None:
    paths.state.parent.write_text("a file where the folder should be", encoding="utf-8")
    done = andiron("serve")
    assert done.returncode == 78
    assert str(paths.state) in done.stderr
    assert "hint: Set ANDIRON_HOME" in done.stderr


def test_what_stands_in_the_way_of_a_file_is_said(paths: Paths) -> None:
    for file in ("run.lock", "andiron.log", "token"):
        (paths.state / file).mkdir(parents=True)
        done = andiron("serve", "--port=0")
        assert done.returncode == 78
        error, hint = done.stderr.splitlines()
        assert error.startswith(f"error: {paths.state / file}: ")
        assert hint.startswith("hint: ")
        (paths.state / file).rmdir()


def test_listening_beyond_the_loopback_is_warned_about(start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--host=0.0.0.0")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert "warning: others can reach this address: 0.0.0.0" in daemon.said()


def test_python_m_and_version_need_no_daemon() -> None:
    done = andiron("--version")
    assert (done.returncode, done.stdout) == (0, f"andiron {__version__}\n")

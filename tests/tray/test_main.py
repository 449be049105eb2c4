"""The tray as a process of its own: what it says where it cannot be shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_tray.session import one_tray

SESSION = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SESSIONNAME")


def run_tray(*arguments: str, before: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name not in SESSION}
    code = f"import sys\n{before}\nfrom andiron_tray.main import main; sys.exit(main({list(arguments)!r}))"
    return subprocess.run(
        [sys.executable, "-c", code], env={**variables, **more}, capture_output=True, text=True, timeout=60, check=False
    )


def refused(done: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    assert done.returncode == 69
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    return error.removeprefix("error: "), hint.removeprefix("hint: ")


def test_without_a_session_bus_it_says_so_in_one_line_and_a_hint() -> None:
    error, hint = refused(run_tray())
    assert error == "there is no session bus (D-Bus) here"
    assert hint.startswith("Start andiron-tray in a graphical session")


@pytest.mark.parametrize("address", ["unix:path=/nowhere/bus", "nonsense", "unix:", "tcp:host=127.0.0.1,port=1"])
def test_a_bus_that_is_not_there_is_named_as_the_reason(address: str) -> None:
    error, _ = refused(run_tray(DBUS_SESSION_BUS_ADDRESS=address))
    assert error.startswith("the session bus (D-Bus) cannot be reached")


def test_a_display_without_a_panel_is_not_enough(tmp_path: Path) -> None:
    error, _ = refused(run_tray(DISPLAY=":4242", XAUTHORITY=str(tmp_path / "none")))
    assert "D-Bus" in error


def test_without_its_packages_it_says_how_to_get_them() -> None:
    missing = "sys.modules['dbus_fast'] = sys.modules['pystray'] = None"
    error, hint = refused(run_tray(before=missing))
    assert error.startswith("the tray's packages are not installed (dbus_fast")
    assert "python3 installer --tray" in hint


def test_a_second_one_says_so_and_is_no_failure(paths: Paths) -> None:
    with one_tray(paths, {}):
        done = run_tray()
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Andiron's tray is already shown in this session\n"


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error, hint = refused(run_tray(ANDIRON_HOME=str(tmp_path / "file")))
    assert "cannot be written" in error
    assert "ANDIRON_HOME" in hint


def test_a_home_may_be_named_where_no_variable_does(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error, _ = refused(run_tray("--home", str(tmp_path / "file")))
    assert str(tmp_path / "file") in error


def test_help_needs_no_display_and_names_the_exit_statuses() -> None:
    done = run_tray("--help")
    assert done.returncode == 0
    assert "69" in done.stdout


@pytest.mark.parametrize("seconds", ["-1", "x", "1e9"])
def test_a_wait_that_cannot_be_meant_is_refused(seconds: str) -> None:
    done = run_tray("--wait", seconds)
    assert done.returncode == 2
    assert "--wait" in done.stderr


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "andiron_tray", "--help"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0


def test_nothing_of_the_panel_is_imported_before_it_is_needed() -> None:
    late = ("PIL", "pystray", "dbus_fast")
    code = f"import sys, andiron_tray.main; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[]\n"

"""The unit, read by systemd's own checker, which starts nothing; no systemd is started by any test."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from andiron_daemon.paths import Paths, find_paths
from andiron_installer.service.description import Description, describe
from andiron_installer.service.errors import ServiceError
from andiron_installer.service.systemd import Systemd, quoted, systemd_version, unit_folder, unit_text
from andiron_testing.fake_tool import FakeTools

_ODD = "a 100% odd $HOME %h ünïcödé 火 ; & more"


def verify(unit: Path, tmp_path: Path) -> str:
    """Return all that systemd has to say against a unit."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime), "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.stderr + ("" if done.returncode == 0 else f"status {done.returncode}")


def written(description: Description, tmp_path: Path, version: int = 252) -> Path:
    unit = tmp_path / "units" / "andiron.service"
    unit.parent.mkdir(exist_ok=True)
    unit.write_text(unit_text(description, version), encoding="utf-8")
    return unit


def odd_service(tmp_path: Path, name: str) -> Description:
    """Describe a service whose Python and home lie in folders of this name."""
    folder = tmp_path / name / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    home = tmp_path / f"home of {name}"
    description = describe(find_paths(str(home)), {"ANDIRON_HOME": str(home)})
    return msgspec.structs.replace(description, command=(str(folder / "python"), *description.command[1:]))


def test_systemd_has_nothing_against_the_unit(description: Description, tmp_path: Path) -> None:
    assert verify(written(description, tmp_path), tmp_path) == ""


def test_the_checker_would_find_a_word_that_is_unknown_and_a_program_that_is_gone(
    description: Description, tmp_path: Path
) -> None:
    gone = msgspec.structs.replace(description, command=("/gone/python", "serve"))
    assert "/gone/python" in verify(written(gone, tmp_path), tmp_path)
    unit = written(description, tmp_path)
    unit.write_text(unit.read_text(encoding="utf-8").replace("WatchdogSec", "WachhundSec"), encoding="utf-8")
    assert "WachhundSec" in verify(unit, tmp_path)


def test_paths_with_everything_in_them_are_read_by_systemd_as_they_are(tmp_path: Path) -> None:
    odd = odd_service(tmp_path, _ODD)
    assert verify(written(odd, tmp_path), tmp_path) == ""
    # Wrongly escaped, the program is another one, which is not there.
    unit = written(odd, tmp_path)
    unit.write_text(unit.read_text(encoding="utf-8").replace("%%", "%"), encoding="utf-8")
    assert verify(unit, tmp_path) != ""


@pytest.mark.parametrize("name", ['"quoted"', "it's", "back\\slash"])
def test_a_program_whose_name_systemd_refuses_is_started_by_a_shell(name: str, tmp_path: Path) -> None:
    odd = odd_service(tmp_path, name)
    assert verify(written(odd, tmp_path), tmp_path) == ""
    (line,) = (line for line in unit_text(odd, 252).splitlines() if line.startswith("ExecStart="))
    words = [word.replace("%%", "%") for word in shlex.split(line.removeprefix("ExecStart=:"))]
    done = subprocess.run([*words[:4], "-c", "print('it ran')"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "it ran\n"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("serve", "serve"),
        ("/usr/bin/python3.11", "/usr/bin/python3.11"),
        ("100%", "100%%"),
        ("two words", '"two words"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("it's", '"it\'s"'),
        ("$HOME", '"$HOME"'),
        ("ü", '"ü"'),
        ("", '""'),
    ],
)
def test_words_are_quoted_as_systemd_reads_them(word: str, expected: str) -> None:
    assert quoted(word) == expected


def test_the_unit_is_ready_when_it_says_so_watched_and_started_again(description: Description) -> None:
    lines = unit_text(description, 252).splitlines()
    for line in (
        "Type=notify",
        "NotifyAccess=main",
        "WatchdogSec=30",
        "Restart=on-failure",
        "RestartPreventExitStatus=78",
        "StartLimitBurst=8",
        "NoNewPrivileges=yes",
        "StandardOutput=journal",
        "WantedBy=default.target",
    ):
        assert line in lines
    # These need more rights than a user's unit has, or break what the daemon does.
    refused = ("PrivateDevices", "ProtectClock", "CapabilityBoundingSet", "MemoryDenyWriteExecute", "ProtectHome")
    assert not [line for line in lines if line.startswith(refused)]


def test_delays_grow_only_where_systemd_knows_the_words(description: Description) -> None:
    assert "RestartSteps" not in unit_text(description, 252)
    assert "RestartSteps=5\nRestartMaxDelaySec=60" in unit_text(description, 255)


def test_the_tools_are_called_in_order_and_for_the_user_only(
    description: Description, tools: FakeTools, person: Path
) -> None:
    plan = Systemd(252).plan(description, autostart=True)
    unit = f"{description.name}.service"
    assert [file.path for file in plan.files] == [person / ".config" / "systemd" / "user" / unit]
    assert plan.after_writing == (
        ("systemctl", "--user", "daemon-reload"),
        ("systemctl", "--user", "enable", unit),
    )
    assert Systemd(252).plan(description, autostart=False).after_writing[1] == ("systemctl", "--user", "disable", unit)
    Systemd(252).start(description)
    Systemd(252).stop(description)
    assert tools.calls() == [
        ["systemctl", "--user", "reset-failed", unit],
        ["systemctl", "--user", "start", unit],
        ["systemctl", "--user", "stop", unit],
    ]


def test_a_configuration_folder_of_ones_own_is_where_units_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert unit_folder() == tmp_path / "xdg" / "systemd" / "user"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert unit_folder().is_absolute()


@pytest.mark.parametrize(
    ("properties", "activity", "detail"),
    [
        ("ActiveState=active\nSubState=running\nMainPID=7\nStatusText=ready at x", "running", "ready at x"),
        ("ActiveState=activating\nSubState=start\nMainPID=7\nStatusText=starting", "starting", "starting"),
        ("ActiveState=activating\nSubState=auto-restart\nNRestarts=3\nResult=signal", "waiting", "ended by signal"),
        ("ActiveState=failed\nResult=exit-code\nExecMainStatus=78", "failed", "a setting is wrong"),
        ("ActiveState=failed\nResult=start-limit-hit", "failed", "given up"),
        ("ActiveState=failed\nResult=watchdog", "failed", "hung"),
        ("ActiveState=inactive\nResult=success", "stopped", ""),
        ("", "stopped", ""),
    ],
)
def test_what_systemd_tells_is_put_into_words(
    properties: str, activity: str, detail: str, description: Description, tools: FakeTools
) -> None:
    tools.follow({"words": ["show"], "say": properties})
    state = Systemd(252).state(description)
    assert state.activity == activity
    assert detail in state.detail


def test_a_start_that_fails_says_why_and_where_to_look(description: Description, tools: FakeTools) -> None:
    tools.follow(
        {"words": ["start"], "say": "Job for andiron.service failed.", "code": 1},
        {"words": ["show"], "say": "ActiveState=failed\nResult=exit-code\nExecMainStatus=78"},
    )
    with pytest.raises(ServiceError, match="a setting is wrong") as caught:
        Systemd(252).start(description)
    assert caught.value.hint == "See why: andiron service logs"


def test_without_an_answering_manager_there_is_no_version(tools: FakeTools) -> None:
    assert systemd_version() == 252
    tools.follow({"words": ["show"], "say": "Failed to connect to bus: No medium found", "code": 1})
    assert systemd_version() is None


def test_without_systemctl_there_is_no_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert systemd_version() is None


def test_a_name_with_a_line_break_is_refused(paths: Paths) -> None:
    with pytest.raises(ServiceError, match="cannot be written into a service"):
        describe(paths, {"PATH": "/bin\n[Service]\nExecStart=/bin/false"})


def test_each_home_has_a_service_of_its_own_name(tmp_path: Path) -> None:
    names = {
        describe(find_paths(str(home)), {"ANDIRON_HOME": str(home)}).name for home in (tmp_path / "a", tmp_path / "b")
    }
    assert len(names) == 2
    assert describe(find_paths(str(tmp_path)), {}).name == "andiron"

"""The commands where a systemd seems to answer: what they write, and what they ask of it; nothing is started."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import andiron
from andiron_testing.fake_tool import FakeTools

_VERSION = {"words": ["--property=Version"], "say": "Version=252 (252.38-1~deb12u1)"}
_STOPPED = {"words": ["show"], "say": "ActiveState=inactive\nResult=success"}


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTools]:
    """A stand-in for systemctl that records its calls; the service is stopped."""
    tools = FakeTools(tmp_path / "tools", "systemctl", "journalctl")
    tools.follow(_VERSION, _STOPPED)
    monkeypatch.setenv("PATH", tools.path)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "person").mkdir()
    yield tools
    # Whatever a command does, it never speaks to the system's own manager.
    assert all(call[1] == "--user" for call in tools.calls())


def done(*arguments: str) -> str:
    result = andiron(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def verbs(tools: FakeTools) -> list[str]:
    return [call[2] for call in tools.calls() if call[0] == "systemctl" and call[2] != "show"]


def test_it_writes_the_unit_and_has_it_read_and_enabled(systemd: FakeTools, tmp_path: Path) -> None:
    said = done("service", "install", "--autostart")
    (unit,) = (tmp_path / "person").rglob("*.service")
    assert unit.parent == tmp_path / "person" / ".config" / "systemd" / "user"
    assert f"file       {unit}" in said
    assert verbs(systemd) == ["daemon-reload", "enable"]
    systemd.forget()
    assert "in place" in done("service", "install")
    assert verbs(systemd) == []


def test_unasked_it_is_not_enabled_and_can_be_switched(systemd: FakeTools) -> None:
    done("service", "install")
    assert verbs(systemd) == ["daemon-reload", "disable"]
    systemd.forget()
    assert json.loads(done("service", "autostart", "on", "--json"))["autostart"] is True
    assert verbs(systemd) == ["daemon-reload", "enable"]
    systemd.forget()
    assert done("service", "autostart", "off") == "off\n"
    assert verbs(systemd) == ["daemon-reload", "disable"]


def test_removed_it_is_stopped_disabled_and_gone_with_its_folders(systemd: FakeTools, tmp_path: Path) -> None:
    done("service", "install", "--autostart")
    systemd.follow(_VERSION, {"words": ["show"], "say": "ActiveState=active\nSubState=running\nMainPID=1"})
    systemd.forget()
    done("service", "uninstall")
    assert verbs(systemd) == ["stop", "disable", "daemon-reload", "reset-failed"]
    assert list((tmp_path / "person").iterdir()) == []


def test_shown_first_nothing_is_asked_but_the_version(systemd: FakeTools, tmp_path: Path) -> None:
    said = done("service", "install", "--dry-run")
    assert "Type=notify" in said
    assert "# run: systemctl --user daemon-reload" in said
    assert verbs(systemd) == []
    assert list((tmp_path / "person").iterdir()) == []


def test_a_start_that_fails_says_what_systemd_knows(systemd: FakeTools) -> None:
    done("service", "install")
    failed = "ActiveState=failed\nResult=start-limit-hit"
    systemd.follow(_VERSION, {"words": ["start"], "code": 1, "say": "Job failed"}, {"words": ["show"], "say": failed})
    result = andiron("service", "start")
    assert result.returncode == 1
    assert result.stderr == (
        "error: the service did not start: it ended too often and was given up\nhint: See why: andiron service logs\n"
    )


def test_its_words_are_the_journals(systemd: FakeTools) -> None:
    done("service", "install")
    done("service", "logs", "--lines", "7", "--follow")
    (call,) = (call for call in systemd.calls() if call[0] == "journalctl")
    assert call[1:3] == ["--user", "--unit"]
    assert call[4:] == ["--lines", "7", "--no-pager", "--follow"]


def test_a_path_of_another_terminal_changes_nothing_until_it_is_forced(
    systemd: FakeTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("service", "install")
    (unit,) = (tmp_path / "person").rglob("*.service")
    before = unit.read_text(encoding="utf-8")
    monkeypatch.setenv("PATH", f"{systemd.path}:/another/bin")
    assert json.loads(done("service", "status", "--json"))["hint"] == ""
    assert "in place" in done("service", "install")
    assert unit.read_text(encoding="utf-8") == before
    done("service", "install", "--force")
    assert "/another/bin" in unit.read_text(encoding="utf-8")


def test_a_unit_a_person_changed_is_told_of_and_left(systemd: FakeTools, paths: Paths, tmp_path: Path) -> None:
    done("service", "install")
    (unit,) = (tmp_path / "person").rglob("*.service")
    unit.write_text("[Service]\n", encoding="utf-8")
    assert "was changed" in json.loads(done("service", "status", "--json"))["hint"]
    refused = andiron("service", "autostart", "on")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    result = andiron("service", "uninstall")
    assert f"left: {unit}" in result.stderr
    assert unit.exists()
    assert not (paths.state / "service.json").exists()

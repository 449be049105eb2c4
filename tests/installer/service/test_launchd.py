"""The agent, by plistlib, by libplist's own reader, and by the keys that launchd.plist(5) documents."""

import plistlib
import subprocess
from pathlib import Path

import msgspec
import pytest

from andiron_installer.service.description import Description
from andiron_installer.service.launchd import Launchd, property_list
from andiron_testing.fake_tool import FakeTools

_DOCUMENTED: dict[str, type] = {
    "Label": str,
    "ProgramArguments": list,
    "EnvironmentVariables": dict,
    "RunAtLoad": bool,
    "KeepAlive": dict,
    "ThrottleInterval": int,
    "ExitTimeOut": int,
    "ProcessType": str,
    "Umask": int,
    "StandardOutPath": str,
    "StandardErrorPath": str,
}


@pytest.fixture
def launchctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTools:
    fake = FakeTools(tmp_path / "tools", "launchctl")
    monkeypatch.setenv("PATH", fake.path)
    return fake


def test_every_key_is_documented_and_of_its_type(description: Description) -> None:
    agent = plistlib.loads(property_list(description))
    assert {name: type(value) for name, value in agent.items()} == _DOCUMENTED
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["ProcessType"] in ("Background", "Standard", "Adaptive", "Interactive")
    assert agent["ProgramArguments"] == list(description.command)
    assert Path(agent["StandardOutPath"]).is_absolute()
    assert Path(agent["StandardErrorPath"]).is_absolute()


def test_another_reader_understands_it_too(description: Description, tmp_path: Path) -> None:
    file = tmp_path / "agent.plist"
    file.write_bytes(property_list(description))
    binary = tmp_path / "agent.bplist"
    subprocess.run(["plistutil", "-i", str(file), "-o", str(binary), "-f", "bin"], check=True, timeout=30)
    assert plistlib.loads(binary.read_bytes()) == plistlib.loads(file.read_bytes())


def test_odd_paths_come_back_as_they_were(description: Description) -> None:
    odd = msgspec.structs.replace(description, command=("/a <b> & 'c' \"d\" 100% ü/python", "serve"))
    assert plistlib.loads(property_list(odd))["ProgramArguments"] == list(odd.command)


def test_only_an_agent_that_starts_at_login_lies_where_launchd_looks(description: Description, person: Path) -> None:
    control = Launchd(501)
    (at_login,) = control.plan(description, autostart=True).files
    (on_demand,) = control.plan(description, autostart=False).files
    assert at_login.path.parent == person / "Library" / "LaunchAgents"
    assert on_demand.path.parent == description.state_folder
    assert at_login.content == on_demand.content


def test_it_is_loaded_started_and_unloaded_in_the_domain_of_the_user(
    description: Description, launchctl: FakeTools
) -> None:
    control = Launchd(501)
    target = f"gui/501/local.{description.name}"
    launchctl.follow({"words": ["print"], "code": 113})
    control.start(description)
    control.stop(description)
    assert [call[1] for call in launchctl.calls()] == ["print", "bootstrap", "kickstart", "bootout"]
    assert launchctl.calls()[1][2] == "gui/501"
    assert launchctl.calls()[2][2:] == [target]
    assert launchctl.calls()[3][2:] == [target]


@pytest.mark.parametrize(
    ("said", "code", "activity"),
    [
        ("\tstate = running\n\tpid = 77\n", 0, "running"),
        ("\tstate = not running\n\tlast exit code = 1\n", 0, "waiting"),
        ("\tstate = not running\n\tlast exit code = 0\n", 0, "stopped"),
        ("Could not find service", 113, "stopped"),
    ],
)
def test_what_launchd_prints_is_put_into_words(
    said: str, code: int, activity: str, description: Description, launchctl: FakeTools
) -> None:
    launchctl.follow({"words": ["print"], "say": said, "code": code})
    assert Launchd(501).state(description).activity == activity

"""Starting at login."""

import plistlib
import subprocess
import sys
from pathlib import Path

import pytest

from andiron_tray.autostart import agent, desktop_entry, set_start_at_login, starts_at_login, tray_command
from andiron_tray.errors import ActionError

HARD = '/opt/a b/ü 100% "quoted" $HOME `x` back\\slash/andiron'


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config ü"
    monkeypatch.delenv("ANDIRON_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


def test_it_is_off_until_it_is_asked_for(config: Path) -> None:
    assert not starts_at_login()
    assert not config.exists()


def test_off_removes_what_on_made_and_both_may_come_twice(config: Path) -> None:
    for _ in range(2):
        set_start_at_login(True)
        assert starts_at_login()
    assert [file.name for file in (config / "autostart").iterdir()] == ["andiron-tray.desktop"]
    for _ in range(2):
        set_start_at_login(False)
        assert not starts_at_login()
    assert list((config / "autostart").iterdir()) == []


def test_an_entry_that_is_no_text_stops_no_tray(config: Path) -> None:
    set_start_at_login(True)
    (config / "autostart" / "andiron-tray.desktop").write_bytes(b"[Desktop Entry]\nName=\xff\n")
    assert starts_at_login()


def test_an_entry_the_desktop_switched_off_counts_as_off(config: Path) -> None:
    set_start_at_login(True)
    file = config / "autostart" / "andiron-tray.desktop"
    file.write_text(file.read_text() + "Hidden=true\n")
    assert not starts_at_login()


def test_the_entry_is_one_by_the_standards_own_checker(config: Path) -> None:
    set_start_at_login(True, [HARD, "--wait", "60"])
    done = subprocess.run(
        ["desktop-file-validate", config / "autostart" / "andiron-tray.desktop"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_path_of_any_kind_comes_through_the_entrys_two_unescapings() -> None:
    line = next(line for line in desktop_entry([HARD]).splitlines() if line.startswith("Exec="))
    assert read_exec(line.removeprefix("Exec=")) == HARD


def test_the_tray_is_started_by_absolute_paths_and_waits_for_the_panel() -> None:
    command = tray_command()
    assert Path(command[0]).is_absolute()
    assert command[0] == sys.executable
    assert "--wait" in command


def test_a_home_of_its_own_is_carried_to_the_login_and_has_its_own_entry(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_start_at_login(True)
    home = tmp_path / "hö me"
    monkeypatch.setenv("ANDIRON_HOME", str(home))
    assert not starts_at_login()
    set_start_at_login(True)
    (own,) = (config / "autostart").glob("andiron-tray-*.desktop")
    assert f'"--home" "{home}"' in own.read_text(encoding="utf-8")
    set_start_at_login(False)
    assert [file.name for file in (config / "autostart").iterdir()] == ["andiron-tray.desktop"]


def test_the_agent_of_macos_names_its_keys() -> None:
    found = plistlib.loads(agent([HARD, "--wait", "60"]))
    assert found["ProgramArguments"] == [HARD, "--wait", "60"]
    assert found["RunAtLoad"] is True
    assert found["Label"] == "dev.andiron.tray"


def test_a_folder_that_cannot_be_written_is_named(config: Path) -> None:
    config.mkdir()
    (config / "autostart").write_text("in the way")
    with pytest.raises(ActionError, match="start at login cannot be changed") as caught:
        set_start_at_login(True)
    assert "autostart" in caught.value.hint


def read_exec(text: str) -> str:
    """Read one quoted argument as desktops do: the string's escapes, then the quotes', then the field codes."""
    text = text.replace("\\\\", "\\")
    assert text[0] == text[-1] == '"'
    read, characters = "", iter(text[1:-1])
    for character in characters:
        read += next(characters) if character == "\\" else character
    return read.replace("%%", "%")

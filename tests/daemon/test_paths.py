import stat
from pathlib import Path

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import find_paths, make_private


def test_every_folder_lies_below_the_home_that_is_named(home: Path, tmp_path: Path) -> None:
    found = find_paths()
    assert {found.config, found.data, found.state, found.models, found.cache} == {
        home / name for name in ("config", "data", "state", "models", "cache")
    }
    assert find_paths(str(tmp_path / "other")).data == tmp_path / "other" / "data"


def test_a_home_in_the_user_folder_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_paths("~/fire").state == tmp_path / "fire" / "state"


def test_a_relative_home_stays_put_when_the_working_folder_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_paths("fire").data == tmp_path / "fire" / "data"


def test_without_a_home_the_platform_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANDIRON_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    found = find_paths()
    for folder in (found.config, found.data, found.state, found.models, found.cache):
        assert tmp_path in folder.parents
        assert "andiron" in str(folder.relative_to(tmp_path))
    assert found.models.parent == found.data


def test_a_private_folder_is_its_owners_alone_and_may_be_there_already(tmp_path: Path) -> None:
    make_private(tmp_path / "one" / "two")
    make_private(tmp_path / "one" / "two")
    assert stat.S_IMODE((tmp_path / "one" / "two").stat().st_mode) == 0o700


def test_the_files_have_their_fixed_names(home: Path) -> None:
    found = find_paths()
    names = [found.settings_file, found.env_file, found.database_file, found.token_file, found.run_file, found.log_file]
    assert [str(name.relative_to(home)) for name in names] == [
        "config/andiron.toml",
        "config/.env",
        "data/andiron.db",
        "state/token",
        "state/run.json",
        "state/andiron.log",
    ]


@pytest.mark.parametrize("named", ["", "/gone/person"])
def test_a_home_that_is_not_there_is_said(named: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANDIRON_HOME")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", named)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    with pytest.raises(ConfigurationError, match="there is no home folder") as caught:
        find_paths()
    assert caught.value.hint == "Set ANDIRON_HOME to a folder of yours."


def test_a_user_the_system_does_not_know_has_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pwd

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)
    for name in ("ANDIRON_HOME", "HOME", *(f"XDG_{name}_HOME" for name in ("CONFIG", "DATA", "STATE", "CACHE"))):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="HOME is not set"):
        find_paths()
    monkeypatch.setenv("ANDIRON_HOME", str(tmp_path))
    assert find_paths().state == tmp_path / "state"


def test_folders_of_their_own_need_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANDIRON_HOME")
    monkeypatch.setenv("HOME", "/gone/person")
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    assert find_paths().data == tmp_path / "DATA" / "andiron"

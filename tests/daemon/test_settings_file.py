import errno
from pathlib import Path

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import load_settings
from andiron_daemon.settings_file import write_setting

TEXT = '# mine\nport = 9000  # because 8000 is taken\n\nchat_model = "old"\n'


@pytest.fixture
def file(paths: Paths) -> Path:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text(TEXT, encoding="utf-8")
    return paths.settings_file


def test_a_first_setting_makes_the_file(paths: Paths) -> None:
    write_setting(paths, "chat_model", "small")
    assert paths.settings_file.read_text() == 'chat_model = "small"\n'
    assert load_settings(paths).chat_model == "small"


def test_a_file_it_makes_is_its_owners_alone(paths: Paths) -> None:
    write_setting(paths, "chat_model", "small")
    assert paths.settings_file.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_leaves_nothing_behind(
    paths: Paths, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigurationError, match="No space left") as caught:
        write_setting(paths, "chat_model", "new")
    assert "room" in (caught.value.hint or "")
    assert [found.name for found in paths.config.iterdir()] == [file.name]
    assert file.read_text() == TEXT


def test_everything_else_stays_as_it_was(paths: Paths, file: Path) -> None:
    write_setting(paths, "chat_model", "new")
    assert file.read_text() == TEXT.replace("old", "new")
    write_setting(paths, "completion_model", 'a "quoted" one')
    assert file.read_text().startswith(TEXT.replace("old", "new"))
    assert load_settings(paths).completion_model == 'a "quoted" one'


def test_a_setting_taken_out_leaves_the_others(paths: Paths, file: Path) -> None:
    write_setting(paths, "chat_model", None)
    write_setting(paths, "chat_model", None)
    assert file.read_text() == "# mine\nport = 9000  # because 8000 is taken\n"


def test_the_file_keeps_its_mode(paths: Paths, file: Path) -> None:
    file.chmod(0o600)
    write_setting(paths, "chat_model", "new")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_a_link_stays_one(paths: Paths, file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.toml"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    write_setting(paths, "chat_model", "new")
    assert file.is_symlink()
    assert "new" in elsewhere.read_text()


@pytest.mark.parametrize("text", [b"port = \n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named_and_left_alone(paths: Paths, file: Path, text: bytes) -> None:
    file.write_bytes(text)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        write_setting(paths, "chat_model", "new")
    assert file.read_bytes() == text


def test_a_file_that_cannot_be_written_is_named_and_left_alone(paths: Paths, file: Path) -> None:
    (file.with_suffix(".tmp")).mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_setting(paths, "chat_model", "new")
    assert file.read_text() == TEXT

import logging
import stat

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.settings import Settings
from andiron_daemon.tokens import ensure_token, find_token, replace_token


@pytest.fixture(autouse=True)
def state_folder(paths: Paths) -> None:
    make_private(paths.state)


def test_a_token_is_made_once_and_kept_private(paths: Paths) -> None:
    token = ensure_token(Settings(), paths)
    assert len(token) >= 32
    assert ensure_token(Settings(), paths) == token
    assert find_token(Settings(), paths) == token
    assert stat.S_IMODE(paths.token_file.stat().st_mode) == 0o600


def test_a_new_token_takes_the_place_of_the_one_kept(paths: Paths) -> None:
    old = ensure_token(Settings(), paths)
    new = replace_token(paths.token_file)
    assert new != old
    assert find_token(Settings(), paths) == ensure_token(Settings(), paths) == new
    assert stat.S_IMODE(paths.token_file.stat().st_mode) == 0o600
    assert [path.name for path in paths.state.iterdir()] == ["token"]


def test_a_new_token_that_cannot_be_written_leaves_the_old_one(paths: Paths) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        replace_token(paths.state / "no-such-folder" / "token")
    assert "still in force" in (caught.value.hint or "")


def test_two_homes_have_two_tokens(paths: Paths) -> None:
    token = ensure_token(Settings(), paths)
    paths.token_file.unlink()
    assert ensure_token(Settings(), paths) != token


def test_the_settings_come_first_and_leave_no_file(paths: Paths) -> None:
    settings = Settings(token="given-by-the-settings")
    assert ensure_token(settings, paths) == "given-by-the-settings"
    assert find_token(settings, paths) == "given-by-the-settings"
    assert not paths.token_file.exists()


def test_a_file_that_others_can_read_is_mended_with_a_warning(paths: Paths, caplog: pytest.LogCaptureFixture) -> None:
    token = ensure_token(Settings(), paths)
    paths.token_file.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        assert ensure_token(Settings(), paths) == token
    assert "could be read by others (mode 644)" in caplog.text
    assert token not in caplog.text
    assert stat.S_IMODE(paths.token_file.stat().st_mode) == 0o600


def test_an_empty_file_of_a_start_cut_short_is_filled(paths: Paths) -> None:
    paths.token_file.touch(0o600)
    assert find_token(Settings(), paths) is None
    assert ensure_token(Settings(), paths)


def test_a_short_token_is_taken_with_a_warning(paths: Paths, caplog: pytest.LogCaptureFixture) -> None:
    assert ensure_token(Settings(token="short"), paths) == "short"
    assert "5 characters" in caplog.text


@pytest.mark.parametrize("token", ["two words", "umläut", "line\x07bell"])
def test_a_token_that_no_header_can_carry_stops_the_start(paths: Paths, token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ensure_token(Settings(token=token, sources={"token": "environment"}), paths)
    assert caught.value.message.startswith("environment: ")
    assert token not in caught.value.message


def test_a_token_file_that_is_not_text_stops_the_start(paths: Paths) -> None:
    paths.token_file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        ensure_token(Settings(), paths)
    assert caught.value.hint == "Remove the file to get a new token."
    assert find_token(Settings(), paths) is None


def test_a_state_folder_that_is_gone_stops_the_start(paths: Paths) -> None:
    paths.state.rmdir()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        ensure_token(Settings(), paths)

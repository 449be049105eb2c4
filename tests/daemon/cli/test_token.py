import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.settings import Settings
from andiron_daemon.tokens import ensure_token


def test_the_path_is_shown_and_the_token_only_when_asked_for(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    make_private(paths.state)
    token = ensure_token(Settings(), paths)
    assert main(["token"]) == 0
    assert capsys.readouterr().out == f"{paths.token_file}\n"
    assert main(["token", "--show"]) == 0
    assert capsys.readouterr().out == f"{token}\n"


def test_a_token_of_the_settings_is_told_by_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANDIRON_TOKEN", "given-by-the-settings")
    assert main(["token"]) == 0
    assert capsys.readouterr().out == "environment (ANDIRON_TOKEN)\n"
    assert main(["token", "--show"]) == 0
    assert capsys.readouterr().out == "given-by-the-settings\n"


def test_without_a_token_it_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--show"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "error: there is no token yet\nhint: `andiron serve` makes one when it first runs.\n"

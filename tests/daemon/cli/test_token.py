import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.settings import Settings
from andiron_daemon.tokens import ensure_token
from andiron_testing.stub_daemon import stub_daemon


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


def test_a_new_token_is_put_in_force_where_no_daemon_runs(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    make_private(paths.state)
    old = ensure_token(Settings(), paths)
    assert main(["token", "rotate"]) == 0
    assert capsys.readouterr().out == f"{paths.token_file}\n"
    assert ensure_token(Settings(), paths) != old


def test_a_running_daemon_is_asked_to_change_its_token(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["POST /api/v1/system/token/rotate"] = (204, None)
        assert main(["token", "rotate"]) == 0
        assert [asked for asked, _, _ in stub.asked] == ["POST /api/v1/system/token/rotate"]


def test_a_token_of_the_settings_is_changed_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANDIRON_TOKEN", "given-by-the-settings")
    assert main(["token", "rotate"]) == 1
    shown = capsys.readouterr().err
    assert "environment (ANDIRON_TOKEN)" in shown
    assert "given-by-the-settings" not in shown


def test_where_there_is_no_token_none_is_rotated(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "rotate"]) == 1
    assert "there is no token yet" in capsys.readouterr().err
    assert not paths.token_file.exists()


def test_without_a_token_it_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--show"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "error: there is no token yet\nhint: `andiron serve` makes one when it first runs.\n"

"""`andiron connect` as it is run."""

from pathlib import Path

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths, make_private
from andiron_testing.stub_daemon import stub_daemon


@pytest.fixture(autouse=True)
def token(paths: Paths) -> None:
    make_private(paths.state)
    paths.token_file.write_text("the-token")
    paths.token_file.chmod(0o600)


def test_what_a_client_needs_is_printed_with_address_and_token(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub_daemon(paths) as daemon:
        assert main(["connect", "openai"]) == 0
        assert capsys.readouterr().out == f"OPENAI_BASE_URL={daemon.url}/v1\nOPENAI_API_KEY=the-token\n"
    assert main(["connect", "openai"]) == 0
    assert "OPENAI_BASE_URL=http://127.0.0.1:8000/v1" in capsys.readouterr().out


def test_it_is_written_once_with_a_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{\n  // mine\n}\n")
    assert main(["connect", "llama.vscode", "--write", "--file", str(file)]) == 0
    assert "what was there is in" in capsys.readouterr().err
    text = file.read_text()
    assert "// mine" in text
    assert '"llama-vscode.api_key": "the-token"' in text
    assert main(["connect", "llama.vscode", "--write", "--file", str(file)]) == 0
    assert "says so already" in capsys.readouterr().err
    assert len(list(tmp_path.glob("*.bak"))) == 1


def test_what_was_written_is_taken_out_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "settings.json", tmp_path / "new.json"
    old.write_text("{\n  // mine\n}\n")
    for file in (old, new):
        assert main(["connect", "llama.vscode", "--write", "--file", str(file)]) == 0
    assert main(["connect", "llama.vscode", "--undo"]) == 0
    assert f"{old} is without Andiron again\n{new} is without Andiron again\n" in capsys.readouterr().err
    assert old.read_text() == "{\n  // mine\n}\n"
    assert not new.exists()
    assert main(["connect", "llama.vscode", "--undo"]) == 1
    assert "nothing was written for llama.vscode" in capsys.readouterr().err


def test_writing_and_undoing_at_once_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connect", "zed", "--write", "--undo"]) == 2
    assert "--write or --undo" in capsys.readouterr().err


def test_a_client_without_a_usual_file_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connect", "open-webui", "--write"]) == 1
    assert "--file" in capsys.readouterr().err


def test_an_unknown_client_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connect", "notepad"]) == 2
    assert "llama.vim" in capsys.readouterr().err


def test_without_a_token_nothing_is_made_up(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths.token_file.unlink()
    assert main(["connect", "zed"]) == 1
    assert "andiron serve" in capsys.readouterr().err

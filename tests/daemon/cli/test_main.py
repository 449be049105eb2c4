import subprocess
import sys

import pytest

from andiron_daemon import __version__
from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"andiron {__version__}\n"


def test_help_names_every_command_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    commands = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in commands] == [
        "analyze",
        "api",
        "chat",
        "complete",
        "connect",
        "db",
        "doctor",
        "explain",
        "find-bugs",
        "generate-tests",
        "log",
        "logs",
        "models",
        "open",
        "refactor",
        "serve",
        "service",
        "settings",
        "status",
        "stop",
        "token",
        "uninstall",
        "up",
        "update",
    ]
    assert all(len(line.split()) > 2 for line in commands)


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["serve", "--nonsense"], ["chat", "a", "b"]])
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Try 'andiron" in capsys.readouterr().err


def test_wrong_settings_are_status_78(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "many")
    for command in ("serve", "settings", "token"):
        assert main([command]) == 78
        assert capsys.readouterr().err.startswith("error: environment: PORT is 'many'")


def test_a_reader_that_leaves_early_leaves_no_trace() -> None:
    script = f"{sys.executable} -m andiron_daemon settings --markdown | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert done.stderr == ""

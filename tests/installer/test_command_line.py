"""The installer as a person starts it, in a process of its own."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

INSTALLER = Path(__file__).resolve().parents[2] / "installer"


def install(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(INSTALLER), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=variables or None,
    )


@pytest.mark.parametrize("version", [(2, 7, 18, "final", 0), (3, 6, 15, "final", 0), (3, 10, 13, "final", 0)])
def test_an_old_python_is_told_which_one_is_needed(
    version: tuple[int, int, int, str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(INSTALLER / "__main__.py"), run_name="__main__")
    assert caught.value.code == 10
    error, hint = capsys.readouterr().err.splitlines()
    assert ".".join(map(str, version[:3])) in error
    assert "python3.11 installer" in hint


def test_a_dry_run_tells_the_plan_and_makes_nothing(tmp_path: Path) -> None:
    done = install("--dry-run", "--environment", str(tmp_path / "there"), "--model", "smollm2-135m")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()[1:-1]] == [
        "environment",
        "engine",
        "packages",
        "model",
        "daemon",
    ]
    assert "smollm2-135m" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_in_one_line_and_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = install("--environment", str(tmp_path / "file" / "there"))
    assert done.returncode == 15
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")


@pytest.mark.parametrize("arguments", [["--modle", "x"], ["--model"], ["extra"]])
def test_a_line_that_cannot_be_meant_is_refused_before_anything_is_done(arguments: list[str], tmp_path: Path) -> None:
    done = install(*arguments, "--environment", str(tmp_path / "there"))
    assert done.returncode == 2
    assert "usage: python3 installer" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["test", "--help"]])
def test_help_tells_the_other_command_too(arguments: list[str]) -> None:
    done = install(*arguments)
    assert done.returncode == 0
    assert "python3 installer test" in done.stdout


def test_two_installers_do_not_meet(tmp_path: Path) -> None:
    from andiron_installer.bootstrap.lock import only_installer

    with only_installer(tmp_path / "lock"):
        done = install("--environment", str(tmp_path))
    assert done.returncode == 16
    assert "at work" in done.stderr

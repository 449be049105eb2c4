"""The real linters of this environment on the path, and a folder for programs that only pretend."""

import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.process import Limits

MakeProgram = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def linters_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put what the wheels brought first."""
    folders = [str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))


@pytest.fixture
def limits() -> Limits:
    """More time than any linter needs, on the slowest machine."""
    return Limits(seconds=60)


@pytest.fixture
def make_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """Make a program of a name and some Python; nothing else is on the path then."""
    folder = tmp_path / "programs"
    folder.mkdir()

    def make(name: str, code: str) -> Path:
        file = folder / name
        file.write_text(f"#!{sys.executable}\nimport os, subprocess, sys, time\n{code}\n", encoding="utf-8")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return file

    return make

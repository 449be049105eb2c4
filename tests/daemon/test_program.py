import subprocess
import sys
from pathlib import Path

import pytest

from andiron_daemon import __version__
from andiron_daemon.program import own_command


def test_the_command_runs_andiron_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "andiron_daemon.py").write_text("raise SystemExit('a module of a stranger was run')", encoding="utf-8")
    done = subprocess.run(own_command("--version"), cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == f"andiron {__version__}\n"


def test_in_a_bundle_the_program_itself_is_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_command("serve") == [sys.executable, "serve"]

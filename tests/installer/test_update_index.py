"""An installation from a package index: what is newest, what else is there, which extras are in use."""

import subprocess
import sys
from pathlib import Path

import pytest

from andiron_installer.update import index
from andiron_installer.update.errors import UpdateError
from andiron_installer.update.index import Index, strangers
from andiron_installer.update.places import places_beside
from andiron_installer.update.source import News


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python whose pip says what the file `said` holds, and ends with the status in `status`."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\ncat "{tmp_path}/said"\nexit $(cat "{tmp_path}/status")\n', encoding="utf-8")
    script.chmod(0o755)
    (tmp_path / "status").write_text("0", encoding="utf-8")
    monkeypatch.setattr(sys, "executable", str(script))
    return tmp_path


def test_a_newer_version_is_news_and_the_same_one_is_not(pip: Path) -> None:
    (pip / "said").write_text("andiron (2.0.0)\nAvailable versions: 2.0.0, 1.0.0\n", encoding="utf-8")
    assert Index("1.0.0", pip / "log").look() == News("2.0.0", ("1.0.0 becomes 2.0.0",))
    assert Index("2.0.0", pip / "log").look() is None


def test_an_index_that_does_not_answer_is_said(pip: Path) -> None:
    (pip / "said").write_text("ERROR: No matching distribution found for andiron\n", encoding="utf-8")
    (pip / "status").write_text("1", encoding="utf-8")
    with pytest.raises(UpdateError, match="No matching distribution") as caught:
        Index("1.0.0", pip / "log").look()
    assert caught.value.hint


def test_the_newest_is_installed_into_an_environment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import venv

    places = places_beside(tmp_path / "own")

    def create(_: venv.EnvBuilder, folder: Path) -> None:
        (folder / "bin").mkdir(parents=True)
        script = '#!/bin/sh\necho "$@" > "$(dirname "$0")/asked"\n'
        places.next_python.write_text(script, encoding="utf-8")
        places.next_python.chmod(0o755)

    monkeypatch.setattr(venv.EnvBuilder, "create", create)
    monkeypatch.setattr(index, "extras_in_use", lambda: ["tray"])
    Index("1.0.0", tmp_path / "log").build(places, lambda _: None)
    asked = (places.next / "bin" / "asked").read_text(encoding="utf-8")
    assert asked == "-m pip install --prefer-binary andiron[tray]==1.0.0\n"


def test_packages_andiron_does_not_need_are_strangers() -> None:
    found = strangers()
    assert "aiohttp" not in found
    assert "andiron" not in found
    assert "pip" not in found


def test_an_environment_with_strangers_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "stranger-1.dist-info").mkdir()
    (tmp_path / "stranger-1.dist-info" / "METADATA").write_text(
        "Name: Stranger_Package\nVersion: 1\n", encoding="utf-8"
    )
    script = "from andiron_installer.update.index import strangers; print(*strangers())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    assert "stranger-package" in done.stdout.split()

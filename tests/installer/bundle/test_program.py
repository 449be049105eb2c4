"""What a bundle's program does with its command line, run by a Python as the bundle's loader runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_installer.bundle import program
from andiron_models.library.adding import add_copy
from andiron_models.library.shelf import installed_models, references
from andiron_testing.gguf_files import write_gguf

FILE = Path(program.__file__)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", FILE, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_is_the_andiron_command() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("andiron ")


def test_it_runs_andirons_own_modules_as_python_would() -> None:
    done = run("-P", "-m", "andiron_daemon", "--version")
    assert done.stdout.startswith("andiron ")
    assert "panel" in run("-P", "-m", "andiron_tray", "--help").stdout


@pytest.mark.parametrize("module", ["pip", "http.server", "andiron_evil", "andiron.x"])
def test_it_runs_no_other_modules(module: str) -> None:
    done = run("-P", "-m", module)
    assert done.returncode == 2
    assert f"error: this bundle has no module {module}" in done.stderr


@pytest.mark.parametrize(
    ("argv", "module", "arguments"),
    [
        (["/opt/a b/andiron", "serve", "--detach"], "andiron_daemon", ["serve", "--detach"]),
        (["andiron-tray", "--wait", "1"], "andiron_tray", ["--wait", "1"]),
        (["C/andiron-tray.exe"], "andiron_tray", []),
        (["andiron-tray", "-P", "-m", "andiron_daemon", "serve"], "andiron_daemon", ["serve"]),
        (["andiron", "-P", "-m"], "andiron_daemon", ["-P", "-m"]),
        (["andiron"], "andiron_daemon", []),
    ],
)
def test_its_name_and_its_first_words_say_what_to_run(argv: list[str], module: str, arguments: list[str]) -> None:
    assert program.target(argv) == (module, arguments)


def test_the_persons_own_library_path_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle/_internal")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/mine")
    program.give_back_library_path()
    assert os.environ["LD_LIBRARY_PATH"] == "/mine"
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


def test_the_bundles_model_is_known_without_a_copy(paths: Paths, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "bundle ü" / "models" / "tiny.gguf")
    program.adopt_models(file.parent)
    program.adopt_models(file.parent)
    assert [(model.id, model.path, model.is_reference) for model in installed_models(paths.models)] == [
        ("tiny", file, True)
    ]


def test_a_bundle_that_was_moved_is_found_where_it_is_now(paths: Paths, tmp_path: Path) -> None:
    before = write_gguf(tmp_path / "before" / "models" / "tiny.gguf")
    program.adopt_models(before.parent)
    (tmp_path / "before").rename(tmp_path / "after")
    program.adopt_models(tmp_path / "after" / "models")
    assert [reference.path for reference in references(paths.models)] == [str(tmp_path / "after/models/tiny.gguf")]


def test_a_model_the_person_has_already_is_left_to_them(paths: Paths, tmp_path: Path) -> None:
    add_copy(paths.models, write_gguf(tmp_path / "mine" / "tiny.gguf"))
    program.adopt_models(write_gguf(tmp_path / "bundle" / "tiny.gguf").parent)
    assert references(paths.models) == ()


def test_a_broken_model_is_said_and_keeps_nothing_from_starting(
    tmp_path: Path, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"no model")
    program.adopt_models(tmp_path)
    assert "broken.gguf is not used" in capsys.readouterr().err
    assert installed_models(paths.models) == ()

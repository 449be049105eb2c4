"""A bundle, really built, unpacked elsewhere and run: without a network, a Python, or any variable but a home."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from andiron_installer.bundle.manifest import check_bundle
from andiron_testing import offline
from andiron_testing.desktop import desktop
from andiron_tray.picture import COLOURS

# Building takes a minute where nothing else is going on.
pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.e2e, pytest.mark.timeout(900)]
SECONDS = 800


class Built:
    """What `andiron-bundle` made and said."""

    def __init__(self, said: str, folder: Path, archive: Path) -> None:
        self.said = said
        self.folder = folder
        self.archive = archive


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, smollm2_path: Path) -> Built:
    """Build once; what is run is what came out of the archive, in a place with a difficult name."""
    output = tmp_path_factory.mktemp("bundle")
    code = "import sys; from andiron_installer.bundle.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "--model", smollm2_path, "--output", output],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sys.stdout.write(done.stdout)
    (archive,) = output.glob("*.tar.gz")
    place = output / "a plåce 100% 'elsewhere'"
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="data")
    (folder,) = place.iterdir()
    return Built(done.stdout, folder, archive)


@pytest.fixture(scope="module")
def told(built: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run it in a network namespace of its own."""
    home = tmp_path_factory.mktemp("a home")
    file = home / "add.py"
    file.write_text("def add(a, b):\n    return a\n")
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", "--net", *rights, sys.executable, offline.__file__, built.folder / "andiron", home, file],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_it_tells_its_size_and_how_fast_it_starts(built: Built) -> None:
    for word in ("folder ", "size ", "start-up ", "archive "):
        assert word in built.said


def test_every_file_is_in_the_manifest_and_came_through_the_archive(built: Built) -> None:
    manifest = check_bundle(built.folder)
    assert [(model.id, model.licence) for model in manifest.models] == [("smollm2-135m", "Apache-2.0")]
    names = {part.name.lower().replace("_", "-") for part in manifest.parts}
    assert not any("readline" in name for name in names), "its licence would be the whole bundle's"
    assert {"andiron", "cpython", "aiohttp", "llama-cpp-python", "msgspec", "tree-sitter-python", "keyring"} <= names
    assert [part.name for part in manifest.parts if not part.licence] == []
    assert not names & {"pytest", "mypy", "pip", "pystray"}
    assert (built.folder / "licences" / "aiohttp").is_dir()


def test_it_completes_and_chats_with_the_model_inside_and_nothing_else_there(told: dict[str, Any]) -> None:
    assert told["is_cut_off"] is True
    assert "smollm2-135m" in told["models"]["out"], "also before the daemon was ever started"
    assert told["serve"]["status"] == 0, told["serve"]
    assert told["complete"]["status"] == 0, told["complete"]
    assert "smollm2-135m" in told["complete"]["err"]
    assert told["chat"]["status"] == 0, told["chat"]
    assert told["chat"]["out"].strip()
    assert "local · smollm2-135m" in told["chat"]["err"]
    assert told["stop"]["status"] == 0


def test_every_backend_is_there_and_none_has_failed(told: dict[str, Any]) -> None:
    backends = {backend["name"]: backend["state"] for backend in json.loads(told["status"]["out"])["backends"]}
    assert set(backends) == {"local", "openai"}
    assert "failed" not in backends.values()


def test_nothing_of_the_python_it_was_built_with_is_used(built: Built, told: dict[str, Any]) -> None:
    files = {file for loaded in told["files"].values() for file in loaded}
    assert len(told["files"]) >= 2, "daemon and worker"
    foreign = [file for file in files if file.startswith((sys.prefix, sys.base_prefix))]
    assert foreign == []
    assert any(file.startswith(str(built.folder)) and "libllama" in file for file in files)


def test_its_tray_says_where_it_cannot_be_shown_and_is_shown_where_it_can(
    built: Built, told: dict[str, Any], tmp_path: Path
) -> None:
    assert told["tray"].startswith("error: there is no session bus")
    with desktop(tmp_path / "desk") as screen:
        screen.start(built.folder / "andiron-tray", "--wait", "60", ANDIRON_HOME=str(tmp_path / "home"), PATH="")
        screen.wait_for(COLOURS["stopped"])

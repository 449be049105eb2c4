import hashlib
import io
from pathlib import Path

import pytest
from rich.console import Console

from andiron_daemon.paths import Paths
from andiron_installer.bootstrap.failures import ModelError, NoSpaceError
from andiron_installer.model import choose_model, fetch_model
from andiron_models.library.hardware import Machine

LITTLE = Machine(total_bytes=4_000_000_000, available_bytes=2_000_000_000, physical_cores=2)
LARGE = Machine(total_bytes=32_000_000_000, available_bytes=30_000_000_000, physical_cores=8)
CONTENT = b"GGUF and what follows"


def put_model(paths: Paths, name: str) -> None:
    paths.models.mkdir(parents=True, exist_ok=True)
    (paths.models / name).write_bytes(CONTENT)


@pytest.fixture
def own_model(paths: Paths, tmp_path: Path) -> str:
    """A model of the person's own catalogue, to be had from a file."""
    original = tmp_path / "original.gguf"
    original.write_bytes(CONTENT)
    paths.config.mkdir(parents=True)
    (paths.config / "models.toml").write_text(
        f"""[[model]]
id = "own"
file = "own.gguf"
size_bytes = {len(CONTENT)}
sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"
[[model.sources]]
kind = "file"
path = "{original}"
"""
    )
    return "own"


def fetch(paths: Paths, wanted: str) -> str:
    return fetch_model(choose_model(paths, wanted), paths.models, Console(file=io.StringIO()))


def test_memory_and_cores_decide(paths: Paths) -> None:
    assert choose_model(paths, None, LITTLE).id == "qwen2.5-coder-0.5b"
    large = choose_model(paths, None, LARGE)
    assert large.id == "qwen2.5-coder-1.5b"
    assert large.reason == "fits 32 GB of memory and 8 cores"
    assert large.can_infill


def test_what_is_asked_for_is_chosen_whatever_the_machine(paths: Paths) -> None:
    choice = choose_model(paths, "smollm2-135m", LARGE)
    assert choice.id == "smollm2-135m"
    assert not choice.can_infill


def test_a_model_that_is_here_is_not_replaced_by_the_one_that_fits_better(paths: Paths) -> None:
    put_model(paths, "SmolLM2-135M-Instruct.Q4_1.gguf")
    choice = choose_model(paths, None, LARGE)
    assert (choice.id, choice.reason) == ("smollm2-135m", "in place")


def test_a_model_file_of_ones_own_is_used_by_its_path(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(CONTENT)
    choice = choose_model(paths, str(file), LITTLE)
    assert (choice.id, choice.entry) == (str(file), None)


def test_an_unknown_model_is_refused_with_the_names_of_the_known(paths: Paths) -> None:
    with pytest.raises(ModelError, match="gpt-9") as caught:
        choose_model(paths, "gpt-9", LITTLE)
    assert "qwen2.5-coder-0.5b" in caught.value.hint
    assert caught.value.exit_code == 18


def test_a_model_is_fetched_checked_and_then_in_place(paths: Paths, own_model: str) -> None:
    assert "fetched and checked" in fetch(paths, own_model)
    assert (paths.models / "own.gguf").read_bytes() == CONTENT
    assert "in place" in fetch(paths, own_model)


def test_a_model_that_is_not_what_was_expected_is_dropped(paths: Paths, own_model: str, tmp_path: Path) -> None:
    (tmp_path / "original.gguf").write_bytes(CONTENT[::-1])
    with pytest.raises(ModelError, match="sha256"):
        fetch(paths, own_model)
    assert not (paths.models / "own.gguf").exists()


def test_a_model_larger_than_the_disk_is_refused_at_once(paths: Paths, own_model: str) -> None:
    catalogue = paths.config / "models.toml"
    catalogue.write_text(catalogue.read_text().replace(f"size_bytes = {len(CONTENT)}", f"size_bytes = {2**62}"))
    with pytest.raises(NoSpaceError, match="disk space") as caught:
        fetch(paths, own_model)
    assert caught.value.exit_code == 14


def test_a_catalogue_that_cannot_be_read_stops_the_set_up(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    (paths.config / "models.toml").write_text("[[model")
    with pytest.raises(ModelError, match=r"models\.toml"):
        choose_model(paths, None, LITTLE)

import hashlib
import threading
from pathlib import Path

import pytest

from andiron_models.library.catalogue import CatalogueEntry, load_catalogue
from andiron_models.library.errors import PullCancelledError
from andiron_models.library.records import Record, read_record, update_record, write_record
from andiron_models.library.shelf import find_model
from andiron_models.library.verify import verify
from andiron_testing.gguf_files import write_gguf


def test_a_file_that_is_what_the_catalogue_says_is_good(models_folder: Path) -> None:
    path = write_gguf(models_folder / "small.gguf")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    catalogue = {"small": CatalogueEntry(id="small", file="small.gguf", sha256=sha256)}
    verdict = verify(find_model(models_folder, "small", catalogue), models_folder)
    assert verdict.is_good
    assert (verdict.expected_sha256, verdict.source) == (sha256, "catalogue")


def test_a_file_that_is_not_says_both_checksums(models_folder: Path) -> None:
    write_gguf(models_folder / "small.gguf")
    catalogue = {"small": CatalogueEntry(id="small", file="small.gguf", sha256="0" * 64)}
    verdict = verify(find_model(models_folder, "small", catalogue), models_folder)
    assert not verdict.is_good
    assert verdict.expected_sha256 == "0" * 64
    assert (models_folder / "small.gguf").exists()
    assert read_record(models_folder, "small").sha256 is None


def test_a_file_nobody_knows_is_pinned_and_must_stay_so(models_folder: Path) -> None:
    path = write_gguf(models_folder / "mine.gguf")
    first = verify(find_model(models_folder, "mine", {}), models_folder)
    assert (first.is_good, first.expected_sha256) == (True, None)
    path.write_bytes(path.read_bytes() + b"!")
    second = verify(find_model(models_folder, "mine", {}), models_folder)
    assert (second.is_good, second.expected_sha256, second.source) == (False, first.sha256, "first download")


def test_a_check_can_be_cancelled(models_folder: Path) -> None:
    write_gguf(models_folder / "mine.gguf")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(PullCancelledError):
        verify(find_model(models_folder, "mine", {}), models_folder, cancel=cancel)


def test_what_was_learnt_is_kept_by_model(models_folder: Path) -> None:
    update_record(models_folder, "a:b", infill_ok=True)
    update_record(models_folder, "a:b", prompt_tokens_per_second=100.0)
    record = read_record(models_folder, "a:b")
    assert (record.infill_ok, record.prompt_tokens_per_second) == (True, 100.0)
    assert read_record(models_folder, "other") == Record()


@pytest.mark.parametrize("text", ["", "{", '{"sha256": 3}'])
def test_a_broken_record_costs_only_learning_it_again(models_folder: Path, text: str) -> None:
    write_record(models_folder, "small", Record(infill_ok=True))
    (models_folder / ".records" / "small.json").write_text(text)
    assert read_record(models_folder, "small") == Record()


@pytest.mark.model
def test_the_real_model_came_from_its_wheel_as_the_catalogue_says(smollm2_path: Path) -> None:
    entry = load_catalogue()["smollm2-135m"]
    assert smollm2_path.name == entry.file
    assert hashlib.sha256(smollm2_path.read_bytes()).hexdigest() == entry.sha256

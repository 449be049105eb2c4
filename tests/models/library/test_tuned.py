from pathlib import Path

import pytest

from andiron_models.library.tuned import Tuned, forget_tuned, read_tuned, tuned_file, tuned_path, write_tuned


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"the model's own file")
    return path


def tuned_of(source: Path, quantization: str | None = "Q8_0") -> Tuned:
    found = source.stat()
    return Tuned(
        quantization=quantization,
        source_size_bytes=found.st_size,
        source_mtime_ns=found.st_mtime_ns,
        prompt_tokens_per_second=143.0,
        generate_tokens_per_second=22.0,
        mean_loss=1.5,
    )


def make(folder: Path, quantization: str) -> Path:
    path = tuned_path(folder, "model", quantization)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"the tuned file")
    return path


def test_a_tuned_file_is_found_by_what_was_decided(tmp_path: Path, source: Path) -> None:
    path = make(tmp_path, "Q8_0")
    write_tuned(tmp_path, "model", tuned_of(source))
    assert tuned_file(tmp_path, "model", source) == path


def test_a_model_that_is_best_as_it_is_has_no_tuned_file(tmp_path: Path, source: Path) -> None:
    make(tmp_path, "Q8_0")
    write_tuned(tmp_path, "model", tuned_of(source, None))
    assert tuned_file(tmp_path, "model", source) is None


def test_a_tuned_file_is_passed_over_when_the_model_changed(tmp_path: Path, source: Path) -> None:
    make(tmp_path, "Q8_0")
    write_tuned(tmp_path, "model", tuned_of(source))
    source.write_bytes(b"another model came under this name")
    assert read_tuned(tmp_path, "model", source) is None
    assert tuned_file(tmp_path, "model", source) is None


def test_a_tuned_file_that_was_deleted_is_not_named(tmp_path: Path, source: Path) -> None:
    write_tuned(tmp_path, "model", tuned_of(source))
    assert tuned_file(tmp_path, "model", source) is None


def test_a_broken_decision_is_as_good_as_none(tmp_path: Path, source: Path) -> None:
    make(tmp_path, "Q8_0")
    write_tuned(tmp_path, "model", tuned_of(source))
    (tmp_path / ".tuned" / "model.json").write_text("{")
    assert tuned_file(tmp_path, "model", source) is None


def test_forgetting_removes_file_and_decision_and_leaves_other_models(tmp_path: Path, source: Path) -> None:
    path = make(tmp_path, "Q8_0")
    write_tuned(tmp_path, "model", tuned_of(source))
    other = tuned_path(tmp_path, "model-two", "Q8_0")
    other.write_bytes(b"another's")
    forget_tuned(tmp_path, "model")
    assert not path.exists()
    assert read_tuned(tmp_path, "model", source) is None
    assert other.exists()

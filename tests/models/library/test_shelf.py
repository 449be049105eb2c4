from pathlib import Path

import pytest

from andiron_models.errors import InvalidRequestError, ModelFileError, ModelNotFoundError
from andiron_models.library.adding import add_copy, add_reference, remove_model
from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.errors import ChecksumError
from andiron_models.library.records import read_record, update_record
from andiron_models.library.shelf import find_model, installed_models
from andiron_testing.gguf_files import write_gguf

KNOWN = {"known": CatalogueEntry(id="known", file="Known-Model.gguf")}


def test_an_empty_or_missing_folder_has_no_models(models_folder: Path) -> None:
    assert installed_models(models_folder, KNOWN) == ()
    models_folder.mkdir()
    assert installed_models(models_folder, KNOWN) == ()


def test_every_model_file_counts_whoever_put_it_there(models_folder: Path) -> None:
    write_gguf(models_folder / "Known-Model.gguf")
    write_gguf(models_folder / "other.gguf")
    (models_folder / "notes.txt").write_text("no model")
    known, other = installed_models(models_folder, KNOWN)
    assert (known.id, known.entry) == ("known", KNOWN["known"])
    assert (other.id, other.entry) == ("other", None)
    assert other.size_bytes == other.path.stat().st_size


def test_a_model_in_several_files_is_one(models_folder: Path) -> None:
    for part in (1, 2, 3):
        write_gguf(models_folder / f"big-0000{part}-of-00003.gguf")
    (big,) = installed_models(models_folder, KNOWN)
    assert big.id == "big"
    assert big.path.name == "big-00001-of-00003.gguf"
    assert big.size_bytes == 3 * big.path.stat().st_size


@pytest.mark.parametrize("name", ["known", "Known-Model.gguf"])
def test_a_model_is_found_by_id_and_by_file_name(models_folder: Path, name: str) -> None:
    path = write_gguf(models_folder / "Known-Model.gguf")
    assert find_model(models_folder, name, KNOWN).path == path


def test_a_model_is_found_by_path(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "elsewhere" / "mine.gguf")
    model = find_model(models_folder, str(path), KNOWN)
    assert (model.id, model.path) == ("mine", path)


def test_a_known_model_that_is_not_here_comes_with_how_to_get_it(models_folder: Path) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        find_model(models_folder, "known", KNOWN)
    assert caught.value.hint == "Get it: andiron models pull known"


def test_a_mistyped_model_comes_with_a_guess(models_folder: Path) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        find_model(models_folder, "knwon", KNOWN)
    assert caught.value.hint == "Did you mean known?"


def test_a_path_that_is_not_there_is_named(models_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"gone\.gguf"):
        find_model(models_folder, str(tmp_path / "gone.gguf"), KNOWN)


def test_a_reference_is_a_model_and_the_file_stays_where_it_is(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "elsewhere" / "mine.gguf")
    model = add_reference(models_folder, path, catalogue=KNOWN)
    assert (model.id, model.path, model.is_reference) == ("mine", path, True)
    assert not list(models_folder.glob("*.gguf"))
    assert installed_models(models_folder, KNOWN) == (model,)


def test_a_reference_may_have_an_id_of_its_own(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "sha256-0123")
    assert add_reference(models_folder, path, model_id="known", catalogue=KNOWN).entry == KNOWN["known"]


def test_a_reference_whose_file_is_gone_is_left_out(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "mine.gguf")
    add_reference(models_folder, path, catalogue=KNOWN)
    path.unlink()
    assert installed_models(models_folder, KNOWN) == ()


def test_adding_twice_is_adding_once(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "mine.gguf")
    once = add_reference(models_folder, path, catalogue=KNOWN)
    assert add_reference(models_folder, path, catalogue=KNOWN) == once
    assert installed_models(models_folder, KNOWN) == (once,)


def test_an_id_that_is_taken_is_refused(models_folder: Path, tmp_path: Path) -> None:
    write_gguf(models_folder / "mine.gguf")
    with pytest.raises(InvalidRequestError, match="there is a model mine already"):
        add_reference(models_folder, write_gguf(tmp_path / "mine.gguf"), catalogue=KNOWN)


def test_an_id_that_cannot_be_one_is_refused(models_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be a model's id"):
        add_reference(models_folder, write_gguf(tmp_path / "mine.gguf"), model_id="../mine", catalogue=KNOWN)


def test_a_file_that_is_no_model_is_refused(models_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.gguf"
    file.write_text("Dear model,")
    with pytest.raises(ModelFileError, match="no GGUF file"):
        add_reference(models_folder, file, catalogue=KNOWN)
    with pytest.raises(ModelFileError, match="no GGUF file"):
        add_copy(models_folder, file, catalogue=KNOWN)


def test_a_copy_is_a_model_of_its_own(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "mine.gguf")
    model = add_copy(models_folder, path, catalogue=KNOWN)
    path.unlink()
    assert (model.id, model.path, model.is_reference) == ("mine", models_folder / "mine.gguf", False)


def test_a_copy_of_a_known_model_must_be_that_model(models_folder: Path, tmp_path: Path) -> None:
    entry = CatalogueEntry(id="known", file="Known-Model.gguf", sha256="0" * 64)
    with pytest.raises(ChecksumError):
        add_copy(models_folder, write_gguf(tmp_path / "Known-Model.gguf"), catalogue={"known": entry})
    assert installed_models(models_folder, KNOWN) == ()


def test_a_removed_model_is_gone_with_what_was_known_of_it(models_folder: Path) -> None:
    path = write_gguf(models_folder / "mine.gguf")
    update_record(models_folder, "mine", infill_ok=True)
    remove_model(models_folder, "mine", KNOWN)
    assert not path.exists()
    assert read_record(models_folder, "mine").infill_ok is None


def test_all_files_of_a_model_are_removed(models_folder: Path) -> None:
    for part in (1, 2):
        write_gguf(models_folder / f"big-0000{part}-of-00002.gguf")
    remove_model(models_folder, "big", KNOWN)
    assert not list(models_folder.glob("*.gguf"))


def test_removing_a_reference_leaves_the_file(models_folder: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "mine.gguf")
    add_reference(models_folder, path, catalogue=KNOWN)
    remove_model(models_folder, "mine", KNOWN)
    assert path.exists()
    assert installed_models(models_folder, KNOWN) == ()


def test_a_pinned_checksum_outlives_its_file(models_folder: Path) -> None:
    write_gguf(models_folder / "Known-Model.gguf")
    update_record(models_folder, "known", sha256="1" * 64)
    remove_model(models_folder, "known", KNOWN)
    assert read_record(models_folder, "known").sha256 == "1" * 64


def test_removing_what_is_not_here_is_said(models_folder: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        remove_model(models_folder, "known", KNOWN)


def test_a_broken_list_of_references_is_named(models_folder: Path) -> None:
    models_folder.mkdir()
    (models_folder / "references.json").write_text("{")
    with pytest.raises(ModelFileError, match=r"references\.json"):
        installed_models(models_folder, KNOWN)

from pathlib import Path

import pytest

from andiron_models.library.catalogue import HubSource, WheelSource, load_catalogue
from andiron_models.library.errors import CatalogueError
from andiron_models.library.hardware import LARGE_MODEL, SMALL_MODEL


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path


def write(config: Path, text: str) -> Path:
    file = config / "models.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_bundled_models_can_be_had_without_a_hub() -> None:
    catalogue = load_catalogue()
    for model_id in (SMALL_MODEL, LARGE_MODEL, "smollm2-135m"):
        entry = catalogue[model_id]
        assert any(isinstance(source, WheelSource) for source in entry.sources)
        assert entry.sha256
        assert entry.size_bytes


def test_every_entry_says_what_it_is_and_where_that_was_read() -> None:
    for entry in load_catalogue().values():
        assert entry.name
        assert entry.publisher
        assert entry.licence != "unknown"
        assert entry.size_bytes
        assert entry.context_length
        assert entry.source_note
        assert entry.sources
        assert entry.can_chat or entry.infill
        for source in entry.sources:
            assert not isinstance(source, HubSource) or len(source.revision) == 40


def test_no_two_entries_share_a_file() -> None:
    files = [entry.file for entry in load_catalogue().values()]
    assert len(files) == len(set(files))


def test_the_infill_tokens_of_a_layout_stop_an_answer_too() -> None:
    for entry in load_catalogue().values():
        if entry.infill is not None:
            tokens = {entry.infill.prefix_token, entry.infill.suffix_token, entry.infill.middle_token} - {""}
            assert tokens <= set(entry.infill.stop_tokens), entry.id


def test_a_person_adds_a_model(config: Path) -> None:
    write(config, '[[model]]\nid = "mine"\nfile = "mine.gguf"\nsources = [{kind = "file", path = "/elsewhere"}]\n')
    catalogue = load_catalogue(config)
    assert catalogue["mine"].file == "mine.gguf"
    assert SMALL_MODEL in catalogue


def test_a_person_overrides_single_fields(config: Path) -> None:
    write(config, f'[[model]]\nid = "{SMALL_MODEL}"\ncontext_length = 4096\n')
    entry = load_catalogue(config)[SMALL_MODEL]
    assert entry.context_length == 4096
    assert entry.sha256 == load_catalogue()[SMALL_MODEL].sha256


def test_without_a_file_of_the_person_the_catalogue_is_as_it_is(config: Path) -> None:
    assert load_catalogue(config) == load_catalogue()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[model]\n", "cannot be read"),
        ('models = "one"\n', "there is no key 'models'"),
        ("[[model]]\nfile = 'a.gguf'\n", "needs an id"),
        ("model = 3\n", "needs an id"),
        ("[[model]]\nid = 'a'\n", "model 'a': Object missing required field `file`"),
        ("[[model]]\nid = 'a'\nfile = '../a.gguf'\n", "plain file name"),
        ("[[model]]\nid = 'a'\nfile = 'a.bin'\n", "plain file name"),
        ("[[model]]\nid = 'a/b'\nfile = 'a.gguf'\n", "id 'a/b'"),
        ("[[model]]\nid = 'a'\nfile = 'a.gguf'\nsha256 = 'ABC'\n", "64 hexadecimal digits"),
        ("[[model]]\nid = 'a'\nfile = 'a.gguf'\nsize_bytes = 0\n", "size_bytes is 0"),
        ("[[model]]\nid = 'a'\nfile = 'a.gguf'\nsise = 1\n", "sise"),
        ("[[model]]\nid = 'a'\nfile = 'a.gguf'\nsources = [{kind = 'ftp'}]\n", "ftp"),
        ("[[model]]\nid = 'a'\nfile = 'a.gguf'\nsources = [{kind = 'http', url = 'file:///a'}]\n", "http"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named_with_what_was_expected(config: Path, text: str, told: str) -> None:
    file = write(config, text)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(config)
    assert str(file) in caught.value.message
    assert told in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_not_text_is_named(config: Path) -> None:
    (config / "models.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_catalogue(config)

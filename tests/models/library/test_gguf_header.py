import struct
from pathlib import Path

import pytest

from andiron_models.errors import ModelFileError
from andiron_models.library.gguf_header import read_gguf_header
from andiron_testing.gguf_files import SMALL, TENSORS, TensorRow, gguf_bytes, text, write_gguf


def refusal(path: Path, content: bytes) -> ModelFileError:
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_gguf_header(path)
    assert caught.value.hint
    assert path.name in caught.value.message
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_a_header_tells_what_the_model_is(file: Path) -> None:
    header = read_gguf_header(write_gguf(file))
    assert header.architecture == "llama"
    assert header.name == "Small"
    assert header.quantization == "F16"
    assert header.context_length == 2048
    assert header.parameters == 64 * 5 + 64
    assert header.vocabulary_size == 5
    assert header.chat_template == "{{ messages }}"
    assert header.fim_tokens == {"prefix": "<fim_prefix>", "suffix": "<fim_suffix>", "middle": "<fim_middle>"}
    assert header.file_size_bytes == file.stat().st_size
    assert not header.is_split


def test_token_ids_of_the_metadata_are_shown_by_role(file: Path) -> None:
    header = read_gguf_header(write_gguf(file, {**SMALL, "tokenizer.ggml.fim_pre_token_id": 2}))
    assert header.fim_token_ids == {"prefix": 2}


def test_the_quantization_is_guessed_from_the_tensors_when_it_is_not_said(file: Path) -> None:
    metadata = {key: content for key, content in SMALL.items() if key != "general.file_type"}
    assert read_gguf_header(write_gguf(file, metadata)).quantization == "F32"


def test_a_tensor_of_an_unknown_type_is_no_error(file: Path) -> None:
    file.write_bytes(gguf_bytes(tensors=(TensorRow("new", (64,), kind=99),)))
    (tensor,) = read_gguf_header(file).tensors
    assert (tensor.type, tensor.size_bytes) == ("type 99", None)


def test_a_long_text_is_passed_over(file: Path) -> None:
    header = read_gguf_header(write_gguf(file, {**SMALL, "general.description": "long " * 10_000}))
    assert header.metadata["general.description"] is None
    assert header.context_length == 2048


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone\.gguf cannot be read"):
        read_gguf_header(tmp_path / "gone.gguf")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        read_gguf_header(tmp_path)


def test_an_empty_file_is_refused(file: Path) -> None:
    assert "it is empty" in refusal(file, b"").message


def test_a_foreign_file_is_refused(file: Path) -> None:
    assert "does not begin with GGUF" in refusal(file, b"%PDF-1.7 and so on").message


def test_an_old_ggml_file_is_refused_by_its_name(file: Path) -> None:
    assert "old ggml format" in refusal(file, b"ggjt" + b"\0" * 64).message


@pytest.mark.parametrize("version", [0, 1, 4, 2**32 - 1])
def test_an_unknown_version_is_refused(file: Path, version: int) -> None:
    assert f"version is {version}" in refusal(file, gguf_bytes(version=version)).message


def test_a_big_endian_file_is_refused_by_its_name(file: Path) -> None:
    assert "big-endian" in refusal(file, b"GGUF" + struct.pack(">IQQ", 3, 0, 0)).message


@pytest.mark.parametrize("count", [10_000, 2**31, 2**64 - 1])
def test_a_huge_count_of_tensors_is_refused(file: Path, count: int) -> None:
    assert f"announces {count} tensors" in refusal(file, gguf_bytes(tensor_count=count)).message


@pytest.mark.parametrize("count", [10_000, 2**31, 2**64 - 1])
def test_a_huge_count_of_values_is_refused(file: Path, count: int) -> None:
    assert f"announces {count} values" in refusal(file, gguf_bytes(value_count=count)).message


@pytest.mark.parametrize("length", [2**20, 2**40, 2**64 - 1])
def test_a_huge_key_is_refused(file: Path, length: int) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", length)
    assert f"{length} bytes long" in refusal(file, head + b"x" * 64).message


@pytest.mark.parametrize("length", [10_000, 2**40, 2**64 - 1])
def test_a_huge_text_is_refused(file: Path, length: int) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("key") + struct.pack("<IQ", 8, length)
    assert "truncated" in refusal(file, head + b"x" * 64).message


@pytest.mark.parametrize("kind", [4, 8])
@pytest.mark.parametrize("length", [10_000, 2**40, 2**64 - 1])
def test_a_huge_array_is_refused(file: Path, kind: int, length: int) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("key") + struct.pack("<IIQ", 9, kind, length)
    assert f"announces {length}" in refusal(file, head + b"x" * 64).message


@pytest.mark.parametrize("kind", [9, 13, 2**32 - 1])
def test_an_array_of_what_there_is_not_is_refused(file: Path, kind: int) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("key") + struct.pack("<IIQ", 9, kind, 1)
    assert f"array of the type {kind}" in refusal(file, head + b"x" * 64).message


def test_a_value_of_an_unknown_type_is_refused(file: Path) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("key") + struct.pack("<I", 77)
    assert "unknown type 77" in refusal(file, head + b"x" * 64).message


def test_a_key_that_is_not_text_is_refused(file: Path) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"\xff\xfe") + struct.pack("<II", 4, 1)
    assert "not UTF-8" in refusal(file, head + b"x" * 64).message


def test_a_doubled_key_is_refused(file: Path) -> None:
    pair = text("key") + struct.pack("<II", 4, 1)
    assert "'key' twice" in refusal(file, b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * pair).message


def test_a_doubled_tensor_is_refused(file: Path) -> None:
    assert "twice" in refusal(file, gguf_bytes(tensors=(TENSORS[0], TENSORS[0]))).message


@pytest.mark.parametrize("shape", [(2**63, 2**63), (0,), (2**46,), (1, 1, 1, 1, 1)])
def test_an_impossible_shape_is_refused(file: Path, shape: tuple[int, ...]) -> None:
    raw = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + text("odd") + struct.pack("<I", len(shape))
    raw += b"".join(struct.pack("<Q", length) for length in shape) + struct.pack("<IQ", 0, 0)
    assert "'odd'" in refusal(file, raw + b"\0" * 64).message


def test_rows_that_are_no_whole_blocks_are_refused(file: Path) -> None:
    assert "blocks of 256" in refusal(file, gguf_bytes(tensors=(TensorRow("odd", (100,), kind=12),))).message


def test_tensors_at_one_place_are_refused(file: Path) -> None:
    rows = (TENSORS[0], TensorRow("same place", (64,), offset=0))
    assert "overlaps" in refusal(file, gguf_bytes(tensors=rows)).message


def test_a_tensor_inside_another_is_refused(file: Path) -> None:
    rows = (TensorRow("outer", (64, 5)), TensorRow("inner", (8,), offset=64))
    assert "overlaps" in refusal(file, gguf_bytes(tensors=rows)).message


def test_a_tensor_out_of_line_is_refused(file: Path) -> None:
    assert "not aligned" in refusal(file, gguf_bytes(tensors=(TensorRow("odd", (64,), offset=3),))).message


@pytest.mark.parametrize("offset", [2**20, 2**62])
def test_a_tensor_outside_the_file_is_refused(file: Path, offset: int) -> None:
    assert "truncated" in refusal(file, gguf_bytes(tensors=(TensorRow("far", (64,), offset=offset),))).message


@pytest.mark.parametrize("alignment", [0, 3, 48, 2**31])
def test_an_impossible_alignment_is_refused(file: Path, alignment: int) -> None:
    metadata = {**SMALL, "general.alignment": alignment}
    assert f"alignment is {alignment}" in refusal(file, gguf_bytes(metadata)).message


def test_a_file_cut_anywhere_is_refused(file: Path) -> None:
    whole = gguf_bytes()
    for length in range(0, len(whole) - 64, 13):
        refusal(file, whole[:length])


def test_a_file_that_lost_its_end_says_how_much(file: Path) -> None:
    whole = gguf_bytes()
    assert "100 bytes of its tensors are missing" in refusal(file, whole[:-100]).message

"""Headers from nowhere: whatever the bytes, the answer is a header or a ModelFileError, soon and with little memory."""

import struct
import tracemalloc
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from andiron_models.errors import ModelFileError
from andiron_models.library.gguf_header import read_gguf_header
from andiron_models.library.memory import need_of_header
from andiron_testing.gguf_files import gguf_bytes, text

_MEMORY_LIMIT_BYTES = 8 * 1024 * 1024
_TRUE = gguf_bytes()
_fuzzing = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_numbers = st.one_of(
    st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1)
)


def read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    tracemalloc.start()
    try:
        header = read_gguf_header(path)
    except ModelFileError:
        header = None
    finally:
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak_bytes < _MEMORY_LIMIT_BYTES
    if header is not None:
        assert need_of_header(header, 8192).total_bytes > 0
        assert header.quantization


@_fuzzing
@given(content=st.binary(max_size=512))
@example(content=b"")
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    read(tmp_path / "any.gguf", content)


@_fuzzing
@given(content=st.binary(max_size=512))
def test_any_bytes_behind_a_true_start(tmp_path: Path, content: bytes) -> None:
    read(tmp_path / "any.gguf", b"GGUF" + struct.pack("<I", 3) + content)


@_fuzzing
@given(place=st.integers(0, len(_TRUE) - 1), content=st.binary(min_size=1, max_size=16))
def test_a_true_file_with_some_bytes_changed(tmp_path: Path, place: int, content: bytes) -> None:
    read(tmp_path / "any.gguf", _TRUE[:place] + content + _TRUE[place + len(content) :])


@_fuzzing
@given(place=st.integers(0, len(_TRUE) - 8), number=_numbers)
def test_a_true_file_with_a_number_anywhere(tmp_path: Path, place: int, number: int) -> None:
    read(tmp_path / "any.gguf", _TRUE[:place] + struct.pack("<Q", number) + _TRUE[place + 8 :])


@_fuzzing
@given(place=st.integers(0, len(_TRUE)))
def test_a_true_file_that_is_cut(tmp_path: Path, place: int) -> None:
    read(tmp_path / "any.gguf", _TRUE[:place])


@_fuzzing
@given(
    values=st.lists(st.tuples(st.text(max_size=12), st.integers(0, 14), st.binary(max_size=24)), max_size=6),
    tensors=st.lists(
        st.tuples(st.text(max_size=8), st.lists(_numbers, max_size=5), st.integers(0, 45), _numbers), max_size=6
    ),
)
def test_a_header_put_together_at_random(
    tmp_path: Path,
    values: list[tuple[str, int, bytes]],
    tensors: list[tuple[str, list[int], int, int]],
) -> None:
    content = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    content += b"".join(text(key) + struct.pack("<I", kind) + raw for key, kind, raw in values)
    for name, shape, kind, offset in tensors:
        content += text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", n) for n in shape)
        content += struct.pack("<IQ", kind, offset)
    read(tmp_path / "any.gguf", content + b"\0" * 256)

"""What a GGUF file says of itself, read without loading it: no mapping, no numpy, no llama.cpp.

A header comes from strangers. Wrong magic, foreign byte order, truncation, huge counts, doubled names, tensors that
overlap or lie outside the file are refused with a ModelFileError, in bounded time and memory (`gguf_stream`).
"""

import struct
from collections.abc import Sequence
from pathlib import Path

import msgspec

from andiron_models.errors import ModelFileError
from andiron_models.library import gguf_types as types
from andiron_models.library.gguf_stream import HeaderStream

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_VALUE_LIMIT = 16_384
_TENSOR_LIMIT = 100_000
_STRING_LIMIT = 2_000_000
_KEY_LIMIT_BYTES = 1024
_KEPT_TEXT_BYTES = 4096
_TEMPLATE_LIMIT_BYTES = 1024 * 1024
_KEPT_NUMBERS = 1024
_DIMENSIONS = 4
_ELEMENT_LIMIT = 2**45
_TEMPLATE_KEY = "tokenizer.chat_template"
_TOKENS_KEY = "tokenizer.ggml.tokens"

Value = int | float | bool | str | tuple[int, ...] | None


class Tensor(msgspec.Struct, frozen=True):
    """One tensor's row of the header; `size_bytes` is None for a type this reader does not know."""

    name: str
    type: str
    elements: int
    size_bytes: int | None
    offset: int


class GgufHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the model; `fim_tokens` are texts by role, `fim_token_ids` what the metadata names."""

    version: int
    file_size_bytes: int
    metadata: dict[str, Value]
    tensors: tuple[Tensor, ...]
    tensor_bytes: int
    vocabulary_size: int | None
    fim_tokens: dict[str, str]
    fim_token_ids: dict[str, int]

    @property
    def architecture(self) -> str:
        """The family of the model, as llama.cpp names it."""
        return str(self.metadata.get("general.architecture", "unknown"))

    @property
    def name(self) -> str | None:
        """What the publisher calls it."""
        name = self.metadata.get("general.name")
        return name if isinstance(name, str) else None

    @property
    def parameters(self) -> int:
        """How many numbers the tensors hold."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        """The name of the quantization, else the type most of the bytes have."""
        number = self.metadata.get("general.file_type")
        if isinstance(number, int) and number in types.QUANTIZATIONS:
            return types.QUANTIZATIONS[number]
        sizes: dict[str, int] = {}
        for tensor in self.tensors:
            sizes[tensor.type] = sizes.get(tensor.type, 0) + (tensor.size_bytes or 0)
        return max(sizes, key=lambda kind: sizes[kind], default="unknown")

    @property
    def context_length(self) -> int | None:
        """How long a context the model was made for."""
        return self.number("context_length")

    @property
    def chat_template(self) -> str | None:
        """The Jinja template of its chats."""
        template = self.metadata.get(_TEMPLATE_KEY)
        return template if isinstance(template, str) else None

    @property
    def is_split(self) -> bool:
        """Whether this file is one of several."""
        count = self.metadata.get("split.count")
        return isinstance(count, int) and count > 1

    def number(self, key: str) -> int | None:
        """Look up a number of the model's architecture."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_gguf_header(path: Path) -> GgufHeader:
    """Read a file's header.

    Raises:
        ModelFileError: it cannot be read, is no GGUF, or its header cannot be true.
    """
    try:
        with path.open("rb") as file:
            size_bytes = path.stat().st_size
            return _parse(HeaderStream(file, path, size_bytes), size_bytes)
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror or error}",
            hint="Check the path and its permissions.",
            details={"path": str(path)},
        ) from error


def _parse(stream: HeaderStream, size_bytes: int) -> GgufHeader:
    if size_bytes < len(MAGIC) or (magic := stream.take(4)) != MAGIC:
        shown = "is empty" if size_bytes == 0 else "does not begin with GGUF"
        if size_bytes >= len(MAGIC) and magic in (b"ggml", b"ggjt", b"ggla", b"lmgg", b"tjgg"):
            shown = "is of the old ggml format, which nothing reads any more"
        raise stream.refuse(f"it is no GGUF file, it {shown}")
    version = stream.u32()
    if version not in _VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        why = "it is written for big-endian machines" if swapped in _VERSIONS else f"its GGUF version is {version}"
        raise stream.refuse(f"{why}, versions 2 and 3 can be read")
    tensor_count = stream.count("tensors", _TENSOR_LIMIT, 24)
    value_count = stream.count("values", _VALUE_LIMIT, 13)
    values = _Values(stream)
    for _ in range(value_count):
        values.read()
    tensors = _read_tensors(stream, tensor_count)
    alignment = values.metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 8 <= alignment <= 1024 * 1024 or alignment & (alignment - 1):
        raise stream.refuse(f"its alignment is {alignment}")
    data_start = -(-stream.position // alignment) * alignment
    tensor_bytes = _check_places(stream, tensors, alignment, size_bytes - data_start)
    return GgufHeader(
        version=version,
        file_size_bytes=size_bytes,
        metadata=values.metadata,
        tensors=tuple(tensors),
        tensor_bytes=tensor_bytes,
        vocabulary_size=values.vocabulary_size,
        fim_tokens=values.fim_tokens,
        fim_token_ids={
            role: number
            for key, role in types.FIM_KEYS.items()
            if isinstance(number := values.metadata.get(key), int) and not isinstance(number, bool)
        },
    )


class _Values:
    """The key-value part: keeps what is short, looks through the vocabulary, passes over the rest."""

    def __init__(self, stream: HeaderStream) -> None:
        self._stream = stream
        self._strings = 0
        self.metadata: dict[str, Value] = {}
        self.vocabulary_size: int | None = None
        self.fim_tokens: dict[str, str] = {}

    def read(self) -> None:
        """Read one key and its value."""
        stream = self._stream
        key = stream.text("key", _KEY_LIMIT_BYTES)
        if key in self.metadata:
            raise stream.refuse(f"it has the key {key!r} twice")
        kind = stream.u32()
        if kind == types.STRING:
            self.metadata[key] = self._text(_TEMPLATE_LIMIT_BYTES if key == _TEMPLATE_KEY else _KEPT_TEXT_BYTES)
        elif kind == types.ARRAY:
            self.metadata[key] = self._array(key)
        else:
            self.metadata[key] = self._scalar(kind)

    def _scalar(self, kind: int) -> int | float | bool:
        form = types.SCALARS.get(kind)
        if form is None:
            raise self._stream.refuse(f"it has a value of the unknown type {kind}")
        value: int | float | bool = struct.unpack(form, self._stream.take(struct.calcsize(form)))[0]
        return value

    def _text(self, kept_bytes: int) -> str | None:
        length = self._stream.u64()
        if length <= kept_bytes:
            return self._stream.take(length).decode("utf-8", errors="replace")
        self._stream.skip(length)
        return None

    def _array(self, key: str) -> tuple[int, ...] | None:
        stream = self._stream
        kind = stream.u32()
        if kind == types.STRING:
            self._strings_of(key)
            return None
        form = types.SCALARS.get(kind)
        if form is None:
            raise stream.refuse(f"it has an array of the type {kind}, which there is not")
        width = struct.calcsize(form)
        count = stream.count("numbers", 2**31, width)
        if count > _KEPT_NUMBERS:
            stream.skip(count * width)
            return None
        numbers = struct.unpack(f"<{count}{form[1]}", stream.take(count * width))
        return tuple(int(number) for number in numbers) if kind not in (6, 12) else None

    def _strings_of(self, key: str) -> None:
        stream = self._stream
        count = stream.count("strings", _STRING_LIMIT - self._strings, 8)
        self._strings += count
        if key == _TOKENS_KEY:
            self.vocabulary_size = count
        for _ in range(count):
            text = stream.take(stream.u64())
            if key == _TOKENS_KEY and (role := types.FIM_TEXTS.get(text)):
                self.fim_tokens.setdefault(role, text.decode("utf-8"))


def _read_tensors(stream: HeaderStream, count: int) -> list[Tensor]:
    tensors: list[Tensor] = []
    names: set[str] = set()
    for _ in range(count):
        name = stream.text("tensor's name", 127)
        if name in names:
            raise stream.refuse(f"it has the tensor {name!r} twice")
        names.add(name)
        dimensions = stream.u32()
        if dimensions > _DIMENSIONS:
            raise stream.refuse(f"the tensor {name!r} has {dimensions} dimensions")
        elements, row = 1, 1
        for number in range(dimensions):
            length = stream.u64()
            elements *= length
            row = length if number == 0 else row
            if not 0 < elements <= _ELEMENT_LIMIT:
                raise stream.refuse(f"the tensor {name!r} has {elements} elements")
        kind = stream.u32()
        type_name, block, block_bytes = types.TENSOR_TYPES.get(kind, (f"type {kind}", 1, 0))
        if row % block:
            raise stream.refuse(f"the tensor {name!r} has rows of {row}, not of blocks of {block}")
        size_bytes = elements // block * block_bytes if block_bytes else None
        tensors.append(Tensor(name, type_name, elements, size_bytes, stream.u64()))
    return tensors


def _check_places(stream: HeaderStream, tensors: Sequence[Tensor], alignment: int, data_bytes: int) -> int:
    """Refuse tensors that overlap, are out of line or lie outside the file; say where the last one ends."""
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
        if tensor.offset % alignment:
            raise stream.refuse(f"the tensor {tensor.name!r} is not aligned")
        if tensor.offset < end:
            raise stream.refuse(f"the tensor {tensor.name!r} overlaps another one")
        end = tensor.offset + (tensor.size_bytes or 1)
    if end > data_bytes:
        missing = end - data_bytes
        raise stream.refuse(f"it is truncated: {missing} bytes of its tensors are missing")
    return end

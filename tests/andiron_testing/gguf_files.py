"""Writes small GGUF files: true ones, and ones that lie."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ALIGNMENT = 32
_TYPES = {bool: 7, int: 4, float: 6, str: 8}
_FORMS = {7: "<?", 4: "<I", 6: "<f"}
SMALL: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Small",
    "general.file_type": 1,
    "llama.context_length": 2048,
    "llama.block_count": 2,
    "llama.embedding_length": 64,
    "llama.feed_forward_length": 128,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["a", "b", "<fim_prefix>", "<fim_suffix>", "<fim_middle>"],
    "tokenizer.chat_template": "{{ messages }}",
}


class TensorRow:
    """A tensor as it is written; `offset` None is where it belongs."""

    def __init__(self, name: str, shape: Sequence[int], kind: int = 0, offset: int | None = None) -> None:
        self.name, self.shape, self.kind, self.offset = name, tuple(shape), kind, offset


TENSORS = (TensorRow("token_embd.weight", (64, 5)), TensorRow("output_norm.weight", (64,)))


def text(value: str | bytes) -> bytes:
    """A string as GGUF has it."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def value(content: Any) -> bytes:
    """A value with its type before it."""
    if isinstance(content, list):
        kind = _TYPES[type(content[0])]
        items = b"".join(text(item) if kind == 8 else struct.pack(_FORMS[kind], item) for item in content)
        return struct.pack("<IIQ", 9, kind, len(content)) + items
    kind = _TYPES[type(content)]
    return struct.pack("<I", kind) + (text(content) if kind == 8 else struct.pack(_FORMS[kind], content))


def gguf_bytes(
    metadata: Mapping[str, Any] = SMALL,
    tensors: Sequence[TensorRow] = TENSORS,
    *,
    version: int = 3,
    tensor_count: int | None = None,
    value_count: int | None = None,
) -> bytes:
    """A whole file; counts that are given are written whether they are true or not."""
    counts = (
        len(tensors) if tensor_count is None else tensor_count,
        len(metadata) if value_count is None else value_count,
    )
    head = b"GGUF" + struct.pack("<IQQ", version, *counts)
    head += b"".join(text(key) + value(content) for key, content in metadata.items())
    place = 0
    for tensor in tensors:
        elements = 1
        for length in tensor.shape:
            elements *= length
        offset = place if tensor.offset is None else tensor.offset
        head += text(tensor.name) + struct.pack("<I", len(tensor.shape))
        head += b"".join(struct.pack("<Q", length) for length in tensor.shape)
        head += struct.pack("<IQ", tensor.kind, offset)
        place += -(-4 * elements // ALIGNMENT) * ALIGNMENT
    head += b"\0" * (-len(head) % ALIGNMENT)
    return head + b"\0" * place


def write_gguf(path: Path, metadata: Mapping[str, Any] = SMALL) -> Path:
    """Write a small true model."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf_bytes(metadata))
    return path

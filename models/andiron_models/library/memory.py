"""How much memory a model will take: its weights, what it remembers of its context, and room to compute.

From the header of a file that is here, from the catalogue for one that is not. Checked against what llama.cpp
reserves for the worker's settings (micro-batches of 512, flash attention, eight rows of logits).
"""

from collections.abc import Sequence

import msgspec

from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.gguf_header import GgufHeader

DEFAULT_CONTEXT = 8192
_MICRO_BATCH = 512
_CACHE_VALUE_BYTES = 2
_ACTIVATION_BYTES = 4
_LOGIT_ROWS = 8
_WORKER_BYTES = 96 * 1024 * 1024
_GUESSED_KV_BYTES_PER_MILLION = 36
_GUESSED_COMPUTE_PART = 12


class MemoryNeed(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes by what they are for; `worker_bytes` is the process itself."""

    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    worker_bytes: int = _WORKER_BYTES

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return self.weights_bytes + self.kv_bytes + self.compute_bytes + self.worker_bytes


def need_of_header(header: GgufHeader, context_length: int, *, weights_bytes: int | None = None) -> MemoryNeed:
    """Estimate from a file's header; `weights_bytes` where the model lies in several files."""
    width = header.number("embedding_length") or 0
    inner = header.number("feed_forward_length") or 4 * width
    activations = 3 * (width + inner) * _MICRO_BATCH + _LOGIT_ROWS * (header.vocabulary_size or 0)
    mask = context_length * _MICRO_BATCH * _CACHE_VALUE_BYTES
    return MemoryNeed(
        weights_bytes=weights_bytes or header.file_size_bytes,
        kv_bytes=kv_bytes_per_token(header) * context_length,
        compute_bytes=activations * _ACTIVATION_BYTES + mask,
    )


def need_of_entry(entry: CatalogueEntry, context_length: int) -> MemoryNeed | None:
    """Estimate from the catalogue alone; None where not even the size is known."""
    if entry.size_bytes is None:
        return None
    guess = (entry.parameters or 2 * entry.size_bytes) // 1_000_000 * _GUESSED_KV_BYTES_PER_MILLION
    return MemoryNeed(
        weights_bytes=entry.size_bytes,
        kv_bytes=(entry.kv_bytes_per_token or guess) * context_length,
        compute_bytes=entry.size_bytes // _GUESSED_COMPUTE_PART + context_length * _MICRO_BATCH * _CACHE_VALUE_BYTES,
    )


def kv_bytes_per_token(header: GgufHeader) -> int:
    """Say what one token of context costs; an upper bound where layers keep only a window of it."""
    layers = header.number("block_count") or 0
    heads = header.number("attention.head_count") or 0
    width = header.number("embedding_length") or 0
    head_length = width // heads if heads else 0
    key = header.number("attention.key_length") or head_length
    value = header.number("attention.value_length") or head_length
    per_layer = header.metadata.get(f"{header.architecture}.attention.head_count_kv")
    if isinstance(per_layer, Sequence) and not isinstance(per_layer, str):
        kv_heads = sum(max(0, count) for count in per_layer)  # hybrid models have layers without attention
    else:
        kv_heads = layers * (per_layer if isinstance(per_layer, int) else heads)
    return kv_heads * (key + value) * _CACHE_VALUE_BYTES

"""Changes real GGUF files: a key renamed is a key taken away."""

import shutil
from pathlib import Path

_HEADER_BYTES = 4 * 1024 * 1024


def copy_without_key(source: Path, target: Path, key: str) -> Path:
    """Copy a model, naming a key of its metadata so that nobody knows it."""
    shutil.copyfile(source, target)
    with target.open("r+b") as file:
        header = file.read(_HEADER_BYTES)
        position = header.index(len(key).to_bytes(8, "little") + key.encode()) + 8
        file.seek(position)
        file.write(b"x" * len(key))
    return target


def copy_cut_short(source: Path, target: Path, share: float) -> Path:
    """Copy the first part of a model."""
    with source.open("rb") as whole:
        target.write_bytes(whole.read(int(share * source.stat().st_size)))
    return target

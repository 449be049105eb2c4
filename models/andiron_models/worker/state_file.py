"""Saved states across restarts: one private file per model, off unless asked for.

It holds KV data and token ids, from which text can be read back, so it has mode 0600. A file that cannot be
read is as good as none: it is only a cache.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import msgspec

from andiron_models.worker.states import StateStore


class _Entry(msgspec.Struct, array_like=True):
    tokens: list[int]
    data: bytes


def path_for(folder: str | None, model: Path) -> Path | None:
    """Name the file of a model, which changes with the model's size and date; `None` without a folder."""
    if folder is None:
        return None
    found = model.stat()
    identity = f"{model.name}:{found.st_size}:{found.st_mtime_ns}"
    return Path(folder) / f"states-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.bin"


def read(file: Path, states: StateStore) -> None:
    """Fill the store from the file, where there is one that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        for entry in msgspec.msgpack.decode(file.read_bytes(), type=list[_Entry]):
            states.put(entry.tokens, entry.data)


def write(file: Path, states: StateStore) -> None:
    """Write the store whole, or leave the file as it was."""
    entries = [_Entry(state.tokens.tolist(), state.data) for state in states.states()]
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.msgpack.encode(entries))
        Path(temporary).replace(file)

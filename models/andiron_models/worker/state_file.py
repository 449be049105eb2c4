"""Saved states across restarts: one private file per model, off unless asked for.

It holds KV data and token ids, from which text can be read back, so it has mode 0600. It begins with a digest
over itself and over what the states depend on: the model's file and the llama.cpp that evaluated it. A file
that does not match, or cannot be read, is as good as none: it is only a cache.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec

from andiron_models.worker.states import StateStore

_DIGEST_BYTES = 32
_Token = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _Entry(msgspec.Struct, array_like=True):
    tokens: list[_Token]
    data: bytes
    place: str | None = None


class StateFile:
    """The file of one model's states in a folder."""

    def __init__(self, folder: Path, model: Path) -> None:
        name = hashlib.sha256(os.fsencode(model.absolute())).hexdigest()[:16]
        self.path = folder / f"states-{name}.bin"
        found = model.stat()
        engine = importlib.metadata.version("llama-cpp-python")
        self._origin = f"{engine}:{found.st_size}:{found.st_mtime_ns}".encode()

    def read(self, states: StateStore) -> None:
        """Fill the store from the file, where there is one that can be believed."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            content = self.path.read_bytes()
            digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if digest == self._digest(body):
                for entry in msgspec.msgpack.decode(body, type=list[_Entry]):
                    states.put(entry.tokens, entry.data, entry.place)

    def write(self, states: StateStore) -> None:
        """Write the store whole, or leave the file as it was."""
        entries = [_Entry(state.tokens.tolist(), state.data, state.place) for state in states.states()]
        body = msgspec.msgpack.encode(entries)
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent)
            temporary = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(self._digest(body))
                    stream.write(body)
                temporary.replace(self.path)
            finally:
                temporary.unlink(missing_ok=True)

    def _digest(self, body: bytes) -> bytes:
        return hashlib.sha256(self._origin + b"\n" + body).digest()

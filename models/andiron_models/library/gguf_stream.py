"""Reading the front of a file that may be malicious: every length is checked before a byte of it is taken.

What is read is bounded three times: by the file's own length, by `HEADER_LIMIT_BYTES`, and by the count limits
the caller passes, so that neither time nor memory can be made to run away.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from andiron_models.errors import ModelFileError

HEADER_LIMIT_BYTES = 128 * 1024 * 1024
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class HeaderStream:
    """A binary file read from its start; refuses what cannot be true with a ModelFileError."""

    def __init__(self, file: BinaryIO, path: Path, size_bytes: int) -> None:
        self._file = file
        self._path = path
        self._size = size_bytes
        self.position = 0

    def refuse(self, why: str) -> ModelFileError:
        """Make the error that says what is wrong with the file, and where."""
        return ModelFileError(
            f"{self._path.name}: {why}",
            hint="Get the file again, or check that it is a GGUF model.",
            details={"path": str(self._path), "offset": self.position},
        )

    @property
    def left_bytes(self) -> int:
        """What of the file is still to come, and may be read."""
        return min(self._size, HEADER_LIMIT_BYTES) - self.position

    def take(self, length: int) -> bytes:
        """Read exactly so many bytes."""
        self._check(length)
        data = self._file.read(length)
        if len(data) != length:
            raise self.refuse("it became shorter while it was read")
        self.position += length
        return data

    def skip(self, length: int) -> None:
        """Pass over so many bytes."""
        self._check(length)
        self._file.seek(length, 1)
        self.position += length

    def u32(self) -> int:
        """Read an unsigned number of four bytes."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Read an unsigned number of eight bytes."""
        return int(_U64.unpack(self.take(8))[0])

    def count(self, what: str, limit: int, least_bytes: int) -> int:
        """Read how many of something follow, each of which needs at least so many bytes."""
        count = self.u64()
        if count > limit or count * least_bytes > self.left_bytes:
            raise self.refuse(f"it announces {count} {what}, more than it can hold")
        return count

    def text(self, what: str, limit: int) -> str:
        """Read a name, which must be short and UTF-8."""
        length = self.u64()
        if length > limit:
            raise self.refuse(f"a {what} is {length} bytes long")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise self.refuse(f"a {what} is not UTF-8") from None

    def _check(self, length: int) -> None:
        if length <= self.left_bytes:
            return
        if self.position + length > self._size:
            raise self.refuse(f"it is truncated: it ends after {self._size} bytes, inside its header")
        raise self.refuse(f"its header is over {HEADER_LIMIT_BYTES} bytes long")

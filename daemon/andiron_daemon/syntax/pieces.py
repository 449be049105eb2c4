"""A text as tree-sitter reads it: in pieces, out of buffers that are used again and again.

py-tree-sitter (0.25 and 0.26.1) never lets go of what its read callback returned, so that each parse would lose as
much memory as its text is large. Of buffers that live as long as the process it only loses count.
"""

_PIECE_BYTES = 64 * 1024
# Up to here there is a buffer of every size: no character may be cut at the text's end, where no more can be asked for.
_SMALL_BYTES = 64


def _sizes() -> list[int]:
    sizes = list(range(1, _SMALL_BYTES))
    size = _SMALL_BYTES
    while size <= _PIECE_BYTES:
        sizes.append(size)
        size *= 2
    return sizes


# Sets of buffers nobody reads from now; as many are made as there are parses at the same time.
_free: list[dict[int, bytearray]] = []


class Pieces:
    """A read callback for one parse; `close` gives its buffers back.

    The tree keeps it, and `Node.text` asks it again: bytes then, all the rest of the text each time. `Syntax.text_of`
    is what to use.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._view = memoryview(data)
        self._buffers = _free.pop() if _free else {size: bytearray(size) for size in _sizes()}

    def __call__(self, byte: int, _point: object) -> bytes | bytearray | None:
        """Return some bytes from a place on; none behind the end."""
        left = len(self._data) - byte
        if left <= 0:
            return None
        if not self._buffers:
            return self._data[byte:]
        size = left if left < _SMALL_BYTES else min(_PIECE_BYTES, 1 << (left.bit_length() - 1))
        buffer = self._buffers[size]
        buffer[:] = self._view[byte : byte + size]
        return buffer

    def close(self) -> None:
        """Give the buffers to the next parse."""
        buffers, self._buffers = self._buffers, {}
        _free.append(buffers)

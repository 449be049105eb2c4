"""The model's vocabulary by bytes: which tokens may come when the next bytes are already given.

Token healing (see `infill`) asks this for each step; the table is sorted once, a question is two binary
searches and one look-up per byte.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy
from numpy.typing import NDArray


class Vocabulary:
    """Token bytes by id; tokens without bytes (control tokens) are never candidates."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = tuple(pieces)
        order = sorted((piece, token) for token, piece in enumerate(pieces) if piece)
        self._sorted = [piece for piece, _ in order]
        self._tokens: NDArray[numpy.int32] = numpy.array([token for _, token in order], dtype=numpy.int32)

    def agreeing(self, pending: bytes) -> NDArray[numpy.int32]:
        """List the tokens that agree with `pending`: those it begins with and those that begin with it."""
        parts = [self._range(pending, _successor(pending))]
        for length in range(1, len(pending)):
            start = bisect_left(self._sorted, pending[:length])
            end = start
            while end < len(self._sorted) and self._sorted[end] == pending[:length]:
                end += 1
            parts.append(self._tokens[start:end])
        return numpy.concatenate(parts)

    def _range(self, low: bytes, high: bytes | None) -> NDArray[numpy.int32]:
        start = bisect_left(self._sorted, low)
        end = len(self._sorted) if high is None else bisect_left(self._sorted, high)
        return self._tokens[start:end]


def _successor(prefix: bytes) -> bytes | None:
    """Find the smallest byte string after all that begin with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None

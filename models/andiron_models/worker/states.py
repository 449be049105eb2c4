"""Evaluated prompts of places a person has left, kept in memory within a bound.

A state is the engine's KV data for a run of tokens. Putting one back costs half a millisecond where
evaluating it again costs seconds. Least recently used states go first.
"""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec
import numpy
from numpy.typing import NDArray

Tokens = NDArray[numpy.int32]


def as_tokens(tokens: Sequence[int]) -> Tokens:
    """Make the compact form states are compared in."""
    return numpy.asarray(tokens, dtype=numpy.int32)


def common_prefix(first: Tokens, second: Tokens) -> int:
    """Count the tokens two runs begin with alike."""
    length = min(len(first), len(second))
    different = numpy.flatnonzero(first[:length] != second[:length])
    return int(different[0]) if len(different) else length


class SavedState(msgspec.Struct, frozen=True):
    """KV data, the tokens it stands for, and the place they belong to; `key` is the store's own."""

    tokens: Tokens
    data: bytes
    key: int = -1
    place: str | None = None

    @property
    def size_bytes(self) -> int:
        """Memory it holds."""
        return len(self.data) + self.tokens.nbytes


class StateStore:
    """A bounded collection of saved states, least recently used last."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._states: OrderedDict[int, SavedState] = OrderedDict()
        self._next_key = 0

    def __len__(self) -> int:
        return len(self._states)

    def put(self, tokens: Sequence[int], data: bytes, place: str | None = None) -> None:
        """Keep a state; ones it continues are dropped, and the oldest beyond the bound."""
        state = SavedState(as_tokens(tokens), data, self._next_key, place)
        if state.size_bytes > self.limit_bytes:
            return
        for key, other in list(self._states.items()):
            if common_prefix(other.tokens, state.tokens) == len(other.tokens):
                self._drop(key)
        self._states[state.key] = state
        self._next_key += 1
        self.size_bytes += state.size_bytes
        while self.size_bytes > self.limit_bytes:
            self._drop(next(iter(self._states)))

    def best(self, tokens: Tokens) -> tuple[int, SavedState | None]:
        """Find the state that begins most like `tokens`: the length in common and the state."""
        best_length, best = 0, None
        for state in self._states.values():
            length = common_prefix(state.tokens, tokens)
            if length > best_length:
                best_length, best = length, state
        return best_length, best

    def touch(self, state: SavedState) -> None:
        """Note that a state was put back, so that others go before it."""
        if state.key in self._states:
            self._states.move_to_end(state.key)

    def covers(self, tokens: Tokens) -> bool:
        """Tell whether some state begins with all of `tokens`."""
        return any(common_prefix(state.tokens, tokens) == len(tokens) for state in self._states.values())

    def forget(self, place: str) -> None:
        """Drop the states of a place."""
        for key, state in list(self._states.items()):
            if state.place == place:
                self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        self._states.clear()
        self.size_bytes = 0

    def states(self) -> tuple[SavedState, ...]:
        """List what is kept, oldest first."""
        return tuple(self._states.values())

    def _drop(self, key: int) -> None:
        self.size_bytes -= self._states.pop(key).size_bytes

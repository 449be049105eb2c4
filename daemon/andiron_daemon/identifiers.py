"""Names for things that are kept or traced: short, in order of time, and not to be guessed."""

import os
import time
from contextvars import ContextVar

# The request that is being worked on, for whoever writes a log.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 9
_RANDOM_DIGITS = 13
_RANDOM_BITS = 5 * _RANDOM_DIGITS
_RANDOM_BYTES = 9
# Two digits at a time, and randomness for many ids at once: every request, frame and answer has an id.
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_PLACES = tuple(range(5 * (_TIME_DIGITS + _RANDOM_DIGITS) - 10, -1, -10))
_AT_ONCE = 256
_spare: list[int] = []
if hasattr(os, "register_at_fork"):
    # Two processes must not take the same ones.
    os.register_at_fork(after_in_child=_spare.clear)


def new_id() -> str:
    """Make an id of 22 letters and digits; one of a later millisecond sorts behind it."""
    number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | _random_bits()
    return "".join([_PAIRS[number >> place & 1023] for place in _PLACES])


def _random_bits() -> int:
    try:
        return _spare.pop()
    except IndexError:
        drawn = os.urandom(_RANDOM_BYTES * _AT_ONCE)
        pieces = (drawn[start : start + _RANDOM_BYTES] for start in range(0, len(drawn), _RANDOM_BYTES))
        first, *rest = (int.from_bytes(piece) >> (8 * _RANDOM_BYTES - _RANDOM_BITS) for piece in pieces)
        _spare.extend(rest)
        return first

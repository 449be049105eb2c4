"""Names for things that are kept or traced: short, in order of time, and not to be guessed."""

import functools
import os
import time
from contextvars import ContextVar

# The request that is being worked on, for whoever writes a log.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 9
_RANDOM_DIGITS = 13
# Randomness is drawn for many ids at once, and 32 goes into 256: every request, frame and answer has an id.
_DIGIT_OF_BYTE = (_ALPHABET * 8).encode()
_AT_ONCE = 256
_spare: list[str] = []
if hasattr(os, "register_at_fork"):
    # Two processes must not take the same ones.
    os.register_at_fork(after_in_child=_spare.clear)


def new_id() -> str:
    """Make an id of 22 letters and digits; one of a later millisecond sorts behind it."""
    if not _spare:
        _draw()
    return _time_digits(time.time_ns() // 1_000_000) + _spare.pop()


def _draw() -> None:
    drawn = os.urandom(_RANDOM_DIGITS * _AT_ONCE).translate(_DIGIT_OF_BYTE).decode()
    _spare.extend(drawn[start : start + _RANDOM_DIGITS] for start in range(0, len(drawn), _RANDOM_DIGITS))


@functools.lru_cache(maxsize=1)
def _time_digits(milliseconds: int) -> str:
    places = range(5 * (_TIME_DIGITS - 1), -1, -5)
    return "".join([_ALPHABET[milliseconds >> place & 31] for place in places])

"""Names for things that are kept or traced: short, in order of time, and not to be guessed."""

import secrets
import time
from contextvars import ContextVar

# The request that is being worked on, for whoever writes a log.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 9
_RANDOM_DIGITS = 13


def new_id() -> str:
    """Make an id of 22 letters and digits; one of a later millisecond sorts behind it."""
    milliseconds = time.time_ns() // 1_000_000
    return _digits(milliseconds, _TIME_DIGITS) + _digits(secrets.randbits(5 * _RANDOM_DIGITS), _RANDOM_DIGITS)


def _digits(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))

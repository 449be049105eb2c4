"""What every generated answer is made of, whoever asks and however it travels.

A stream of an answer is one `Started`, any number of `TextDelta`, and the answer itself, which is a
`Generated` of its kind; what is known without a model may come first, as a `StaticPart`. Chat, completion and the
assists fill these; the API and the socket write them down.
"""

import math

import msgspec

from andiron_models.types import Fallback, Finish, FinishReason, Timings, Truncated, Usage

# Code runs at three to four characters a token with the models at hand; estimates err on the side of more.
_CHARACTERS_PER_TOKEN = 3.5


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """The request was taken; `id` names the answer to come."""

    id: str
    backend: str
    model: str


class TextDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More text."""

    text: str


class StaticPart(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told before a model speaks; the first event of an answer that has such a part."""


class Generated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every answer says of how it came about; `backend` is null when none took the request."""

    backend: str | None
    model: str | None
    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    truncated: Truncated | None = None
    fallback: Fallback | None = None
    # Never left out: that nothing had to be masked is worth knowing too.
    masked: int = msgspec.field(default_factory=int)
    withheld: tuple[str, ...] = ()


def estimate_tokens(text: str) -> int:
    """Guess how many tokens a text has; the model's own count comes in `usage`."""
    return tokens_for(len(text))


def tokens_for(characters: int) -> int:
    """Guess how many tokens so many characters are."""
    return math.ceil(characters / _CHARACTERS_PER_TOKEN)


def characters_for(tokens: int) -> int:
    """Say how many characters are likely to fit into so many tokens."""
    return int(tokens * _CHARACTERS_PER_TOKEN)


def all_truncated(*cuts: Truncated | None) -> Truncated | None:
    """Report several cuts as one; None if nothing was cut."""
    real = [cut for cut in cuts if cut is not None]
    if not real:
        return None
    return Truncated(dropped_tokens=sum(cut.dropped_tokens for cut in real), what="; ".join(cut.what for cut in real))


def unfinished() -> Finish:
    """Describe an answer that was cancelled before its backend could count."""
    return Finish(reason="cancelled", usage=Usage(), timings=Timings())

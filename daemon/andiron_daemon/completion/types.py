"""What goes into code completion and comes out of it."""

from typing import Literal

import msgspec

from andiron_daemon.answers import Generated, Started
from andiron_daemon.positions import Position, Range
from andiron_models.types import ExtraFile

Cached = Literal["no", "exact", "typed_through"]
Reason = Literal["no_confidence", "duplicates_suffix", "not_worthwhile", "superseded", "paused"]


class CompletionInput(msgspec.Struct, frozen=True, kw_only=True):
    """A cursor in a text: `prefix` and `suffix`, or `document` and `position`.

    A newer request of the same `session` and `path` supersedes this one; `max_tokens` 0 only warms the place up.
    """

    prefix: str | None = None
    suffix: str | None = None
    document: str | None = None
    position: Position | None = None
    path: str | None = None
    language: str | None = None
    context: tuple[ExtraFile, ...] = ()
    max_tokens: int | None = None
    multiline: bool | Literal["auto"] = "auto"
    n: int = 1
    session: str | None = None
    backend: str | None = None
    model: str | None = None


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A text to put in place of `range`."""

    text: str
    range: Range


class CompletionStarted(Started, frozen=True, kw_only=True):
    """The completion begins."""


class CompletionAnswer(Generated, frozen=True, kw_only=True, omit_defaults=True):
    """What to offer; with nothing to offer, `reason` says why."""

    id: str
    completions: tuple[Completion, ...]
    cached: Cached
    reason: Reason | None = None


class FeedbackInput(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a suggestion; `accepted_chars` of its text, all of it where that is not said."""

    event: Literal["shown", "accepted", "rejected"]
    accepted_chars: int | None = None

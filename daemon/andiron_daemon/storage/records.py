"""What is kept of a conversation, as plain values; the API shows them as they are.

Times are ISO 8601 texts in UTC with microseconds, so that they sort as they stand.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Literal

import msgspec

from andiron_daemon.errors import InvalidRequestError
from andiron_models.types import FinishReason, Role, Usage

PREVIEW_CHARACTERS = 120
_MOST_DIGITS = 18
TitleSource = Literal["message", "model", "person"]


class ContextUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a file the model was shown; `tokens` is an estimate, `earlier` says that an earlier turn shows it."""

    path: str
    tokens: int
    cut: bool
    earlier: bool = False


class MessageRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn; an answer also says who gave it, and `error` is the code of what broke it off."""

    id: str
    role: Role
    content: str
    created_at: str
    backend: str | None = None
    model: str | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    error: str | None = None
    context_used: tuple[ContextUse, ...] = ()


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a conversation is shown to the model, kept so that every turn begins as the one before did.

    The first `cut` messages fell out, `summary` stands for them. `next_summary` was made ahead, for the cut
    after `next_cut` messages.
    """

    system: str | None = None
    cut: int = 0
    summary: str = ""
    next_cut: int = 0
    next_summary: str = ""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the model was shown it."""

    id: str
    role: Role
    text: str
    context_used: tuple[ContextUse, ...] = ()


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What a next turn is built on."""

    layout: Layout
    turns: tuple[Turn, ...]


class ConversationSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation in a list; `snippet` is where a search found it."""

    id: str
    title: str
    created_at: str
    updated_at: str
    message_count: int
    preview: str
    snippet: str | None = None


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with all that was said."""

    id: str
    title: str
    created_at: str
    updated_at: str
    messages: tuple[MessageRecord, ...]


class ConversationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Part of the list, the newest first; `next_cursor` asks for what follows."""

    conversations: tuple[ConversationSummary, ...]
    next_cursor: str | None = None


class StoreCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept."""

    conversations: int
    messages: int


class Cursor(msgspec.Struct, frozen=True):
    """Where a page ended: after its last conversation; clients see it as an opaque word."""

    updated_at: str
    id: str

    def word(self) -> str:
        """Write it for a client."""
        return _word(f"{self.updated_at} {self.id}")


class FoundCursor(msgspec.Struct, frozen=True):
    """Where a page of a search ended: after a message of this number."""

    number: int

    def word(self) -> str:
        """Write it for a client."""
        return _word(f"found {self.number}")


def read_cursor(word: str) -> Cursor:
    """Read what `Cursor.word` wrote.

    Raises:
        InvalidRequestError: if it is something else.
    """
    updated_at, identifier = _read_word(word)
    if updated_at == "found":
        raise _no_cursor(word)
    return Cursor(updated_at, identifier)


def read_found_cursor(word: str) -> FoundCursor:
    """Read what `FoundCursor.word` wrote.

    Raises:
        InvalidRequestError: if it is something else.
    """
    kind, number = _read_word(word)
    if kind != "found" or not number.isascii() or not number.isdigit() or len(number) > _MOST_DIGITS:
        raise _no_cursor(word)
    return FoundCursor(int(number))


def _word(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_word(word: str) -> tuple[str, str]:
    try:
        first, second = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode().split(" ")
    except (binascii.Error, ValueError) as error:
        raise _no_cursor(word) from error
    return first, second


def _no_cursor(word: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the cursor {word!r} is not one of this list",
        hint="Pass the next_cursor of the page before, unchanged.",
        details={"field": "cursor"},
    )


def time_now() -> str:
    """Say what time it is, the way times are kept."""
    return time_text(datetime.now(UTC))


def time_text(moment: datetime) -> str:
    """Write a moment in UTC the way times are kept."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def preview_of(content: str) -> str:
    """Cut a message to one short line."""
    return " ".join(content[: 2 * PREVIEW_CHARACTERS].split())[:PREVIEW_CHARACTERS]

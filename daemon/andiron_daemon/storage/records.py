"""What is kept of a conversation, as plain values; the API shows them as they are.

Times are ISO 8601 texts in UTC with microseconds, so that they sort as they stand.
"""

import base64
import binascii
from datetime import UTC, datetime

import msgspec

from andiron_daemon.errors import InvalidRequestError
from andiron_models.types import FinishReason, Role, Usage

PREVIEW_CHARACTERS = 120


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
    """The last conversation of a page; clients see it as an opaque word."""

    updated_at: str
    id: str

    def word(self) -> str:
        """Write it for a client."""
        return base64.urlsafe_b64encode(f"{self.updated_at} {self.id}".encode()).decode().rstrip("=")


def read_cursor(word: str) -> Cursor:
    """Read what `Cursor.word` wrote.

    Raises:
        InvalidRequestError: if it is something else.
    """
    try:
        text = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
        updated_at, identifier = text.split(" ")
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(
            f"the cursor {word!r} is not one of this list",
            hint="Pass the next_cursor of the page before, unchanged.",
            details={"field": "cursor"},
        ) from error
    return Cursor(updated_at, identifier)


def time_now() -> str:
    """Say what time it is, the way times are kept."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def preview_of(content: str) -> str:
    """Cut a message to one short line."""
    return " ".join(content[: 2 * PREVIEW_CHARACTERS].split())[:PREVIEW_CHARACTERS]

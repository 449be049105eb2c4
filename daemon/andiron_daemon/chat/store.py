"""The seam behind which conversations are kept.

Filled by `andiron_daemon.storage.conversations` and, in tests, by a store in memory; both pass
tests/contracts/test_conversation_store.py.
"""

from typing import Protocol

from andiron_daemon.storage.records import ConversationPage, ConversationRecord, MessageRecord, StoreCounts


class ConversationStore(Protocol):
    """Keeps conversations; what a call has returned from is kept for good.

    An unknown conversation is a NotFoundError; a store that cannot do its work raises StorageError and
    leaves everything as it was.
    """

    async def create(self, conversation_id: str, title: str, first: MessageRecord) -> None:
        """Begin a conversation with its first message."""

    async def append(self, conversation_id: str, message: MessageRecord) -> None:
        """Add a message at the end."""

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with all its messages, the oldest first."""

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the one spoken in last first; `query` keeps those where all its words were said."""

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation with nothing of it left behind."""

    async def counts(self) -> StoreCounts:
        """Count what is kept."""

"""The seam behind which conversations are kept.

Filled by `andiron_daemon.storage.conversations` and, in tests, by a store in memory; both pass
tests/contracts/test_conversation_store.py.
"""

from typing import Protocol

from andiron_daemon.storage.records import (
    ConversationPage,
    ConversationRecord,
    History,
    Layout,
    MessageRecord,
    StoreCounts,
    TitleSource,
)


class ConversationStore(Protocol):
    """Keeps conversations; what a call has returned from is kept for good.

    An unknown conversation is a NotFoundError; a store that cannot do its work raises StorageError and
    leaves everything as it was. `sent` is a message as the model is shown it, where that is more than was said.
    """

    async def create(
        self, conversation_id: str, title: str, first: MessageRecord, *, sent: str | None = None, system: str = ""
    ) -> None:
        """Begin a conversation with its first message."""

    async def append(
        self,
        conversation_id: str,
        message: MessageRecord,
        *,
        sent: str | None = None,
        layout: Layout | None = None,
        replaces: str | None = None,
    ) -> None:
        """Add a message at the end, with the layout it was shown in, in place of another where `replaces` names one."""

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with all its messages, the oldest first."""

    async def history(self, conversation_id: str) -> History:
        """Return a conversation as the model was shown it."""

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the one spoken in last first; `query` those where all its words were said in a message.

        What a search finds comes in the order in which it was said, the newest first.
        """

    async def rename(self, conversation_id: str, title: str, source: TitleSource) -> None:
        """Give a conversation a title; one that a person gave is not replaced by a model's."""

    async def keep_summary(self, conversation_id: str, cut: int, summary: str) -> None:
        """Keep a summary of the first `cut` messages for when they fall out; one that comes too late is dropped."""

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation with nothing of it left behind."""

    async def delete_older(self, before: str) -> tuple[str, ...]:
        """Delete the conversations nothing was said in since a time; return their ids."""

    async def counts(self) -> StoreCounts:
        """Count what is kept."""

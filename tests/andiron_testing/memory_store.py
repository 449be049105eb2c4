"""Conversations in memory, for tests of the chat; tests/contracts/test_conversation_store.py runs over it."""

from andiron_daemon.errors import StorageError
from andiron_daemon.storage.conversations import unknown_conversation
from andiron_daemon.storage.records import (
    ConversationPage,
    ConversationRecord,
    ConversationSummary,
    Cursor,
    MessageRecord,
    StoreCounts,
    preview_of,
    read_cursor,
)


class MemoryStore:
    """Keep conversations in a dictionary; with `failure` set, every write raises it and changes nothing."""

    def __init__(self) -> None:
        self.failure: StorageError | None = None
        self._titles: dict[str, str] = {}
        self._messages: dict[str, list[MessageRecord]] = {}

    async def create(self, conversation_id: str, title: str, first: MessageRecord) -> None:
        """Begin a conversation with its first message."""
        self._fail()
        self._titles[conversation_id] = title
        self._messages[conversation_id] = [first]

    async def append(self, conversation_id: str, message: MessageRecord) -> None:
        """Add a message at the end."""
        self._fail()
        self._known(conversation_id).append(message)

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with all its messages, the oldest first."""
        messages = self._known(conversation_id)
        return ConversationRecord(
            id=conversation_id,
            title=self._titles[conversation_id],
            created_at=messages[0].created_at,
            updated_at=_updated_at(messages),
            messages=tuple(messages),
        )

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the one spoken in last first; `query` keeps those where all its words were said."""
        found = sorted(self._titles, key=lambda key: (_updated_at(self._messages[key]), key), reverse=True)
        summaries = [self._summary(key, query) for key in found if query is None or self._snippet(key, query)]
        if cursor is not None:
            behind = read_cursor(cursor)
            last = (behind.updated_at, behind.id)
            summaries = [summary for summary in summaries if (summary.updated_at, summary.id) < last]
        page = tuple(summaries[:limit])
        more = Cursor(page[-1].updated_at, page[-1].id).word() if len(summaries) > limit else None
        return ConversationPage(conversations=page, next_cursor=more)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation with nothing of it left behind."""
        self._fail()
        self._known(conversation_id)
        del self._titles[conversation_id], self._messages[conversation_id]

    async def counts(self) -> StoreCounts:
        """Count what is kept."""
        return StoreCounts(conversations=len(self._titles), messages=sum(map(len, self._messages.values())))

    def _known(self, conversation_id: str) -> list[MessageRecord]:
        if conversation_id not in self._messages:
            raise unknown_conversation(conversation_id)
        return self._messages[conversation_id]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _summary(self, conversation_id: str, query: str | None) -> ConversationSummary:
        messages = self._messages[conversation_id]
        return ConversationSummary(
            id=conversation_id,
            title=self._titles[conversation_id],
            created_at=messages[0].created_at,
            updated_at=_updated_at(messages),
            message_count=len(messages),
            preview=preview_of(messages[-1].content),
            snippet=self._snippet(conversation_id, query) if query is not None else None,
        )

    def _snippet(self, conversation_id: str, query: str) -> str | None:
        *whole, beginning = query.lower().split()
        for message in self._messages[conversation_id]:
            said = message.content.lower().split()
            if all(word in said for word in whole) and any(word.startswith(beginning) for word in said):
                return message.content
        return None


def _updated_at(messages: list[MessageRecord]) -> str:
    return max(message.created_at for message in messages)

"""Conversations in memory, for tests of the chat; tests/contracts/test_conversation_store.py runs over it."""

import itertools

import msgspec

from andiron_daemon.errors import StorageError
from andiron_daemon.storage.conversations import unknown_conversation
from andiron_daemon.storage.records import (
    ConversationPage,
    ConversationRecord,
    ConversationSummary,
    Cursor,
    FoundCursor,
    History,
    Layout,
    MessageRecord,
    StoreCounts,
    TitleSource,
    Turn,
    preview_of,
    read_cursor,
    read_found_cursor,
)


class _Kept(msgspec.Struct, kw_only=True):
    title: str
    layout: Layout
    title_from: TitleSource = "message"
    messages: list[tuple[int, MessageRecord, str]] = []

    @property
    def updated_at(self) -> str:
        return max(message.created_at for _, message, _ in self.messages)


class MemoryStore:
    """Keep conversations in a dictionary; with `failure` set, every write raises it and changes nothing."""

    def __init__(self) -> None:
        self.failure: StorageError | None = None
        self._kept: dict[str, _Kept] = {}
        self._numbers = itertools.count(1)

    async def create(
        self, conversation_id: str, title: str, first: MessageRecord, *, sent: str | None = None, system: str = ""
    ) -> None:
        """Begin a conversation with its first message."""
        self._fail()
        self._kept[conversation_id] = _Kept(title=title, layout=Layout(system=system))
        self._add(conversation_id, first, sent)

    async def append(
        self,
        conversation_id: str,
        message: MessageRecord,
        *,
        sent: str | None = None,
        layout: Layout | None = None,
        replaces: str | None = None,
    ) -> None:
        """Add a message at the end."""
        self._fail()
        kept = self._known(conversation_id)
        kept.layout = layout or kept.layout
        kept.messages = [item for item in kept.messages if item[1].id != replaces]
        self._add(conversation_id, message, sent)

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with all its messages, the oldest first."""
        kept = self._known(conversation_id)
        return ConversationRecord(
            id=conversation_id,
            title=kept.title,
            created_at=kept.messages[0][1].created_at,
            updated_at=kept.updated_at,
            messages=tuple(message for _, message, _ in kept.messages),
        )

    async def history(self, conversation_id: str) -> History:
        """Return a conversation as the model was shown it."""
        kept = self._known(conversation_id)
        turns = (
            Turn(id=message.id, role=message.role, text=text, context_used=message.context_used)
            for _, message, text in kept.messages
        )
        return History(layout=kept.layout, turns=tuple(turns))

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the one spoken in last first, or those a `query` finds."""
        if query is not None:
            return self._search(limit, cursor, query)
        keys = sorted(self._kept, key=lambda key: (self._kept[key].updated_at, key), reverse=True)
        if cursor is not None:
            behind = read_cursor(cursor)
            keys = [key for key in keys if (self._kept[key].updated_at, key) < (behind.updated_at, behind.id)]
        page = tuple(self._summary(key) for key in keys[:limit])
        more = Cursor(page[-1].updated_at, page[-1].id).word() if len(keys) > limit else None
        return ConversationPage(conversations=page, next_cursor=more)

    async def rename(self, conversation_id: str, title: str, source: TitleSource) -> None:
        """Give a conversation a title; one that a person gave is not replaced by a model's."""
        self._fail()
        kept = self._known(conversation_id)
        if source != "model" or kept.title_from != "person":
            kept.title, kept.title_from = title, source

    async def keep_summary(self, conversation_id: str, cut: int, summary: str) -> None:
        """Keep a summary of the first `cut` messages for when they fall out."""
        self._fail()
        kept = self._kept.get(conversation_id)
        if kept is not None and kept.layout.cut <= cut:
            kept.layout = msgspec.structs.replace(kept.layout, next_cut=cut, next_summary=summary)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation with nothing of it left behind."""
        self._fail()
        self._known(conversation_id)
        del self._kept[conversation_id]

    async def delete_older(self, before: str) -> tuple[str, ...]:
        """Delete the conversations nothing was said in since a time; return their ids."""
        self._fail()
        old = tuple(key for key, kept in self._kept.items() if kept.updated_at < before)
        for key in old:
            del self._kept[key]
        return old

    async def counts(self) -> StoreCounts:
        """Count what is kept."""
        return StoreCounts(
            conversations=len(self._kept), messages=sum(len(kept.messages) for kept in self._kept.values())
        )

    def _add(self, conversation_id: str, message: MessageRecord, sent: str | None) -> None:
        text = message.content if sent is None else sent
        self._kept[conversation_id].messages.append((next(self._numbers), message, text))

    def _known(self, conversation_id: str) -> _Kept:
        if conversation_id not in self._kept:
            raise unknown_conversation(conversation_id)
        return self._kept[conversation_id]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _summary(self, conversation_id: str, snippet: str | None = None) -> ConversationSummary:
        kept = self._kept[conversation_id]
        return ConversationSummary(
            id=conversation_id,
            title=kept.title,
            created_at=kept.messages[0][1].created_at,
            updated_at=kept.updated_at,
            message_count=len(kept.messages),
            preview=preview_of(kept.messages[-1][1].content),
            snippet=snippet,
        )

    def _search(self, limit: int, cursor: str | None, query: str) -> ConversationPage:
        behind = read_found_cursor(cursor).number if cursor is not None else None
        newest: dict[str, tuple[int, str]] = {}
        for key, kept in self._kept.items():
            for number, message, _ in kept.messages:
                if _has_words(message.content, query):
                    newest[key] = (number, message.content)
        found = sorted(((number, key, text) for key, (number, text) in newest.items()), reverse=True)
        found = [item for item in found if behind is None or item[0] < behind]
        page = tuple(self._summary(key, text) for _, key, text in found[:limit])
        more = FoundCursor(found[limit - 1][0]).word() if len(found) > limit else None
        return ConversationPage(conversations=page, next_cursor=more)


def _has_words(content: str, query: str) -> bool:
    *whole, beginning = query.lower().split()
    said = content.lower().split()
    return all(word in said for word in whole) and any(word.startswith(beginning) for word in said)

"""Conversations in the database; the seam it fills is `andiron_daemon.chat.store.ConversationStore`."""

import sqlite3
from typing import TYPE_CHECKING, Any

from andiron_daemon.errors import NotFoundError
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import (
    PREVIEW_CHARACTERS,
    ConversationPage,
    ConversationRecord,
    ConversationSummary,
    Cursor,
    MessageRecord,
    StoreCounts,
    preview_of,
    read_cursor,
)
from andiron_models.types import Usage

if TYPE_CHECKING:
    import sqlite_utils

_SUMMARY = f"""
    SELECT id, title, created_at, updated_at,
        (SELECT count(*) FROM messages WHERE conversation_id = conversations.id) AS message_count,
        (SELECT substr(content, 1, {2 * PREVIEW_CHARACTERS}) FROM messages
            WHERE conversation_id = conversations.id ORDER BY number DESC LIMIT 1) AS preview
    FROM conversations
"""  # noqa: S608 -- the one value put in is a constant number
_BEHIND_CURSOR = "(updated_at, id) < (:updated_at, :id)"
_FOUND = """id IN (
    SELECT conversation_id FROM messages JOIN messages_fts ON messages_fts.rowid = messages.number
    WHERE messages_fts MATCH :query)"""
# Either would end a quoted word; SQLite takes NUL for the end of the expression.
_NO_WORD_SIGNS = str.maketrans({'"': " ", "\0": " "})
_SNIPPET = """
    SELECT snippet(messages_fts, 0, '', '', '…', 16)
    FROM messages JOIN messages_fts ON messages_fts.rowid = messages.number
    WHERE messages_fts MATCH :query AND conversation_id = :id ORDER BY rank LIMIT 1
"""


class SQLiteConversations:
    """Keep conversations in a Database that somebody else closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, conversation_id: str, title: str, first: MessageRecord) -> None:
        """Begin a conversation with its first message."""

        def work(tables: "sqlite_utils.Database") -> None:
            row = {"id": conversation_id, "title": title, "created_at": first.created_at}
            tables.table("conversations").insert({**row, "updated_at": first.created_at})
            _insert(tables, conversation_id, first)

        await self._database.write(work)

    async def append(self, conversation_id: str, message: MessageRecord) -> None:
        """Add a message at the end."""

        def work(tables: "sqlite_utils.Database") -> None:
            changed = tables.execute(
                "UPDATE conversations SET updated_at = max(updated_at, ?) WHERE id = ?",
                [message.created_at, conversation_id],
            )
            if not changed.rowcount:
                raise unknown_conversation(conversation_id)
            _insert(tables, conversation_id, message)

        await self._database.write(work)

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with all its messages, the oldest first."""

        def work(connection: sqlite3.Connection) -> ConversationRecord:
            row = connection.execute("SELECT * FROM conversations WHERE id = ?", [conversation_id]).fetchone()
            if row is None:
                raise unknown_conversation(conversation_id)
            rows = connection.execute(
                "SELECT * FROM messages WHERE conversation_id = ? ORDER BY number", [conversation_id]
            )
            return ConversationRecord(**dict(row), messages=tuple(_message(message) for message in rows))

        return await self._database.read(work)

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the one spoken in last first; `query` keeps those where all its words were said."""
        conditions: list[str] = []
        values: dict[str, Any] = {"limit": limit + 1}
        if cursor is not None:
            behind = read_cursor(cursor)
            conditions.append(_BEHIND_CURSOR)
            values |= {"updated_at": behind.updated_at, "id": behind.id}
        if query is not None:
            conditions.append(_FOUND)
            values["query"] = match_expression(query)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"{_SUMMARY} {where} ORDER BY updated_at DESC, id DESC LIMIT :limit"

        def work(connection: sqlite3.Connection) -> ConversationPage:
            rows = connection.execute(sql, values).fetchall()
            found = tuple(_summary(connection, row, values.get("query")) for row in rows[:limit])
            more = Cursor(found[-1].updated_at, found[-1].id).word() if len(rows) > limit else None
            return ConversationPage(conversations=found, next_cursor=more)

        return await self._database.read(work)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation so that no word of it stays in the file, its index or its log."""

        def work(tables: "sqlite_utils.Database") -> None:
            deleted = tables.execute("DELETE FROM conversations WHERE id = ?", [conversation_id])
            if not deleted.rowcount:
                raise unknown_conversation(conversation_id)
            # The index only marks words as deleted; merging it drops them.
            tables.execute("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')")

        await self._database.write(work)
        await self._database.checkpoint()

    async def counts(self) -> StoreCounts:
        """Count what is kept."""

        def work(connection: sqlite3.Connection) -> StoreCounts:
            counted = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
            conversations, messages = connection.execute(counted).fetchone()
            return StoreCounts(conversations=conversations, messages=messages)

        return await self._database.read(work)


def unknown_conversation(conversation_id: str) -> NotFoundError:
    """Make the error for a conversation that is not there."""
    return NotFoundError(
        f"there is no conversation {conversation_id!r}",
        hint="GET /api/v1/chat/conversations lists them; leave conversation_id out to begin a new one.",
        details={"conversation_id": conversation_id},
    )


def match_expression(query: str) -> str:
    """Write words as an FTS5 expression in which nothing but the last word's prefix match is syntax."""
    words = [f'"{word}"' for word in query.translate(_NO_WORD_SIGNS).split()]
    return " ".join(words) + "*" if words else '""'


def _insert(tables: "sqlite_utils.Database", conversation_id: str, message: MessageRecord) -> None:
    usage = message.usage
    tables.table("messages").insert(
        {
            "id": message.id,
            "conversation_id": conversation_id,
            "role": message.role,
            "content": message.content,
            "created_at": message.created_at,
            "backend": message.backend,
            "model": message.model,
            "finish_reason": message.finish_reason,
            "error": message.error,
            "prompt_tokens": usage and usage.prompt_tokens,
            "prompt_tokens_cached": usage and usage.prompt_tokens_cached,
            "prompt_tokens_evaluated": usage and usage.prompt_tokens_evaluated,
            "completion_tokens": usage and usage.completion_tokens,
        }
    )


def _message(row: sqlite3.Row) -> MessageRecord:
    usage = None
    if row["completion_tokens"] is not None:
        usage = Usage(**{name: row[name] for name in Usage.__struct_fields__})
    plain = ("id", "role", "content", "created_at", "backend", "model", "finish_reason", "error")
    return MessageRecord(**{name: row[name] for name in plain}, usage=usage)


def _summary(connection: sqlite3.Connection, row: sqlite3.Row, query: str | None) -> ConversationSummary:
    values = dict(row)
    values["preview"] = preview_of(values["preview"] or "")
    if query is not None:
        found = connection.execute(_SNIPPET, {"query": query, "id": row["id"]}).fetchone()
        values["snippet"] = found[0] if found else None
    return ConversationSummary(**values)

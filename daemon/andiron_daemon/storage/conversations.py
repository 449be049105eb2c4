"""Conversations in the database; the seam it fills is `andiron_daemon.chat.store.ConversationStore`.

Finding them again is `search`'s affair.
"""

import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec

from andiron_daemon.errors import NotFoundError
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import (
    ContextUse,
    ConversationPage,
    ConversationRecord,
    History,
    Layout,
    MessageRecord,
    StoreCounts,
    TitleSource,
    Turn,
)
from andiron_daemon.storage.search import found_page, listed_page
from andiron_models.types import Usage

if TYPE_CHECKING:
    import sqlite_utils

_LAYOUT_FIELDS = ", ".join(Layout.__struct_fields__)
_USES = msgspec.json.Decoder(tuple[ContextUse, ...])
# The index only marks words as deleted; merging it drops them.
_DROP_DELETED_WORDS = "INSERT INTO messages_fts(messages_fts) VALUES ('optimize')"


class SQLiteConversations:
    """Keep conversations in a Database that somebody else closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, conversation_id: str, title: str, first: MessageRecord, *, sent: str | None = None, system: str = ""
    ) -> None:
        """Begin a conversation with its first message."""

        def work(tables: "sqlite_utils.Database") -> None:
            row = {"id": conversation_id, "title": title, "created_at": first.created_at, "system": system}
            tables.table("conversations").insert({**row, "updated_at": first.created_at})
            _insert(tables, conversation_id, first, sent)

        await self._database.write(work)

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

        def work(tables: "sqlite_utils.Database") -> None:
            changed = tables.execute(
                "UPDATE conversations SET updated_at = max(updated_at, ?) WHERE id = ?",
                [message.created_at, conversation_id],
            )
            if not changed.rowcount:
                raise unknown_conversation(conversation_id)
            if layout is not None:
                tables.table("conversations").update(conversation_id, msgspec.structs.asdict(layout))
            if replaces is not None:
                tables.execute("DELETE FROM messages WHERE id = ? AND conversation_id = ?", [replaces, conversation_id])
            _insert(tables, conversation_id, message, sent)

        await self._database.write(work)

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with all its messages, the oldest first."""

        def work(connection: sqlite3.Connection) -> ConversationRecord:
            row = _row(connection, "id, title, created_at, updated_at", conversation_id)
            return ConversationRecord(
                **dict(row), messages=tuple(_message(message) for message in _messages(connection, conversation_id))
            )

        return await self._database.read(work)

    async def history(self, conversation_id: str) -> History:
        """Return a conversation as the model was shown it."""

        def work(connection: sqlite3.Connection) -> History:
            row = _row(connection, _LAYOUT_FIELDS, conversation_id)
            return History(
                layout=Layout(**dict(row)),
                turns=tuple(_turn(message) for message in _messages(connection, conversation_id)),
            )

        return await self._database.read(work)

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the one spoken in last first; `query` those where all its words were said in a message.

        What a search finds comes in the order in which it was said, the newest first.
        """
        if query is None:
            return await self._database.read(listed_page(limit, cursor))
        return await self._database.read(found_page(limit, cursor, query))

    async def rename(self, conversation_id: str, title: str, source: TitleSource) -> None:
        """Give a conversation a title; one that a person gave is not replaced by a model's."""

        def work(tables: "sqlite_utils.Database") -> None:
            changed = tables.execute(
                "UPDATE conversations SET title = iif(:source = 'model' AND title_from = 'person', title, :title), "
                "title_from = iif(:source = 'model' AND title_from = 'person', title_from, :source) WHERE id = :id",
                {"id": conversation_id, "title": title, "source": source},
            )
            if not changed.rowcount:
                raise unknown_conversation(conversation_id)

        await self._database.write(work)

    async def keep_summary(self, conversation_id: str, cut: int, summary: str) -> None:
        """Keep a summary of the first `cut` messages for when they fall out; one that comes too late is dropped."""

        def work(tables: "sqlite_utils.Database") -> None:
            tables.execute(
                "UPDATE conversations SET next_cut = :cut, next_summary = :summary WHERE id = :id AND cut <= :cut",
                {"id": conversation_id, "cut": cut, "summary": summary},
            )

        await self._database.write(work)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation so that no word of it stays in the file, its index or its log."""

        def work(tables: "sqlite_utils.Database") -> None:
            deleted = tables.execute("DELETE FROM conversations WHERE id = ?", [conversation_id])
            if not deleted.rowcount:
                raise unknown_conversation(conversation_id)
            tables.execute(_DROP_DELETED_WORDS)

        await self._database.write(work)
        await self._database.checkpoint()

    async def delete_older(self, before: str) -> tuple[str, ...]:
        """Delete the conversations nothing was said in since a time, as `delete` does; return their ids."""

        def work(tables: "sqlite_utils.Database") -> tuple[str, ...]:
            found = tables.execute("SELECT id FROM conversations WHERE updated_at < ?", [before]).fetchall()
            if found:
                tables.execute("DELETE FROM conversations WHERE updated_at < ?", [before])
                tables.execute(_DROP_DELETED_WORDS)
            return tuple(row[0] for row in found)

        deleted = await self._database.write(work)
        if deleted:
            await self._database.checkpoint()
        return deleted

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


def _row(connection: sqlite3.Connection, fields: str, conversation_id: str) -> sqlite3.Row:
    sql = f"SELECT {fields} FROM conversations WHERE id = ?"  # noqa: S608 -- the names are constants of this module
    row: sqlite3.Row | None = connection.execute(sql, [conversation_id]).fetchone()
    if row is None:
        raise unknown_conversation(conversation_id)
    return row


def _messages(connection: sqlite3.Connection, conversation_id: str) -> sqlite3.Cursor:
    return connection.execute("SELECT * FROM messages WHERE conversation_id = ? ORDER BY number", [conversation_id])


def _insert(tables: "sqlite_utils.Database", conversation_id: str, message: MessageRecord, sent: str | None) -> None:
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
            "sent": sent if sent != message.content else None,
            "context_used": msgspec.json.encode(message.context_used).decode() if message.context_used else None,
        }
    )


def _message(row: sqlite3.Row) -> MessageRecord:
    usage = None
    if row["completion_tokens"] is not None:
        usage = Usage(**{name: row[name] for name in Usage.__struct_fields__})
    plain = ("id", "role", "content", "created_at", "backend", "model", "finish_reason", "error")
    values: dict[str, Any] = {name: row[name] for name in plain}
    return MessageRecord(**values, usage=usage, context_used=_uses(row))


def _turn(row: sqlite3.Row) -> Turn:
    text = row["content"] if row["sent"] is None else row["sent"]
    return Turn(id=row["id"], role=row["role"], text=text, context_used=_uses(row))


def _uses(row: sqlite3.Row) -> tuple[ContextUse, ...]:
    return _USES.decode(row["context_used"]) if row["context_used"] else ()

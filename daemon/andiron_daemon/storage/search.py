"""Pages of conversations: as they were spoken in, or as a full-text search finds them.

A search walks the index from the newest message backwards and stops when the page is full, so that a word
said everywhere costs no more than a rare one.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from andiron_daemon.storage.records import (
    PREVIEW_CHARACTERS,
    ConversationPage,
    ConversationSummary,
    Cursor,
    FoundCursor,
    preview_of,
    read_cursor,
    read_found_cursor,
)

Reading = Callable[[sqlite3.Connection], ConversationPage]

_SUMMARY = f"""
    SELECT id, title, created_at, updated_at,
        (SELECT count(*) FROM messages WHERE conversation_id = conversations.id) AS message_count,
        (SELECT substr(content, 1, {2 * PREVIEW_CHARACTERS}) FROM messages
            WHERE conversation_id = conversations.id ORDER BY number DESC LIMIT 1) AS preview
    FROM conversations
"""  # noqa: S608 -- the one value put in is a constant number
_LISTED = _SUMMARY + " ORDER BY updated_at DESC, id DESC LIMIT :limit"
_LISTED_BEHIND = (
    _SUMMARY + " WHERE (updated_at, id) < (:updated_at, :id) ORDER BY updated_at DESC, id DESC LIMIT :limit"
)
# In one pass, because each search with a beginning of a word first merges all the words that begin so; the
# snippet, which costs more than the hit, only where it will be shown.
_HITS = """
    SELECT messages.number, messages.conversation_id,
        iif(is_wanted(messages.number, messages.conversation_id), snippet(messages_fts, 0, '', '', '…', 16), NULL)
    FROM messages_fts JOIN messages ON messages.number = messages_fts.rowid
    WHERE messages_fts MATCH ? ORDER BY messages_fts.rowid DESC
"""
# Either would end a quoted word; SQLite takes NUL for the end of the expression.
_NO_WORD_SIGNS = str.maketrans({'"': " ", "\0": " "})


class _Hit(NamedTuple):
    """A message that has all the words."""

    number: int
    conversation_id: str
    snippet: str | None


def listed_page(limit: int, cursor: str | None) -> Reading:
    """Prepare a page of all conversations, the one spoken in last first.

    Raises:
        InvalidRequestError: for a cursor of another list.
    """
    values: dict[str, Any] = {"limit": limit + 1}
    sql = _LISTED
    if cursor is not None:
        behind = read_cursor(cursor)
        values |= {"updated_at": behind.updated_at, "id": behind.id}
        sql = _LISTED_BEHIND

    def read(connection: sqlite3.Connection) -> ConversationPage:
        rows = connection.execute(sql, values).fetchall()
        found = tuple(_summary(row) for row in rows[:limit])
        more = Cursor(found[-1].updated_at, found[-1].id).word() if len(rows) > limit else None
        return ConversationPage(conversations=found, next_cursor=more)

    return read


def found_page(limit: int, cursor: str | None, query: str) -> Reading:
    """Prepare a page of the conversations with a message that has all the words, the newest such message first.

    Raises:
        InvalidRequestError: for a cursor of another list.
    """
    behind = read_found_cursor(cursor).number if cursor is not None else None
    expression = match_expression(query)

    def read(connection: sqlite3.Connection) -> ConversationPage:
        hits = _newest_hits(connection, expression, behind, limit + 1)
        shown = hits[:limit]
        summaries = _summaries(connection, [hit.conversation_id for hit in shown])
        found = tuple(_summary(summaries[hit.conversation_id], hit.snippet) for hit in shown)
        more = FoundCursor(shown[-1].number).word() if len(hits) > limit else None
        return ConversationPage(conversations=found, next_cursor=more)

    return read


def match_expression(query: str) -> str:
    """Write words as an FTS5 expression in which nothing but the last word's prefix match is syntax.

    A single letter of the alphabet is taken for a word: as a beginning it would be most of the index.
    """
    words = query.translate(_NO_WORD_SIGNS).split()
    if not words:
        return '""'
    is_beginning = len(words[-1]) > 1 or not words[-1].isascii()
    return " ".join(f'"{word}"' for word in words) + ("*" if is_beginning else "")


def _newest_hits(connection: sqlite3.Connection, expression: str, behind: int | None, count: int) -> list[_Hit]:
    """Find the newest hit of each conversation, in their order, as many as asked for."""
    seen: set[str] = set()

    def is_wanted(number: int, conversation_id: str) -> bool:
        return conversation_id not in seen and (behind is None or number < behind)

    connection.create_function("is_wanted", 2, is_wanted)
    hits: list[_Hit] = []
    for number, conversation_id, snippet in connection.execute(_HITS, [expression]):
        if is_wanted(number, conversation_id):
            hits.append(_Hit(number, conversation_id, snippet))
            if len(hits) == count:
                break
        seen.add(conversation_id)
    return hits


def _summaries(connection: sqlite3.Connection, identifiers: Sequence[str]) -> dict[str, sqlite3.Row]:
    sql = f"{_SUMMARY} WHERE id IN ({_marks(identifiers)})"
    return {row["id"]: row for row in connection.execute(sql, identifiers)}


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _summary(row: sqlite3.Row, snippet: str | None = None) -> ConversationSummary:
    values = dict(row)
    values["preview"] = preview_of(values["preview"] or "")
    return ConversationSummary(**values, snippet=snippet)

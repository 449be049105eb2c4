"""Pages of conversations: as they were spoken in, or as a full-text search finds them.

A search walks the index from the newest message backwards and stops when the page is full, so that a word
said everywhere costs no more than a rare one.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

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
_HITS = """
    SELECT messages.number, messages.conversation_id
    FROM messages_fts JOIN messages ON messages.number = messages_fts.rowid
    WHERE messages_fts MATCH ? ORDER BY messages_fts.rowid DESC
"""
# The plus keeps SQLite from starting the search anew for each number.
_SNIPPETS = """
    SELECT rowid, snippet(messages_fts, 0, '', '', '…', 16) FROM messages_fts
    WHERE messages_fts MATCH ? AND rowid BETWEEN ? AND ? AND +rowid IN ({})
"""
# Either would end a quoted word; SQLite takes NUL for the end of the expression.
_NO_WORD_SIGNS = str.maketrans({'"': " ", "\0": " "})


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
        shown = dict(list(hits.items())[:limit])
        summaries = _summaries(connection, tuple(shown))
        snippets = _snippets(connection, expression, tuple(shown.values()))
        found = tuple(_summary(summaries[key], snippets.get(number)) for key, number in shown.items())
        more = FoundCursor(list(shown.values())[-1]).word() if len(hits) > limit else None
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


def _newest_hits(connection: sqlite3.Connection, expression: str, behind: int | None, count: int) -> dict[str, int]:
    """Find the newest hit of each conversation, in their order, as many as asked for."""
    earlier_pages: set[str] = set()
    hits: dict[str, int] = {}
    for number, conversation_id in connection.execute(_HITS, [expression]):
        if behind is not None and number >= behind:
            earlier_pages.add(conversation_id)
        elif conversation_id not in earlier_pages and conversation_id not in hits:
            hits[conversation_id] = number
            if len(hits) == count:
                break
    return hits


def _summaries(connection: sqlite3.Connection, identifiers: Sequence[str]) -> dict[str, sqlite3.Row]:
    sql = f"{_SUMMARY} WHERE id IN ({_marks(identifiers)})"
    return {row["id"]: row for row in connection.execute(sql, identifiers)}


def _snippets(connection: sqlite3.Connection, expression: str, numbers: Sequence[int]) -> dict[int, str]:
    if not numbers:
        return {}
    sql = _SNIPPETS.format(_marks(numbers))
    return {row[0]: row[1] for row in connection.execute(sql, [expression, min(numbers), max(numbers), *numbers])}


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _summary(row: sqlite3.Row, snippet: str | None = None) -> ConversationSummary:
    values = dict(row)
    values["preview"] = preview_of(values["preview"] or "")
    return ConversationSummary(**values, snippet=snippet)

"""How the database came to look as it does: one function a step, in order, never changed afterwards.

`PRAGMA user_version` counts the steps taken; each is one transaction together with its count, so that a
crash leaves a whole database of one version. sqlite-utils is imported only when a step is due.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andiron_daemon.storage.transaction import transaction

if TYPE_CHECKING:
    import sqlite_utils
    from sqlite_utils.db import Table

    Migration = Callable[[sqlite_utils.Database], None]

# "ANDI": says to `file` and to ourselves whose database this is.
APPLICATION_ID = 0x414E4449

MIGRATIONS: "list[Migration]" = []


def migration(step: "Migration") -> "Migration":
    """Add a step at the end."""
    MIGRATIONS.append(step)
    return step


def apply_migrations(connection: sqlite3.Connection, steps: "Sequence[Migration]") -> None:
    """Take the steps that are due."""
    import sqlite_utils

    tables = sqlite_utils.Database(connection, execute_plugins=False)
    for number in range(schema_version(connection) + 1, len(steps) + 1):
        with transaction(connection):
            steps[number - 1](tables)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")


def schema_version(connection: sqlite3.Connection) -> int:
    """Count the steps taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@migration
def m001_conversations(tables: "sqlite_utils.Database") -> None:
    """Keep conversations and their messages, and search them."""
    conversations: Table = tables.table("conversations")
    conversations.create(
        {"id": str, "title": str, "created_at": str, "updated_at": str},
        pk="id",
        not_null={"title", "created_at", "updated_at"},
    )
    conversations.create_index(["updated_at", "id"])
    # An integer key of its own, because the search index points at it and a plain rowid may change in VACUUM.
    tables.execute(
        """
        CREATE TABLE messages (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
            role TEXT NOT NULL,
            content TEXT NOT NULL,
            created_at TEXT NOT NULL,
            backend TEXT,
            model TEXT,
            finish_reason TEXT,
            error TEXT,
            prompt_tokens INTEGER,
            prompt_tokens_cached INTEGER,
            prompt_tokens_evaluated INTEGER,
            completion_tokens INTEGER
        )
        """
    )
    messages: Table = tables.table("messages")
    messages.create_index(["conversation_id", "number"])
    messages.enable_fts(["content"], create_triggers=True, tokenize="unicode61 remove_diacritics 2")


@migration
def m002_layouts(tables: "sqlite_utils.Database") -> None:
    """Keep what the model was shown, so that each turn can begin as the one before; who made a title; usage; notes."""
    conversations: Table = tables.table("conversations")
    conversations.add_column("title_from", str, not_null_default="message")
    conversations.add_column("system", str)
    conversations.add_column("cut", int, not_null_default=0)
    conversations.add_column("summary", str, not_null_default="")
    conversations.add_column("next_cut", int, not_null_default=0)
    conversations.add_column("next_summary", str, not_null_default="")
    messages: Table = tables.table("messages")
    messages.add_column("sent", str)
    messages.add_column("context_used", str)
    tokens = {"answers": int, "prompt_tokens": int, "completion_tokens": int}
    usage: Table = tables.table("usage")
    usage.create({"day": str, "backend": str, **tokens}, pk=("day", "backend"), not_null=set(tokens))
    settings: Table = tables.table("settings")
    settings.create({"name": str, "value": str, "updated_at": str}, pk="name", not_null={"value", "updated_at"})


@migration
def m003_completions(tables: "sqlite_utils.Database") -> None:
    """Count what became of code completions, by day; none of their text is kept."""
    tables.table("completion_counts").create(
        {"day": str, "backend": str, "model": str, "language": str, "measure": str, "value": int},
        pk=("day", "backend", "model", "language", "measure"),
        not_null={"value"},
    )
    tables.table("completion_latencies").create(
        {"day": str, "stage": str, "up_to_ms": int, "answers": int},
        pk=("day", "stage", "up_to_ms"),
        not_null={"answers"},
    )


@migration
def m004_sendings(tables: "sqlite_utils.Database") -> None:
    """Keep what was sent away, without its text, and what was spent of each day's tokens."""
    counts = {"bytes": int, "masked": int}
    texts = dict.fromkeys(("at", "backend", "host", "model", "kind", "paths", "withheld", "outcome"), str)
    tokens = {"prompt_tokens": int, "completion_tokens": int}
    sendings: Table = tables.table("sendings")
    sendings.create(
        {"id": str, **texts, **counts, "request_id": str, **tokens}, pk="id", not_null=set(texts) | set(counts)
    )
    sendings.create_index(["at"])
    tables.table("token_budgets").create(
        {"day": str, "backend": str, "tokens": int}, pk=("day", "backend"), not_null={"tokens"}
    )


@migration
def m005_examples(tables: "sqlite_utils.Database") -> None:
    """Keep suggestions with the text around them, where the person turned that on."""
    texts = dict.fromkeys(("at", "path", "language", "backend", "model", "prefix", "suffix", "text"), str)
    examples: Table = tables.table("completion_examples")
    examples.create({"id": str, **texts, "event": str, "accepted_chars": int}, pk="id", not_null=set(texts))
    examples.create_index(["at"])

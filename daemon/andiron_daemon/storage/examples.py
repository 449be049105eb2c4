"""Suggestions with the text around them, where the person turned that on."""

from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.storage.database import Database
from andiron_daemon.storage.retention import oldest_kept

if TYPE_CHECKING:
    import sqlite_utils


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A suggestion, where it was made, and what stood around it."""

    id: str
    at: str
    path: str
    language: str
    backend: str
    model: str
    prefix: str
    suffix: str
    text: str


class SQLiteExamples:
    """Keep examples for so many days in a Database that somebody else closes; 0 keeps them for ever."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep_days = keep_days

    async def add(self, example: Example) -> None:
        """Keep one, and drop those past their time.

        Raises:
            StorageError: if it cannot be kept.
        """
        row = msgspec.structs.asdict(example)
        oldest = oldest_kept(example.at, self._keep_days)

        def work(tables: "sqlite_utils.Database") -> None:
            tables.execute(
                "INSERT INTO completion_examples (id, at, path, language, backend, model, prefix, suffix, text) "
                "VALUES (:id, :at, :path, :language, :backend, :model, :prefix, :suffix, :text)",
                row,
            )
            tables.execute("DELETE FROM completion_examples WHERE at < ?", [oldest])

        await self._database.write(work)

    async def settle(self, identifier: str, event: str, accepted_chars: int) -> None:
        """Add what became of one; of an unknown one, nothing is kept.

        Raises:
            StorageError: if it cannot be kept.
        """

        def work(tables: "sqlite_utils.Database") -> None:
            tables.execute(
                "UPDATE completion_examples SET event = ?, accepted_chars = ? WHERE id = ?",
                [event, accepted_chars, identifier],
            )

        await self._database.write(work)

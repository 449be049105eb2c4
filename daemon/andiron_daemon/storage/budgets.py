"""What was spent of each day's tokens on backends that cost money; written with every answer, so that it is kept."""

import sqlite3
from typing import TYPE_CHECKING

from andiron_daemon.storage.database import Database

if TYPE_CHECKING:
    import sqlite_utils


class SQLiteBudgets:
    """Add up the tokens of days in a Database that somebody else closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spend(self, day: str, backend: str, tokens: int) -> None:
        """Add to a day's tokens.

        Raises:
            StorageError: if they cannot be kept.
        """

        def work(tables: "sqlite_utils.Database") -> None:
            tables.execute(
                "INSERT INTO token_budgets VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens",
                [day, backend, tokens],
            )

        await self._database.write(work)

    async def spent(self, day: str, backend: str) -> int:
        """Return a day's tokens.

        Raises:
            StorageError: if they cannot be read.
        """

        def work(connection: sqlite3.Connection) -> int:
            row = connection.execute(
                "SELECT tokens FROM token_budgets WHERE day = ? AND backend = ?", [day, backend]
            ).fetchone()
            return int(row["tokens"]) if row is not None else 0

        return await self._database.read(work)

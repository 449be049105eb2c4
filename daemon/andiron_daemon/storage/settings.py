"""Words the daemon notes for itself between two runs, by name; what a person sets is in `andiron_daemon.settings`."""

import sqlite3
from typing import TYPE_CHECKING

from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import time_now

if TYPE_CHECKING:
    import sqlite_utils


class SQLiteSettings:
    """Keep named values in a Database that somebody else closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Return a value, None if there is none."""

        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT value FROM settings WHERE name = ?", [name]).fetchone()
            return str(row[0]) if row is not None else None

        return await self._database.read(work)

    async def put(self, name: str, value: str) -> None:
        """Keep a value in place of the one before."""

        def work(tables: "sqlite_utils.Database") -> None:
            tables.table("settings").upsert({"name": name, "value": value, "updated_at": time_now()}, pk="name")

        await self._database.write(work)

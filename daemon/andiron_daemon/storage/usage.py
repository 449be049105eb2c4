"""What was spent, by day and backend; it outlives the conversations it was spent in."""

import sqlite3
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.storage.database import Database

if TYPE_CHECKING:
    import sqlite_utils


class DayUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one backend answered on one day, in UTC."""

    day: str
    backend: str
    answers: int
    prompt_tokens: int
    completion_tokens: int


class SQLiteUsage:
    """Add up usage in a Database that somebody else closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, spent: tuple[DayUsage, ...]) -> None:
        """Add to what is counted already."""

        def work(tables: "sqlite_utils.Database") -> None:
            for row in spent:
                tables.execute(
                    "INSERT INTO usage VALUES (:day, :backend, :answers, :prompt_tokens, :completion_tokens) "
                    "ON CONFLICT DO UPDATE SET answers = answers + excluded.answers, "
                    "prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
                    "completion_tokens = completion_tokens + excluded.completion_tokens",
                    msgspec.structs.asdict(row),
                )

        await self._database.write(work)

    async def since(self, day: str) -> tuple[DayUsage, ...]:
        """Return what was spent since a day, the newest first."""

        def work(connection: sqlite3.Connection) -> tuple[DayUsage, ...]:
            rows = connection.execute("SELECT * FROM usage WHERE day >= ? ORDER BY day DESC, backend", [day])
            return tuple(DayUsage(**dict(row)) for row in rows)

        return await self._database.read(work)

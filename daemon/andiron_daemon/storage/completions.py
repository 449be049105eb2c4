"""What became of code completions, as sums by day; never any text of them."""

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from andiron_daemon.storage.database import Database

if TYPE_CHECKING:
    import sqlite_utils


class CountKey(NamedTuple):
    """What is counted apart."""

    day: str
    backend: str
    model: str
    language: str
    measure: str


class LatencyKey(NamedTuple):
    """A stage, and the time up to which answers are counted together."""

    day: str
    stage: str
    up_to_ms: int


class SQLiteCompletionStatistics:
    """Keep the sums in a Database that somebody else closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, counts: dict[CountKey, int], latencies: dict[LatencyKey, int]) -> None:
        """Add to the sums."""

        def work(tables: "sqlite_utils.Database") -> None:
            for key, value in counts.items():
                tables.execute(
                    "INSERT INTO completion_counts VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET value = value + excluded.value",
                    [*key, value],
                )
            for latency, value in latencies.items():
                tables.execute(
                    "INSERT INTO completion_latencies VALUES (?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET answers = answers + excluded.answers",
                    [*latency, value],
                )

        await self._database.write(work)

    async def counts(self) -> dict[str, int]:
        """Sum everything up by measure."""

        def work(connection: sqlite3.Connection) -> dict[str, int]:
            rows = connection.execute("SELECT measure, sum(value) FROM completion_counts GROUP BY measure")
            return {str(measure): int(value) for measure, value in rows}

        return await self._database.read(work)

    async def latencies(self) -> dict[tuple[str, int], int]:
        """Sum everything up by stage and bucket."""

        def work(connection: sqlite3.Connection) -> dict[tuple[str, int], int]:
            rows = connection.execute(
                "SELECT stage, up_to_ms, sum(answers) FROM completion_latencies GROUP BY stage, up_to_ms"
            )
            return {(str(stage), int(up_to_ms)): int(answers) for stage, up_to_ms, answers in rows}

        return await self._database.read(work)

    async def days(self, first: str) -> tuple[dict[tuple[str, str], int], dict[tuple[str, int], int]]:
        """Sum up by day from one on: counts by day and measure, and answers by day and bucket of their whole time."""

        def work(connection: sqlite3.Connection) -> tuple[dict[tuple[str, str], int], dict[tuple[str, int], int]]:
            counts = connection.execute(
                "SELECT day, measure, sum(value) FROM completion_counts WHERE day >= ? GROUP BY day, measure", [first]
            )
            latencies = connection.execute(
                "SELECT day, up_to_ms, sum(answers) FROM completion_latencies "
                "WHERE day >= ? AND stage = 'total' GROUP BY day, up_to_ms",
                [first],
            )
            return (
                {(str(day), str(measure)): int(value) for day, measure, value in counts},
                {(str(day), int(up_to_ms)): int(answers) for day, up_to_ms, answers in latencies},
            )

        return await self._database.read(work)

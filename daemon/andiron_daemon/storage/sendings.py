"""What was sent away from this machine: where to, when and how much; none of the text."""

import sqlite3
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from andiron_daemon.storage.database import Database
from andiron_daemon.storage.retention import oldest_kept

if TYPE_CHECKING:
    import sqlite_utils

Kind = Literal["chat", "completion"]
Outcome = Literal["sent", "answered", "failed", "cancelled"]
_COLUMNS = (
    "id, at, backend, host, model, kind, bytes, masked, paths, withheld, request_id, "
    "prompt_tokens, completion_tokens, outcome"
)


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was sent away; the tokens stay unknown where the server did not tell them.

    `paths` are the files whose text went along, `withheld` those that were left out. An outcome that is still
    `sent` long afterwards belongs to a daemon that was killed meanwhile.
    """

    id: str
    at: str
    backend: str
    host: str
    model: str
    kind: Kind
    bytes: int
    masked: int
    paths: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    request_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    outcome: Outcome = "sent"


class SQLiteSendings:
    """Keep sendings for so many days in a Database that somebody else closes; 0 keeps them for ever."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep_days = keep_days

    async def add(self, sending: Sending) -> None:
        """Keep one, and drop those past their time.

        Raises:
            StorageError: if it cannot be kept.
        """
        row: dict[str, Any] = msgspec.structs.asdict(sending)
        row |= {name: msgspec.json.encode(row[name]).decode() for name in ("paths", "withheld")}
        oldest = oldest_kept(sending.at, self._keep_days)

        def work(tables: "sqlite_utils.Database") -> None:
            places = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
            tables.execute(f"INSERT INTO sendings ({_COLUMNS}) VALUES ({places})", row)  # noqa: S608 -- own names
            tables.execute("DELETE FROM sendings WHERE at < ?", [oldest])

        await self._database.write(work)

    async def finish(
        self, identifier: str, outcome: Outcome, prompt_tokens: int | None, completion_tokens: int | None
    ) -> None:
        """Add how one ended.

        Raises:
            StorageError: if it cannot be kept.
        """

        def work(tables: "sqlite_utils.Database") -> None:
            tables.execute(
                "UPDATE sendings SET outcome = ?, prompt_tokens = ?, completion_tokens = ? WHERE id = ?",
                [outcome, prompt_tokens, completion_tokens, identifier],
            )

        await self._database.write(work)

    async def withdraw(self, identifier: str) -> None:
        """Drop one of which nothing was sent after all.

        Raises:
            StorageError: if it cannot be dropped.
        """

        def work(tables: "sqlite_utils.Database") -> None:
            tables.execute("DELETE FROM sendings WHERE id = ?", [identifier])

        await self._database.write(work)

    async def latest(self, limit: int, before: str | None = None) -> tuple[Sending, ...]:
        """Return the latest, the newest first; `before` is the id of one to go on from.

        Raises:
            StorageError: if they cannot be read.
        """

        def work(connection: sqlite3.Connection) -> tuple[Sending, ...]:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM sendings WHERE (:before IS NULL OR id < :before) "  # noqa: S608 -- own names
                "ORDER BY id DESC LIMIT :limit",
                {"before": before, "limit": limit},
            )
            return tuple(_sending(dict(row)) for row in rows)

        return await self._database.read(work)


def _sending(row: dict[str, Any]) -> Sending:
    return msgspec.convert(row | {name: msgspec.json.decode(row[name]) for name in ("paths", "withheld")}, Sending)

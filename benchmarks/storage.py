"""Whether what is kept is found quickly, survives kill -9, and many sockets are served at once.

    PYTHONPATH=tests python -m benchmarks.storage [--conversations 10000] [--kills 100] [--seconds 10]

Makes its databases in a temporary folder. Listing, opening and searching are asked over HTTP of a daemon in a
process of its own, as an editor would; its answers come from a backend that only counts.
"""

import argparse
import asyncio
import itertools
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from andiron_daemon.paths import find_paths
from andiron_daemon.storage.database import Database
from andiron_testing.dying_writer import kill_a_writer, losses
from benchmarks.sockets import ServedDaemon, measure_sockets
from benchmarks.table import print_table

if TYPE_CHECKING:
    import sqlite_utils

_MESSAGES_EACH = 20
_WORDS = 30_000
_ROUNDS = 200


def _vocabulary(chance: random.Random) -> tuple[list[str], list[float]]:
    """Make words that are as unevenly frequent as in a language."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(_WORDS)]
    return words, list(itertools.accumulate(1 / rank for rank in range(1, _WORDS + 1)))


async def _fill(file: Path, conversations: int, chance: random.Random) -> list[str]:
    words, weights = _vocabulary(chance)
    database = Database(file)

    def work(tables: "sqlite_utils.Database") -> None:
        connection: sqlite3.Connection = tables.conn
        for number in range(conversations):
            moment = f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T00:00:00.{number:06}Z"
            connection.execute(
                "INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
                [f"c{number}", f"conversation {number}", moment, moment],
            )
            connection.executemany(
                "INSERT INTO messages (id, conversation_id, role, content, created_at) VALUES (?, ?, ?, ?, ?)",
                [
                    [
                        f"m{number}-{index}",
                        f"c{number}",
                        "assistant" if index % 2 else "user",
                        " ".join(chance.choices(words, cum_weights=weights, k=chance.randint(10, 150))),
                        moment,
                    ]
                    for index in range(_MESSAGES_EACH)
                ],
            )

    await database.write(work)
    await database.aclose()
    return words


async def _timed(ask: Callable[[], Awaitable[None]]) -> list[float]:
    milliseconds: list[float] = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        await ask()
        milliseconds.append(1000 * (time.perf_counter() - started))
    return milliseconds


async def _measure_finding(daemon: ServedDaemon, conversations: int, words: list[str]) -> list[list[str]]:
    chance = random.Random(2)
    base = f"{daemon.url}/api/v1/chat/conversations"
    queries = {
        "search, a rare word": lambda: words[chance.randint(5_000, _WORDS - 1)],
        "search, a common word": lambda: words[chance.randint(0, 20)],
        "search, two words": lambda: f"{words[chance.randint(0, 50)]} {words[chance.randint(0, 500)]}",
        "search, a word being typed": lambda: words[chance.randint(0, 500)][:2],
    }
    async with aiohttp.ClientSession(headers=daemon.headers) as http:

        async def fetch(url: str, **parameters: str) -> None:
            async with http.get(url, params=parameters) as response:
                response.raise_for_status()
                await response.read()

        def search(query: Callable[[], str]) -> Callable[[], Awaitable[None]]:
            return lambda: fetch(base, q=query(), limit="50")

        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "list": lambda: fetch(base, limit="50"),
            "open": lambda: fetch(f"{base}/c{chance.randrange(conversations)}"),
            **{name: search(query) for name, query in queries.items()},
        }
        return [_row(name, await _timed(ask)) for name, ask in kinds.items()]


def _row(name: str, milliseconds: list[float]) -> list[str]:
    shares = statistics.quantiles(milliseconds, n=100)
    return [name, f"{statistics.median(milliseconds):.1f}", f"{shares[94]:.1f}", f"{max(milliseconds):.1f}"]


async def _kill(file: Path, rounds: int) -> list[list[str]]:
    chance = random.Random(3)
    told: list[str] = []
    lost: list[str] = []
    for number in range(rounds):
        lines = chance.randint(1, 120)
        fresh = await kill_a_writer(file, f"w{number}", lines.__le__)
        lost += await losses(file, fresh)
        told += fresh
    lost += await losses(file, told)
    acknowledged = sum(line.startswith(("kept", "deleted")) for line in told)
    return [[str(rounds), str(acknowledged), str(len(lost)), "; ".join(lost[:3]) or "ok"]]


async def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long the sockets are kept busy")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(folder)
        words = await _fill(paths.database_file, options.conversations, random.Random(1))
        size = paths.database_file.stat().st_size / 1_000_000
        print(
            f"{options.conversations} conversations, {_MESSAGES_EACH * options.conversations} messages, {size:.0f} MB"
        )
        async with ServedDaemon(folder) as daemon:
            rows = await _measure_finding(daemon, options.conversations, words)
            print_table(["over HTTP", "median ms", "p95 ms", "max ms"], rows)
            await measure_sockets(daemon, options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        rows = await _kill(Path(folder) / "killed.db", options.kills)
        print_table(["kills", "acknowledged", "lost", "integrity"], rows)


if __name__ == "__main__":
    asyncio.run(main())

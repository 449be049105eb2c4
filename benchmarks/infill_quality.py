"""Whether completions are right: tasks of HumanEval-Infilling, executed.

    python -m benchmarks.infill_quality --data TASKS.jsonl.gz [--llama-server URL] [--limit N]

Asks the running daemon through its HTTP API, and a llama.cpp server's `/infill` where its address is given. What
the post-filters are worth shows against a daemon started with `ANDIRON_COMPLETION_FILTERS=off`. A task passes
when the text with the gap filled runs its tests in a child process within ten seconds. The code is the
benchmark's and the model's: run it where that is all right.
"""

import argparse
import asyncio
import gzip
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.servers import Gap, Server, Suggestion, servers
from benchmarks.table import print_table

_TOKENS = {"single-line": 48, "random-span-light": 96}
_SECONDS = 10
Task = dict[str, Any]


def read_tasks(file: Path, limit: int) -> list[Task]:
    """Read the tasks, at most `limit` of each split."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        tasks: list[Task] = [json.loads(line) for line in lines]
    kept: dict[str, list[Task]] = {}
    for task in tasks:
        kept.setdefault(task["split"], []).append(task)
    return [task for split in kept.values() for task in split[:limit]]


def passes(task: Task, suggestion: Suggestion) -> bool:
    """Run the task's tests over the filled text."""
    suffix: str = task["suffix"][suggestion.replaces :]
    middle = suggestion.text
    if task["split"] == "single-line" and not middle.endswith("\n"):
        middle += "\n"
    program = f"{task['prompt']}{middle}{suffix}\n{task['test']}\ncheck({task['entry_point']})\n"
    try:
        done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


async def run(server: Server, tasks: Sequence[Task]) -> list[list[str]]:
    """Ask one server for every task; a row for each split."""
    outcomes: dict[str, list[tuple[bool, bool, Suggestion]]] = {}
    for number, task in enumerate(tasks):
        split = task["split"]
        gap = Gap(task["prompt"], task["suffix"], f"task{number}.py")
        suggestion = await server.complete(gap, _TOKENS.get(split, 96))
        passed = await asyncio.to_thread(passes, task, suggestion)
        exact = suggestion.text.strip() == task["canonical_solution"].strip()
        outcomes.setdefault(split, []).append((passed, exact, suggestion))
    return [[server.name, split, *_figures(rows)] for split, rows in outcomes.items()]


def _figures(rows: list[tuple[bool, bool, Suggestion]]) -> list[str]:
    count = len(rows)
    return [
        str(count),
        f"{sum(passed for passed, _, _ in rows) / count:.3f}",
        f"{sum(exact for _, exact, _ in rows) / count:.3f}",
        f"{sum(not suggestion.text for _, _, suggestion in rows) / count:.3f}",
        f"{statistics.median(suggestion.milliseconds for _, _, suggestion in rows):.0f}",
    ]


async def compare(data: Path, limit: int, llama_server: str | None) -> None:
    """Run every server over the same tasks and print the table."""
    tasks = await asyncio.to_thread(read_tasks, data, limit)
    rows: list[list[str]] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as http:
        for server in await servers(http, llama_server):
            rows += await run(server, tasks)
    print_table(["", "split", "tasks", "pass@1", "exact", "empty", "median ms"], rows)


def main() -> None:
    """Read the arguments and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--llama-server", "--url")
    parser.add_argument("--limit", type=int, default=1000)
    arguments = parser.parse_args()
    asyncio.run(compare(arguments.data, arguments.limit, arguments.llama_server))


if __name__ == "__main__":
    main()

"""What the assists are worth: code that parses, tests that run green, bugs that are found, and false alarms.

    python -m benchmarks.assists --url http://127.0.0.1:8000 --token TOKEN [--limit N] [--only refactor,tests,bugs]

Asks a running daemon over HTTP about the functions of `data/functions.toml`. What validation is worth shows
against a daemon started with `ANDIRON_ASSIST_CHECKS=off`. Tests and refactored code are run in a child process
in a throw-away folder: the code is the model's, so run it where that is all right.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.table import print_table

_FUNCTIONS = Path(__file__).parent / "data" / "functions.toml"
_SECONDS = 60
_TIMEOUT = aiohttp.ClientTimeout(total=900)
Function = dict[str, Any]
Answer = dict[str, Any]


def read_functions(limit: int) -> list[Function]:
    """Read the functions; each gets its `buggy` text."""
    with _FUNCTIONS.open("rb") as stream:
        functions: list[Function] = tomllib.load(stream)["function"]
    for function in functions:
        function["code"] = function["code"].lstrip("\n")
        assert function["code"].count(function["good"] + "\n") == 1, function["name"]
        function["buggy"] = function["code"].replace(function["good"], function["bad"])
    return functions[:limit]


class Daemon:
    """A running daemon."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, assist: str, function: Function, code: str) -> tuple[Answer | None, float]:
        """Ask one assist; None for an error."""
        started = time.perf_counter()
        body = {"code": code, "path": function["path"]}
        url = f"{self._url}/api/v1/code/{assist}"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            answer: Answer = await response.json()
        seconds = time.perf_counter() - started
        error = answer.get("error")
        told = f"{error['code']}: {error['message'][:100]}" if error else f"{seconds:.0f} s"
        print(f"{assist} {function['name']} {told}", file=sys.stderr, flush=True)
        return (None if error else answer), seconds


def is_green(files: dict[str, str], test: str | None) -> bool:
    """Run a test file, or import everything where there is none, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, str(test)]
        try:
            done = subprocess.run(
                command, cwd=folder, env={"PYTHONPATH": folder}, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def parses(path: str, text: str) -> bool:
    """Parse Python with Python; JavaScript with node, where it is there."""
    if path.endswith(".py"):
        try:
            compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        return True
    command = ["node", "--input-type=module", "--check", "-"]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=False).returncode == 0


async def refactor(daemon: Daemon, functions: Sequence[Function]) -> list[str]:
    """Count answers, those that parse, those that keep the name, and those that changed anything."""
    answered = parsed = kept = changed = 0
    total = 0.0
    for function in functions:
        answer, seconds = await daemon.ask("refactor", function, function["code"])
        total += seconds
        if answer is None:
            continue
        answered += 1
        is_whole = parses(function["path"], answer["code"])
        parsed += is_whole
        kept += is_whole and function["name"] in answer["code"]
        changed += answer["code"].strip() != function["code"].strip()
    count = len(functions)
    figures = (f"{value}/{count}" for value in (answered, parsed, kept, changed))
    return [*figures, f"{parsed / answered:.2f}" if answered else "-", f"{total / count:.0f} s"]


async def tests(daemon: Daemon, functions: Sequence[Function]) -> list[str]:
    """Count answers, those that parse, those that run green, and those that also notice the bug."""
    answered = parsed = green = sharp = 0
    total = 0.0
    chosen = [function for function in functions if function["path"].endswith(".py")]
    for function in chosen:
        answer, seconds = await daemon.ask("generate-tests", function, function["code"])
        total += seconds
        if answer is None:
            continue
        answered += 1
        parsed += parses(function["path"], answer["tests"])
        where = answer["path"]
        files = {function["path"]: function["code"], where: answer["tests"]}
        is_right = await asyncio.to_thread(is_green, files, where)
        _note(function, f"green: {is_right}, unconfirmed: {len(answer.get('unconfirmed', ()))}")
        green += is_right
        files[function["path"]] = function["buggy"]
        sharp += is_right and not await asyncio.to_thread(is_green, files, where)
    count = len(chosen)
    figures = (f"{value}/{count}" for value in (answered, parsed, green, sharp))
    return [*figures, f"{green / answered:.2f}" if answered else "-", f"{total / count:.0f} s"]


async def bugs(daemon: Daemon, functions: Sequence[Function]) -> list[str]:
    """Count bugs found on their line, other findings in buggy code, and false alarms in right code."""
    hits = elsewhere = alarms = 0
    total = 0.0
    for function in functions:
        line = function["buggy"].split("\n").index(function["bad"])
        answer, seconds = await daemon.ask("find-bugs", function, function["buggy"])
        total += seconds
        lines, dropped = _lines(answer), (answer or {}).get("dropped")
        hits += any(first <= line <= last for first, last in lines)
        elsewhere += sum(not first <= line <= last for first, last in lines)
        answer, seconds = await daemon.ask("find-bugs", function, function["code"])
        total += seconds
        alarms += bool(_lines(answer))
        _note(
            function,
            f"line {line}: {lines}, dropped {dropped}; when right: {_lines(answer)}, {(answer or {}).get('dropped')}",
        )
    count = len(functions)
    precision = f"{hits / (hits + alarms):.2f}" if hits + alarms else "-"
    return [
        f"{hits}/{count}",
        f"{alarms}/{count}",
        str(elsewhere),
        precision,
        f"{total / count / 2:.0f} s",
    ]


def _note(function: Function, text: str) -> None:
    """Say how one went, since a whole run takes its time."""
    print(f"{function['name']} {text}", file=sys.stderr, flush=True)


def _lines(answer: Answer | None) -> list[tuple[int, int]]:
    """The lines the model's findings are about."""
    found = [bug["range"] for bug in (answer or {}).get("bugs", ()) if bug["source"] == "model"]
    return [(place["start"]["line"], place["end"]["line"]) for place in found]


_HEADERS = {
    "refactor": ("answered", "parse", "keep the name", "changed", "parse of answered", "each"),
    "tests": ("answered", "parse", "green", "green and notice the bug", "green of answered", "each"),
    "bugs": ("hits", "false alarms", "elsewhere", "precision", "each"),
}


async def measure(url: str, token: str, limit: int, only: Sequence[str], label: str) -> None:
    """Ask everything and print the tables."""
    functions = read_functions(limit)
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        daemon = Daemon(session, url, token)
        for name, run in (("refactor", refactor), ("tests", tests), ("bugs", bugs)):
            if name in only:
                print_table((name, *_HEADERS[name]), [[label, *await run(daemon, functions)]])
                sys.stdout.flush()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--only", default="refactor,tests,bugs")
    parser.add_argument("--label", default="daemon")
    arguments = parser.parse_args()
    only = arguments.only.split(",")
    asyncio.run(measure(arguments.url, arguments.token, arguments.limit, only, arguments.label))


if __name__ == "__main__":
    main()

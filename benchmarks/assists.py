"""What the assists are worth: code that parses, tests that run green, bugs that are found, and false alarms.

    python -m benchmarks.assists --model MODEL.gguf --record ANSWERS.jsonl [--limit N] [--only refactor,tests,bugs]

Asks a model about the functions of `data/`, and writes each answer to the record as it comes: a run that was
interrupted goes on where it was, and `--recorded` prints the tables of what is there without asking anything.
Every table stands on the same answers without validation (what the model wrote first, as it is) and with it.

Tests and refactored code are run in child processes in throw-away folders: the code is the model's, so run it where
that is all right. Python, JavaScript, TypeScript, Go and Rust each need their own programs (`assist_running`).
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from andiron_models.configuration import LocalConfiguration
from andiron_models.local.backend import LocalBackend
from benchmarks.assist_cases import Case, read_cases
from benchmarks.assist_judging import Hunt, Judge, Rewritten, RunTests, Suspicion
from benchmarks.recording import NotRecordedError, Record
from benchmarks.table import print_table

Row = TypeVar("Row")
_REFACTOR = (
    "refactor",
    "told",
    "parse",
    "keep behaviour",
    "change anything",
    "change and keep",
    "told broken",
    "repaired",
)
_TESTS = ("tests", "told", "parse", "green", "green and notice the bug", "single tests green")
_DOUBTS = ("tests that are", "of all", "doubted")
_BUGS = ("bugs", "hits", "false alarms", "lines beside the bug")
_BOUND = ("least sureness", "hits, 1st half", "alarms, 1st half", "hits, 2nd half", "alarms, 2nd half")
# What the bound of sureness may be; the daemon has it in `assist/find_bugs.py`.
_BOUNDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def refactor_rows(pairs: Sequence[tuple[Rewritten, Rewritten]]) -> list[list[str]]:
    """Count what parses, keeps its behaviour, and changed anything; an honest failure is not told."""
    columns = (("without", [raw for raw, _ in pairs]), ("with", [told for _, told in pairs]))
    return [
        [
            word,
            _share(rows, lambda row: row.is_told),
            _share(rows, lambda row: row.parses),
            _share(rows, lambda row: row.keeps),
            _share(rows, lambda row: row.changes),
            _share(rows, lambda row: row.changes and row.keeps),
            _share(rows, lambda row: row.is_told and not row.keeps),
            _share(rows, lambda row: row.is_repaired),
        ]
        for word, rows in columns
    ]


def green_rows(triples: Sequence[tuple[RunTests, RunTests, RunTests]]) -> list[list[str]]:
    """Count files that parse, run green, and also notice the bug."""
    words = ("without", "static checks", "with")
    columns = [(word, [triple[index] for triple in triples]) for index, word in enumerate(words)]
    return [
        [
            word,
            _share(rows, lambda row: row.is_told),
            _share(rows, lambda row: row.parses),
            _share(rows, lambda row: row.is_green),
            _share(rows, lambda row: row.notices),
            f"{_count(outcome for row in rows for outcome in row.outcomes.values())}"
            f"/{sum(len(row.outcomes) for row in rows)}",
        ]
        for word, rows in columns
    ]


def doubts_rows(triples: Sequence[tuple[RunTests, RunTests, RunTests]]) -> list[list[str]]:
    """Set what is doubted against what running the tests shows, on the half it was chosen on and the other."""
    half = (len(triples) + 1) // 2
    rows: list[list[str]] = []
    for word, some in (("1st half", triples[:half]), ("2nd half", triples[half:])):
        doubts: dict[bool, list[bool]] = {True: [], False: []}
        for _, static, told in some:
            for name, is_green in static.outcomes.items():
                doubts[is_green].append(name in told.doubted)
        rows += [
            [f"{colour}, {word}", str(len(doubts[is_green])), str(_count(doubts[is_green]))]
            for colour, is_green in (("green", True), ("red", False))
        ]
    return rows


def bugs_rows(hunts: Sequence[Hunt]) -> list[list[str]]:
    """Count bugs found on their line, right functions with an alarm, and lines named beside the bug."""
    columns: tuple[tuple[str, Callable[[Hunt], list[Suspicion]]], ...] = (
        ("without", lambda hunt: hunt.raw),
        ("static checks", lambda hunt: hunt.static),
        ("with", lambda hunt: hunt.told),
    )
    return [[word, *_found(hunts, chosen)] for word, chosen in columns]


def bound_rows(hunts: Sequence[Hunt]) -> list[list[str]]:
    """Try each bound on the first half of the functions, where one may be chosen, and on the second."""
    half = (len(hunts) // 4) * 2
    return [
        [f"{bound:.2f}", *_found(hunts[:half], _above(bound))[:2], *_found(hunts[half:], _above(bound))[:2]]
        for bound in _BOUNDS
    ]


def _above(bound: float) -> Callable[[Hunt], list[Suspicion]]:
    return lambda hunt: [one for one in hunt.static if one.sureness is None or one.sureness >= bound]


def _found(hunts: Sequence[Hunt], chosen: Callable[[Hunt], list[Suspicion]]) -> list[str]:
    buggy = [chosen(hunt) for hunt in hunts if hunt.is_buggy]
    right = [chosen(hunt) for hunt in hunts if not hunt.is_buggy]
    hits = _count(any(one.is_hit for one in found) for found in buggy)
    beside = sum(not one.is_hit for found in buggy for one in found)
    return [f"{hits}/{len(buggy)}", f"{_count(map(bool, right))}/{len(right)}", str(beside)]


def _share(rows: Sequence[Row], holds: Callable[[Row], bool]) -> str:
    return f"{_count(map(holds, rows))}/{len(rows)}"


def _count(found: Iterable[bool]) -> int:
    return sum(1 for one in found if one)


async def measure(judge: Judge, only: Sequence[str], limit: int) -> None:
    """Ask everything and print the tables."""
    functions = read_cases("functions", limit)
    if "refactor" in only:
        for name in ("clumsy", "functions"):
            pairs = await _each(judge.refactor, read_cases(name, limit))
            print_table((f"{_REFACTOR[0]}, {name}.toml", *_REFACTOR[1:]), refactor_rows(pairs))
    if "tests" in only:
        await _measure_tests(judge, [*functions, *read_cases("languages", limit)])
    if "bugs" in only:
        both = await _each(judge.hunts, functions)
        hunts = [hunt for pair in both for hunt in pair]
        print_table(_BUGS, bugs_rows(hunts))
        print_table(_BOUND, bound_rows(hunts))


async def _measure_tests(judge: Judge, cases: Sequence[Case]) -> None:
    for language in dict.fromkeys(case.language for case in cases):
        triples = await _each(judge.tests, [case for case in cases if case.language == language])
        print_table((f"{_TESTS[0]}, {language}", *_TESTS[1:]), green_rows(triples))
        if language == "python":
            print_table(_DOUBTS, doubts_rows(triples))


async def _each(judged: Callable[[Case], Awaitable[Row]], cases: Sequence[Case]) -> list[Row]:
    """Judge one after the other; what is not in a record that is only read is left out, and said."""
    rows: list[Row] = []
    for case in cases:
        try:
            rows.append(await judged(case))
        except NotRecordedError:
            print(f"{case.name}: not in the record", file=sys.stderr)
            continue
        print(f"{case.name}: {rows[-1]}", file=sys.stderr, flush=True)
    return rows


async def run(arguments: argparse.Namespace) -> None:
    """Start an engine with folders of its own, measure, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = LocalConfiguration(
            models_folder=Path(folder, "models"),
            cache_folder=Path(folder, "cache"),
            chat_model=str(arguments.model.resolve()),
            threads=arguments.threads,
        )
        backend = LocalBackend(configuration)
        judge = Judge(backend, Record(arguments.record), arguments.model.name, is_asked=not arguments.recorded)
        try:
            await measure(judge, arguments.only.split(","), arguments.limit)
        finally:
            await judge.aclose()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--recorded", action="store_true")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--only", default="refactor,tests,bugs")
    parser.add_argument("--threads", type=int, default=0)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()

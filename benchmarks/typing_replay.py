"""What a person typing sees: real files typed again, a request at every few characters.

    python -m benchmarks.typing_replay FILE… [--llama-server URL] [--lines 4] [--every 3] [--rhythm 150] [--record FILE]

Closed loop (the next character is typed when the answer is there) unless `--rhythm` gives the milliseconds
between characters; then a request that a later one overtakes is superseded: nobody sees its answer, and its tokens
count as wasted.
A suggestion is right when its first line is what stands in the rest of the line. It repeats the suffix when its
last line is the next line below the cursor. From each file, `--places` stretches of `--lines` lines are typed,
into the `--before` and `--behind` lines that stand around them. `--record` keeps every answer, with the text it was
judged by.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.servers import Gap, Server, Suggestion, servers
from benchmarks.table import print_table

_MAX_TOKENS = 24
_SEED = 7


@dataclass
class Replay:
    """What was seen of one server over one file."""

    latencies: list[float] = field(default_factory=list)
    prompt_tokens: list[int] = field(default_factory=list)
    shown: int = 0
    right: int = 0
    right_typed_through: int = 0
    repeats: int = 0
    overtaken: int = 0
    wasted: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)

    def add(self, suggestion: Suggestion, gap: Gap, rest_of_line: str, next_line: str) -> None:
        """Judge one answer."""
        line = gap.prefix.rpartition("\n")[2]
        self.answers.append({"path": gap.path, "line": line, "rest": rest_of_line, **asdict(suggestion)})
        self.latencies.append(suggestion.milliseconds)
        self.prompt_tokens.append(suggestion.prompt_tokens)
        if suggestion.reason == "superseded":
            self.overtaken += 1
            return
        lines = suggestion.text.split("\n")
        first = lines[0].rstrip()
        if not suggestion.text.strip():
            return
        self.shown += 1
        if first and first == rest_of_line.rstrip():
            self.right += 1
            self.right_typed_through += suggestion.cached == "typed_through"
        visible = [line.strip() for line in lines if line.strip()]
        if len(visible) > 1 and next_line.strip() and visible[-1] == next_line.strip():
            self.repeats += 1

    def extend(self, other: "Replay") -> None:
        """Take another replay's figures in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def row(self) -> list[str]:
        """Show the figures."""
        count = max(1, len(self.latencies))
        ordered = sorted(self.latencies)
        return [
            str(len(self.latencies)),
            f"{statistics.median(ordered):.0f}",
            f"{ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]:.0f}",
            f"{100 * sum(value < 100 for value in ordered) / count:.0f} %",
            f"{sum(self.prompt_tokens) / count:.0f}",
            f"{100 * self.right / count:.0f} %",
            f"{100 * self.right / max(1, self.shown):.0f} %",
            f"{100 * self.right_typed_through / max(1, self.right):.0f} %",
            f"{100 * self.repeats / max(1, self.shown):.1f} %",
            f"{100 * self.overtaken / count:.0f} %",
            str(self.wasted),
        ]


HEADER = (
    *("requests", "p50 ms", "p95 ms", "< 100 ms", "prompt tok"),
    *("right", "right/shown", "typed through", "repeats", "overtaken", "wasted"),
)


@dataclass(frozen=True)
class Stretch:
    """Lines to be typed, and what stands around them."""

    path: str
    before: str
    typed: str
    behind: str


def stretches(file: Path, places: int, lines: int, before: int, behind: int) -> Iterator[Stretch]:
    """Choose places in a file, the same ones in every run, with so many lines before and behind them."""
    text = file.read_text(encoding="utf-8").splitlines(keepends=True)
    chance = random.Random(f"{_SEED}{file.name}")
    candidates = [
        number
        for number in range(min(20, len(text) // 4), max(1, len(text) - lines - 5))
        if all(len(line.strip()) > 3 for line in text[number : number + lines])
    ]
    for start in sorted(chance.sample(candidates, min(places, len(candidates)))):
        end = start + lines
        yield Stretch(
            path=str(file),
            before="".join(text[max(0, start - before) : start]),
            typed="".join(text[start:end]).rstrip("\n"),
            behind="\n" + "".join(text[end : end + behind]),
        )


def gaps(stretch: Stretch, every: int, session: str) -> Iterator[tuple[Gap, str, str]]:
    """Yield the gap at every so many characters, what stands in the rest of the line, and the next line."""
    next_line = stretch.behind.lstrip("\n").split("\n", 1)[0]
    for typed in range(1, len(stretch.typed), every):
        rest = stretch.typed[typed:].split("\n", 1)[0]
        if rest.strip():
            gap = Gap(stretch.before + stretch.typed[:typed], stretch.behind, stretch.path, session)
            yield gap, rest, next_line


async def closed_loop(server: Server, stretch: Stretch, every: int, replay: Replay, session: str) -> None:
    """Type on when the answer is there."""
    for gap, rest, next_line in gaps(stretch, every, session):
        replay.add(await server.complete(gap, _MAX_TOKENS), gap, rest, next_line)


async def with_rhythm(
    server: Server, stretch: Stretch, every: int, replay: Replay, session: str, milliseconds: float
) -> None:
    """Type on whatever the answer does.

    A server that supersedes by itself is left its requests; to any other the client closes the connection
    when it types on, as its editor plug-ins do. Either way the person never sees the answer.
    """

    async def ask(gap: Gap, rest: str, next_line: str) -> None:
        asked = time.perf_counter()
        try:
            suggestion = await server.complete(gap, _MAX_TOKENS)
        except asyncio.CancelledError:
            elapsed = 1000 * (time.perf_counter() - asked)
            suggestion = Suggestion(reason="superseded", milliseconds=elapsed)
        replay.add(suggestion, gap, rest, next_line)

    tasks: list[asyncio.Task[None]] = []
    started = time.perf_counter()
    for number, (gap, rest, next_line) in enumerate(gaps(stretch, every, session)):
        await asyncio.sleep(max(0.0, started + number * every * milliseconds / 1000 - time.perf_counter()))
        if tasks and not server.supersedes:
            tasks[-1].cancel()
        tasks.append(asyncio.create_task(ask(gap, rest, next_line)))
    await asyncio.gather(*tasks)


async def compare(files: Sequence[Path], arguments: argparse.Namespace) -> None:
    """Replay every file on every server and print the table."""
    rows: list[list[str]] = []
    answers: dict[str, list[dict[str, Any]]] = {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as http:
        for server in await servers(http, arguments.llama_server):
            total = Replay()
            for file in files:
                replay = Replay(wasted=-await server.wasted_tokens())
                found = stretches(file, arguments.places, arguments.lines, arguments.before, arguments.behind)
                for number, stretch in enumerate(found):
                    session = f"replay-{file.name}-{number}-{time.time_ns()}"
                    if arguments.rhythm:
                        await with_rhythm(server, stretch, arguments.every, replay, session, arguments.rhythm)
                    else:
                        await closed_loop(server, stretch, arguments.every, replay, session)
                replay.wasted += await server.wasted_tokens()
                rows.append([server.name, file.name, *replay.row()])
                total.extend(replay)
            rows.append([server.name, "all", *total.row()])
            answers[server.name] = total.answers
    print_table(["", "file", *HEADER], rows)
    if arguments.record:
        arguments.record.write_text(json.dumps(answers, indent=1), encoding="utf-8")


def main() -> None:
    """Read the arguments and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--llama-server")
    parser.add_argument("--places", type=int, default=2)
    parser.add_argument("--lines", type=int, default=4)
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--before", type=int, default=100)
    parser.add_argument("--behind", type=int, default=32)
    parser.add_argument("--rhythm", type=float, default=0.0)
    parser.add_argument("--record", type=Path)
    arguments = parser.parse_args()
    asyncio.run(compare(arguments.files, arguments))


if __name__ == "__main__":
    main()

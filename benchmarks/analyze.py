"""How quick the analysis is: one file, every language's parser, a repository of many files, and a very large text.

    python -m benchmarks.analyze [--files 20000]

The repository is made in a temporary folder out of the standard library's files; nothing is downloaded.
"""

import argparse
import asyncio
import functools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from andiron_daemon.analysis.aside import look_aside
from andiron_daemon.analysis.linters.desk import LintDesk
from andiron_daemon.analysis.service import AnalysisService, LookAside
from andiron_daemon.analysis.static import Looked, analyse
from andiron_daemon.analysis.types import AnalysisInput
from andiron_daemon.syntax.languages import LANGUAGES, Language, language_named
from andiron_daemon.syntax.parse import parse
from benchmarks.table import print_table

STANDARD_LIBRARY = Path(asyncio.__file__).parents[1]
SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "daemon" / "analysis" / "samples"
ROUNDS = 40


def lines_of(path: Path, count: int) -> str:
    """Take whole functions from a file's beginning."""
    return "\n".join(path.read_text(encoding="utf-8").split("\n")[:count]) + "\n"


def median_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Time a piece of work."""
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        work()
        times.append((time.perf_counter() - before) * 1000)
    return statistics.median(times)


async def one_file(text: str, linters: tuple[str, ...]) -> tuple[float, float]:
    """Return the median until the static part, and until the whole."""
    desk = LintDesk(chosen=linters)
    service = AnalysisService(desk)
    static, whole = [], []
    try:
        for _ in range(ROUNDS):
            before = time.perf_counter()
            count = 0
            async for _event in service.analyse(AnalysisInput(code=text, path="benchmark.py")):
                count += 1
                if count == 2:
                    static.append((time.perf_counter() - before) * 1000)
            whole.append((time.perf_counter() - before) * 1000)
    finally:
        await service.aclose()
        await desk.aclose()
    return statistics.median(static), statistics.median(whole[1:])


def show_one_file() -> None:
    """Print how long a file of 500 lines takes."""
    text = lines_of(STANDARD_LIBRARY / "zipfile.py", 500)
    rows = []
    for name, linters in (("none", ("off",)), ("own rules", ("andiron",)), ("ruff", ("ruff",))):
        static, whole = asyncio.run(one_file(text, linters))
        rows.append([name, f"{static:.1f} ms", f"{whole:.1f} ms"])
    print_table(["500 lines, linters", "static part, p50", "whole, p50"], rows)


def sample_of(language: Language, characters: int = 60_000) -> str:
    """Repeat a language's sample until it is long enough; of Python there is real code."""
    if language.name == "python":
        return lines_of(STANDARD_LIBRARY / "argparse.py", 10_000)
    text = next(SAMPLES.glob(f"sample_{language.name}.*")).read_text(encoding="utf-8")
    times = max(1, characters // len(text))
    return f"[{', '.join([text] * times)}]" if language.name == "json" else text * times


def show_parsers() -> None:
    """Print each language's throughput."""
    rows = []
    for language in LANGUAGES:
        text = sample_of(language)
        size = len(text.encode()) / 1e6
        parsing = median_ms(functools.partial(parse, text, language, limit_seconds=30), 3)
        looking = median_ms(functools.partial(analyse, text, None, language.name), 3)
        rows.append([language.name, f"{size / parsing * 1000:.1f} MB/s", f"{size / looking * 1000:.1f} MB/s"])
    print_table(["language", "parse", "parse and analyse"], rows)


async def longest_wait_ms(text: str, look_aside: LookAside) -> tuple[float, float]:
    """Return how long the event loop was away at most while a text was analysed, and how many seconds that took."""
    desk = LintDesk(chosen=("off",))
    service = AnalysisService(desk, look_aside=look_aside)
    waits = [0.0]

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            waits.append((time.perf_counter() - before) * 1000 - 2)

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    try:
        async for _event in service.analyse(AnalysisInput(code=text, path="large.js")):
            pass
        return max(waits), time.perf_counter() - started
    finally:
        watching.cancel()
        await service.aclose()
        await desk.aclose()


async def look_in_a_thread(request: AnalysisInput) -> Looked:
    """Do as with a small text."""
    return await asyncio.to_thread(analyse, request.code, request.path, request.language)


def show_large_text() -> None:
    """Print how long a large text keeps the event loop from its work, in a thread and in a process."""
    javascript = language_named("javascript")
    assert javascript is not None
    rows = []
    for megabytes in (0.5, 5):
        text = sample_of(javascript, int(megabytes * 1e6))
        for where, look in (("a thread", look_in_a_thread), ("a process", look_aside)):
            wait, seconds = asyncio.run(longest_wait_ms(text, look))
            rows.append([f"{megabytes} MB", where, f"{wait:.0f} ms", f"{seconds:.1f} s"])
    print_table(["JavaScript", "looked at in", "the loop was away at most", "whole"], rows)


def make_repository(folder: Path, count: int) -> None:
    """Copy real files under new names."""
    originals = [path.read_bytes() for path in sorted(STANDARD_LIBRARY.glob("*.py")) if path.stat().st_size < 60_000]
    originals += [path.read_bytes() for path in sorted((STANDARD_LIBRARY / "asyncio").glob("*.py"))]
    for number in range(count):
        parent = folder / f"part{number // 200:03}"
        parent.mkdir(exist_ok=True)
        (parent / f"module{number:05}.py").write_bytes(originals[number % len(originals)])


def show_repository(count: int, jobs: list[int]) -> None:
    """Print how long a repository takes, and what the largest process held at most."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        make_repository(Path(name), count)
        for processes in jobs:
            command = [sys.executable, "-m", "andiron_daemon", "analyze", "--no-linters", "--format", "github"]
            before = time.perf_counter()
            done = subprocess.run(
                [*command, "--fail-on", "never", "--jobs", str(processes), name],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds = time.perf_counter() - before
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            counted = done.stderr.strip().splitlines()[0]
            rows.append([str(processes), f"{seconds:.0f} s", f"{count / seconds:.0f}/s", f"{peak:.0f} MB", counted])
    print_table(["processes", "time", "files", "largest process", "said"], rows)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--only", choices=["file", "parsers", "large", "repository"])
    given = parser.parse_args()
    assert language_named("python") is not None
    if given.only in (None, "file"):
        show_one_file()
    if given.only in (None, "parsers"):
        show_parsers()
    if given.only in (None, "large"):
        show_large_text()
    if given.only in (None, "repository"):
        show_repository(given.files, [os.cpu_count() or 1])


if __name__ == "__main__":
    main()

"""What Andiron costs on a desktop: how fast it is there, and what it takes while nobody asks anything.

    python -m benchmarks.desktop                      # the daemon, the tray, a bundle
    python -m benchmarks.desktop tray                 # one part of it
    python -m benchmarks.desktop --idle-seconds 600   # what it costs at rest, over ten minutes

Each part prints one table; the parts are the functions named in `PARTS`. Every start is one of its own in a fresh
home. A wake-up is a voluntary context switch of any thread of the process.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from andiron_daemon.client import wait_until_healthy
from andiron_daemon.paths import find_paths
from andiron_daemon.program import own_command
from benchmarks.desktop_tray import TRAY_GOAL_MB, print_bundle, watched_tray
from benchmarks.table import print_table

_PATIENCE_SECONDS = 30.0
_SETTLE_SECONDS = 3.0
_GOAL_IDLE_PERCENT = 0.1
_GOAL_WAKEUPS_PER_SECOND = 1.0
_GOAL_DAEMON_MB = 70.0


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

    starts: int
    idle_seconds: float


@dataclass(frozen=True)
class Rest:
    """What a process took while it was left alone."""

    cpu_percent: float
    wakeups_per_second: float
    rss_mb: float


def daemon_start(wishes: Wishes) -> None:
    """Print how long `andiron serve` takes to answer `/health`."""
    milliseconds = []
    for _ in range(wishes.starts):
        with tempfile.TemporaryDirectory() as home:
            began = time.perf_counter()
            with _daemon(home):
                milliseconds.append(1000 * (time.perf_counter() - began))
    row = [f"{figure:.0f}" for figure in (statistics.median(milliseconds), min(milliseconds), max(milliseconds))]
    print_table(("daemon, cold start to /health", "median ms", "best", "worst"), [(f"{wishes.starts} starts", *row)])


def daemon_at_rest(wishes: Wishes) -> None:
    """Print what a daemon without a model takes while nobody asks anything.

    Its home was used before, as every home is from the second start on: the very first one also makes the database.
    """
    with tempfile.TemporaryDirectory() as home:
        with _daemon(home):
            time.sleep(_SETTLE_SECONDS)
        with _daemon(home) as process:
            time.sleep(_SETTLE_SECONDS)
            rest = measure_rest(process, wishes.idle_seconds)
    print_rest("daemon, without a model", rest, wishes.idle_seconds, goal_mb=_GOAL_DAEMON_MB)


def tray_at_rest(wishes: Wishes) -> None:
    """Print what the tray takes in a panel while nobody looks at it and the daemon has nothing to do."""
    with (
        tempfile.TemporaryDirectory() as desk,
        tempfile.TemporaryDirectory() as home,
        _daemon(home),
        watched_tray(home, Path(desk) / "desk") as process,
    ):
        rest = measure_rest(process, wishes.idle_seconds)
    print_rest("tray", rest, wishes.idle_seconds, goal_mb=TRAY_GOAL_MB)


def bundle(_: Wishes) -> None:
    """Print what a bundle weighs and how fast it starts; builds one, which takes a minute or two."""
    print_bundle()


def measure_rest(process: psutil.Process, seconds: float) -> Rest:
    """Leave a process alone for a time and say what it took; its memory is the most seen at either end."""
    first_cpu, first_wakeups, first_rss = _figures(process)
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    last_cpu, last_wakeups, last_rss = _figures(process)
    return Rest(
        cpu_percent=100 * (last_cpu - first_cpu) / took,
        wakeups_per_second=(last_wakeups - first_wakeups) / took,
        rss_mb=max(first_rss, last_rss) / 1e6,
    )


def print_rest(name: str, rest: Rest, seconds: float, *, goal_mb: float) -> None:
    """Print what a process took at rest beside the goals."""
    rows = [
        ("CPU, % of a core", f"{rest.cpu_percent:.3f}", f"< {_GOAL_IDLE_PERCENT:g}"),
        ("wake-ups a second", f"{rest.wakeups_per_second:.2f}", f"<= {_GOAL_WAKEUPS_PER_SECOND:g}"),
        ("memory, MB", f"{rest.rss_mb:.0f}", f"<= {goal_mb:g}"),
    ]
    print_table((f"{name}, {seconds:g} s at rest", "seen", "goal"), rows)


def _figures(process: psutil.Process) -> tuple[float, int, int]:
    """Return CPU seconds, wake-ups of all threads and bytes of memory so far."""
    times = process.cpu_times()
    return times.user + times.system, _wakeups(process), process.memory_info().rss


def _wakeups(process: psutil.Process) -> int:
    tasks = Path(f"/proc/{process.pid}/task")
    if not tasks.is_dir():
        return process.num_ctx_switches().voluntary
    lines = [line for task in tasks.iterdir() for line in (task / "status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


@contextmanager
def _daemon(home: str) -> Iterator[psutil.Process]:
    """Run the daemon of a home for the block; it answers when the block begins."""
    environment = {**os.environ, "ANDIRON_HOME": home}
    with subprocess.Popen(own_command("serve", "--port=0"), env=environment, stderr=subprocess.DEVNULL) as daemon:
        try:
            if wait_until_healthy(find_paths(home), timeout_seconds=_PATIENCE_SECONDS) is None:
                raise SystemExit("the daemon did not start; try: andiron serve")
            yield psutil.Process(daemon.pid)
        finally:
            daemon.terminate()


PARTS: dict[str, Callable[[Wishes], None]] = {
    "start": daemon_start,
    "rest": daemon_at_rest,
    "tray": tray_at_rest,
    "bundle": bundle,
}


def main(arguments: list[str] | None = None) -> int:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desktop", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none is named")
    parser.add_argument("--starts", type=int, default=10, help="how many starts are measured (default: 10)")
    parser.add_argument("--idle-seconds", type=float, default=60.0, help="how long to watch at rest (default: 60)")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        PARTS[part](Wishes(starts=options.starts, idle_seconds=options.idle_seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())

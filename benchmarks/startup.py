"""How long `andiron serve` takes to answer `/health`, and the memory it then has, without a model.

    python -m benchmarks.startup

Each row is a start of its own, in a fresh home, as a person would start it.
"""

import os
import subprocess
import sys
import tempfile
import time

import psutil

from andiron_daemon.client import wait_until_healthy
from andiron_daemon.paths import find_paths
from benchmarks.table import print_table

_STARTS = 5
_PATIENCE_SECONDS = 30.0


def measure_start(home: str) -> tuple[float, float, float]:
    """Start and stop a daemon once; return milliseconds to health, megabytes then, milliseconds to its end."""
    command = [sys.executable, "-m", "andiron_daemon", "serve", "--port=0"]
    began = time.perf_counter()
    with subprocess.Popen(command, env={**os.environ, "ANDIRON_HOME": home}, stderr=subprocess.DEVNULL) as daemon:
        if wait_until_healthy(find_paths(home), timeout_seconds=_PATIENCE_SECONDS) is None:
            daemon.kill()
            raise SystemExit("the daemon did not start; try: andiron serve")
        healthy = time.perf_counter()
        rss_bytes = psutil.Process(daemon.pid).memory_info().rss
        stopping = time.perf_counter()
        daemon.terminate()
        daemon.wait()
    return 1000 * (healthy - began), rss_bytes / 1e6, 1000 * (time.perf_counter() - stopping)


def main() -> None:
    """Print the table."""
    rows = []
    for number in range(1, _STARTS + 1):
        with tempfile.TemporaryDirectory() as home:
            rows.append((str(number), *(f"{figure:.0f}" for figure in measure_start(home))))
    print_table(("start", "ms to /health", "MB", "ms to its end"), rows)


if __name__ == "__main__":
    main()

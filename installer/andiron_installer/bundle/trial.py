"""Runs a bundle with nothing else there: no variables but a home, no PATH, and says how fast it started."""

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import msgspec

from andiron_daemon.client import answering_daemon, wait_until_stopped
from andiron_daemon.paths import find_paths
from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.recipe import NAME

_PATIENCE_SECONDS = 60.0
_ROUNDS = 3
_LOOK_SECONDS = 0.005


class StartUp(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, the median of a few rounds: until `--version` is said, and until the daemon answers `/health`."""

    version_seconds: float
    health_seconds: float


def measure_start(folder: Path) -> StartUp:
    """Start a bundle's program and its daemon a few times.

    Raises:
        BundleError: it does not start; with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="andiron-trial-") as home:
        versions = [_version_seconds(folder, home) for _ in range(_ROUNDS)]
        starts = [_health_seconds(folder, home) for _ in range(_ROUNDS)]
    return StartUp(version_seconds=statistics.median(versions), health_seconds=statistics.median(starts))


def bare_environment(home: str) -> dict[str, str]:
    """Give the variables of a machine on which nothing is: a home, and a PATH that leads nowhere."""
    needed = ("SYSTEMROOT", "TEMP", "TMP") if os.name == "nt" else ()
    kept = {name: os.environ[name] for name in needed if name in os.environ}
    return {**kept, "HOME": home, "ANDIRON_HOME": home, "PATH": str(Path(home) / "nowhere"), "PORT": "0"}


def program_of(folder: Path) -> Path:
    """Say where a bundle's command is."""
    return folder / (f"{NAME}.exe" if os.name == "nt" else NAME)


def _version_seconds(folder: Path, home: str) -> float:
    started = time.perf_counter()
    _run(folder, home, "--version")
    return time.perf_counter() - started


def _health_seconds(folder: Path, home: str) -> float:
    paths = find_paths(home)
    started = time.perf_counter()
    with subprocess.Popen(
        [program_of(folder), "serve"],
        env=bare_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            while answering_daemon(paths) is None:
                if process.poll() is not None or time.perf_counter() - started > _PATIENCE_SECONDS:
                    process.kill()
                    said = process.stderr.read().strip() if process.stderr is not None else ""
                    raise BundleError(f"the bundle's daemon did not start: {said}", hint="Build it anew.")
                time.sleep(_LOOK_SECONDS)
            seconds = time.perf_counter() - started
            _run(folder, home, "stop")
            wait_until_stopped(paths, timeout_seconds=_PATIENCE_SECONDS)
        finally:
            process.kill()
    return seconds


def _run(folder: Path, home: str, *arguments: str) -> None:
    try:
        done = subprocess.run(
            [program_of(folder), *arguments],
            env=bare_environment(home),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except OSError as error:
        raise BundleError(
            f"{program_of(folder)}: {error.strerror}", hint="Name the folder of a whole bundle."
        ) from error
    if done.returncode != 0:
        raise BundleError(f"{NAME} {' '.join(arguments)} failed: {done.stderr.strip()}", hint="Build it anew.")

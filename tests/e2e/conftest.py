"""Daemons for the end-to-end tests: started on demand, ended whatever happens, their log shown on failure."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_daemon.paths import Paths, make_private
from andiron_testing.daemon_process import DaemonProcess, StartDaemon


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def start_daemon(paths: Paths) -> Iterator[StartDaemon]:
    """Start daemons of this test's home; options as on the command line, variables by name."""
    started: list[DaemonProcess] = []

    def start(*options: str, **variables: str) -> DaemonProcess:
        daemon = DaemonProcess(paths, options, variables)
        started.append(daemon)
        return daemon

    yield start
    for daemon in started:
        daemon.kill()
        sys.stdout.write(daemon.said())
    if started:
        sys.stdout.write(started[-1].log())


@pytest.fixture
def daemon(start_daemon: StartDaemon) -> DaemonProcess:
    """A daemon without any model."""
    return start_daemon()


@pytest.fixture
def model_in_place(paths: Paths, smollm2_path: Path) -> Path:
    """Put the real, small model into this test's models folder."""
    make_private(paths.models)
    target = paths.models / smollm2_path.name
    try:
        target.hardlink_to(smollm2_path)
    except OSError:
        shutil.copyfile(smollm2_path, target)
    return target


@pytest.fixture
def model_daemon(start_daemon: StartDaemon, model_in_place: Path) -> DaemonProcess:
    """A daemon with the real, small model."""
    return start_daemon()

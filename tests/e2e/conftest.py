"""Daemons for the end-to-end tests: started on demand, ended whatever happens, their log shown on failure."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from andiron_daemon.paths import Paths, find_paths
from andiron_testing.browser import chromium
from andiron_testing.daemon_process import DaemonProcess, StartDaemon, put_model


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
def model_daemon(start_daemon: StartDaemon, paths: Paths, smollm2_path: Path) -> DaemonProcess:
    """A daemon with the real, small model, for tests that are rough with it."""
    put_model(smollm2_path, paths)
    return start_daemon()


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory, smollm2_path: Path) -> Iterator[DaemonProcess]:
    """A daemon with the real, small model, which the tests of a module use one after the other."""
    paths = find_paths(str(tmp_path_factory.mktemp("shared")))
    put_model(smollm2_path, paths)
    daemon = DaemonProcess(paths, (), {})
    yield daemon
    daemon.kill()
    sys.stdout.write(daemon.said() + daemon.log())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser that the tests of a module share; they are not asynchronous."""
    with chromium() as running:
        yield running

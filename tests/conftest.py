"""What holds for every test: a home of its own, a clean environment, and no network beyond this machine."""

import ipaddress
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from andiron_daemon.paths import Paths, find_paths
from andiron_testing.models import smollm2
from andiron_testing.surroundings import foreign_variables, own_variables

# Started in the background by a shell, a process ignores Ctrl-C, and so would every program the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move every folder below a temporary one and take all settings out of the environment."""
    folder = tmp_path / "home"
    for name in foreign_variables():
        monkeypatch.delenv(name)
    for name, value in own_variables(str(folder)).items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def paths(home: Path) -> Paths:
    """The folders of this test's home."""
    return find_paths(str(home))


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to anywhere but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test reached for the network: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """A real, small model; fetched once and kept between runs."""
    return smollm2()

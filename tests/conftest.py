"""What holds for every test: a home of its own, a clean environment, and no network beyond this machine."""

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.settings import SETTINGS
from andiron_testing.models import smollm2

_VARIABLES = frozenset(setting.variable for setting in SETTINGS)
_PREFIXES = ("ANDIRON_", "OPENAI_", "LLAMA_", "HF_", "HUGGING")
_PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy", "no_proxy"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move every folder below a temporary one and take all settings out of the environment."""
    for name in tuple(os.environ):
        if name in _VARIABLES or name.startswith(_PREFIXES) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("ANDIRON_HOME", str(folder))
    # The system keyring of whoever runs the tests is none of their business.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
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

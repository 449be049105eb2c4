"""A person's home that is a test's own, and a description of a service in it."""

from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_installer.service.description import Description, describe
from andiron_testing.fake_tool import FakeTools


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of the person, where services are written."""
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    return folder


@pytest.fixture
def description(paths: Paths) -> Description:
    return describe(paths)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTools:
    """The tools of systemd, recording; a manager of version 252 seems to answer."""
    fake = FakeTools(tmp_path / "tools", "systemctl", "journalctl")
    fake.follow({"words": ["--property=Version"], "say": "Version=252 (252.38-1~deb12u1)"})
    monkeypatch.setenv("PATH", fake.path)
    return fake

"""An environment, a source, and a pip that plays a part."""

import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from andiron_installer.bootstrap.environment import Environment
from andiron_installer.bootstrap.source import Source
from andiron_testing.fake_pip import FakePip
from andiron_testing.other_environment import make_environment as make_other_environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "andiron")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path, "0.1.0", ("aiohttp>=3.11", "llama-cpp-python>=0.3.30"), "one")


@pytest.fixture
def fake_pip(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePip:
    """Let environments be made at once, with the fake in the place of their Python."""

    fake = FakePip(tmp_path)
    monkeypatch.setattr(venv.EnvBuilder, "create", lambda *_: fake.take_the_place_of(environment))
    return fake


@pytest.fixture
def make_environment(environment: Environment, source: Source, fake_pip: FakePip) -> Callable[..., None]:
    """Make a whole environment, as an earlier run of the installer left it."""

    def make(*extras: str) -> None:
        fake_pip.follow()
        environment.make()
        environment.write_stamp(environment.wanted(source.digest, extras))

    return make


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that the installer did not make."""
    folder = tmp_path_factory.mktemp("apart") / "venv"
    make_other_environment(folder)
    return folder

"""The assists over a scripted backend, with linters that say what a test tells them to."""

import pytest

from andiron_daemon.assist.instructions import read_assist_instructions
from andiron_daemon.assist.service import AssistService
from andiron_daemon.counters import Counters
from andiron_models.router import Router
from andiron_testing.assists import ScriptedLinters
from andiron_testing.doubting import DoubtingBackend
from andiron_testing.scripted import ScriptedBackend


@pytest.fixture
def linters() -> ScriptedLinters:
    """Linters that find nothing unless they are told to."""
    return ScriptedLinters()


@pytest.fixture
def assist(backend: ScriptedBackend, linters: ScriptedLinters) -> AssistService:
    """The service under test."""
    return AssistService(Router({"local": backend}), Counters(), read_assist_instructions(), linters.lint)


@pytest.fixture
def sureness() -> dict[str, float]:
    """How sure the model of `doubting` is of the words a test puts in."""
    return {}


@pytest.fixture
def doubting(backend: ScriptedBackend, sureness: dict[str, float]) -> AssistService:
    """The service, over a model that tells how sure it is."""
    router = Router({"local": DoubtingBackend(backend, sureness)})
    return AssistService(router, Counters(), read_assist_instructions())

"""A completion service over a scripted backend."""

from collections.abc import AsyncIterator

import pytest

from andiron_daemon.completion.service import CompletionService
from andiron_daemon.counters import Counters
from andiron_models.router import Router
from andiron_testing.scripted import ScriptedBackend


@pytest.fixture
def counters() -> Counters:
    """What the service counts."""
    return Counters()


@pytest.fixture
async def completion(backend: ScriptedBackend, counters: Counters) -> AsyncIterator[CompletionService]:
    """The service, closed at the end."""
    service = CompletionService(Router({"local": backend}), counters)
    yield service
    await service.aclose()

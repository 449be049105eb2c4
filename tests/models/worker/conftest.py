"""One real engine for all tests of the worker that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_models.worker.engine import LlamaEngine
from andiron_testing.model_room import ModelRoom, load_engine


@pytest.fixture(scope="session")
def engine(smollm2_path: Path) -> Iterator[LlamaEngine]:
    """SmolLM2, loaded once."""
    loaded = load_engine(smollm2_path)
    yield loaded
    loaded.close()


@pytest.fixture
def room(engine: LlamaEngine) -> ModelRoom:
    """An empty engine and a scheduler of its own."""
    return ModelRoom(engine)

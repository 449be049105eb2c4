"""A stub hub, small models to fetch, and entries for them."""

import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from andiron_models.library.catalogue import CatalogueEntry
from andiron_testing.gguf_files import SMALL, gguf_bytes
from andiron_testing.hub_stub import HubStub, hub_stub

MakeEntry = Callable[..., CatalogueEntry]


@pytest.fixture
def models_folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def content() -> bytes:
    """The model to fetch: a true one, with enough in it to be broken off anywhere."""
    letters = random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=50_000)
    return gguf_bytes({**SMALL, "general.description": "".join(letters)})


@pytest.fixture
def make_entry(content: bytes) -> MakeEntry:
    """Make an entry for the content; what is given overrides."""

    def make(*sources: Any, **more: Any) -> CatalogueEntry:
        known = {"id": "small", "file": "small.gguf", "size_bytes": len(content)}
        known["sha256"] = hashlib.sha256(content).hexdigest()
        return CatalogueEntry(**{**known, "sources": sources, **more})

    return make


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStub]:
    """A hub that this process's client takes for the real one; it comes in small pieces."""
    import huggingface_hub
    from huggingface_hub import constants

    with hub_stub() as stub:
        monkeypatch.setattr(constants, "ENDPOINT", stub.url)
        template = stub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
        # The variable that says so is read when the client is first imported, perhaps by another test.
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        yield stub
        huggingface_hub.close_session()

import threading
from pathlib import Path

import pytest

from andiron_models.library.catalogue import HttpSource
from andiron_models.library.errors import PullCancelledError, PullError
from andiron_models.library.fetch import pull
from andiron_testing.hub_stub import HubStub
from models.library.conftest import MakeEntry


def test_a_model_comes_from_a_plain_address(
    hub: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    hub.files["/small.gguf"] = content
    source = HttpSource(url=f"{hub.storage_url}/small.gguf")
    assert pull(make_entry(source, sha256=None, size_bytes=None), models_folder).read_bytes() == content


def test_no_token_of_the_hub_goes_to_a_plain_address(
    hub: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.files["/small.gguf"] = content
    pull(make_entry(HttpSource(url=f"{hub.storage_url}/small.gguf")), models_folder)
    assert {asked.token for asked in hub.asked} == {None}


@pytest.mark.parametrize("is_weak", [False, True])
def test_a_pull_goes_on_where_it_stopped_only_if_the_server_is_sure_of_its_version(
    hub: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes, is_weak: bool
) -> None:
    hub.files["/small.gguf"] = content
    hub.weakens_tags = is_weak
    entry = make_entry(HttpSource(url=f"{hub.storage_url}/small.gguf"))
    cancel = threading.Event()
    with pytest.raises(PullCancelledError):
        pull(entry, models_folder, cancel=cancel, progress=lambda size, _: cancel.set() if size >= 10_000 else None)
    assert pull(entry, models_folder).read_bytes() == content
    assert (hub.ranges()[-1] == 0) is is_weak


def test_an_address_that_redirects_is_followed(
    hub: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    hub.files["/small.gguf"] = content
    assert pull(make_entry(HttpSource(url=f"{hub.url}/small.gguf")), models_folder).read_bytes() == content


def test_an_address_without_the_file_is_said(hub: HubStub, models_folder: Path, make_entry: MakeEntry) -> None:
    with pytest.raises(PullError, match="the server answers 404"):
        pull(make_entry(HttpSource(url=f"{hub.url}/small.gguf")), models_folder)


def test_an_address_that_is_none_is_said(models_folder: Path, make_entry: MakeEntry) -> None:
    with pytest.raises(PullError, match="http"):
        pull(make_entry(HttpSource(url="http://[broken/small.gguf")), models_folder)

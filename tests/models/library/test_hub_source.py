import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andiron_models.library.catalogue import HubSource
from andiron_models.library.errors import PullCancelledError, PullError
from andiron_models.library.fetch import pull
from andiron_testing.hub_stub import HubStub
from models.library.conftest import MakeEntry

SOURCE = HubSource(repository="someone/small-GGUF", revision="0123456789abcdef0123456789abcdef01234567")


@pytest.fixture
def filled(hub: HubStub, content: bytes) -> HubStub:
    hub.add(SOURCE.repository, "small.gguf", content, SOURCE.revision)
    return hub


def test_a_model_comes_from_the_hub(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content
    assert [asked.method for asked in filled.asked] == ["HEAD", "GET"]


def test_a_file_may_have_another_name_on_the_hub(
    hub: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    hub.add("someone/small-GGUF", "folder/Other.gguf", content)
    source = HubSource(repository="someone/small-GGUF", file="folder/Other.gguf")
    assert pull(make_entry(source), models_folder).name == "small.gguf"


def test_the_token_goes_to_the_hub_and_never_to_the_storage(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull(make_entry(SOURCE), models_folder)
    assert [asked.token for asked in filled.asked] == ["Bearer hf_secret", None]


def test_a_missing_token_is_said(filled: HubStub, models_folder: Path, make_entry: MakeEntry) -> None:
    filled.token = "hf_secret"
    with pytest.raises(PullError, match="401"):
        pull(make_entry(SOURCE), models_folder)


def test_a_file_the_hub_does_not_have_is_said(hub: HubStub, models_folder: Path, make_entry: MakeEntry) -> None:
    with pytest.raises(PullError, match="404"):
        pull(make_entry(SOURCE), models_folder)


def test_a_hub_that_states_another_checksum_is_refused_before_a_byte_comes(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry
) -> None:
    with pytest.raises(PullError, match="expected was " + "0" * 64):
        pull(make_entry(SOURCE, sha256="0" * 64), models_folder)
    assert filled.ranges() == []


def test_a_hub_that_states_another_size_is_refused_before_a_byte_comes(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry
) -> None:
    with pytest.raises(PullError, match="expected were 17"):
        pull(make_entry(SOURCE, size_bytes=17, sha256=None), models_folder)
    assert filled.ranges() == []


def test_a_hub_out_of_reach_is_said(hub: HubStub, models_folder: Path, make_entry: MakeEntry) -> None:
    hub.shutdown()
    hub.socket.close()
    with pytest.raises(PullError, match="cannot be reached"):
        pull(make_entry(SOURCE), models_folder)


def test_in_offline_mode_nothing_is_asked(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(PullError, match="HF_HUB_OFFLINE is set"):
        pull(make_entry(SOURCE), models_folder)
    assert filled.asked == []


def test_a_connection_that_breaks_is_taken_up_again(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    filled.cut_at = 20_000
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content
    first, second = filled.ranges()
    assert first == 0
    assert 0 < second <= 20_000


def test_a_server_without_ranges_begins_again(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    stop_at(20_000, make_entry, models_folder)
    filled.ignores_ranges = True
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content


def test_a_file_that_changed_meanwhile_begins_again(
    filled: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    stop_at(20_000, make_entry, models_folder, sha256=None)
    changed = content.replace(b"Small", b"Other")
    filled.add(SOURCE.repository, "small.gguf", changed, SOURCE.revision)
    assert pull(make_entry(SOURCE, sha256=None), models_folder).read_bytes() == changed
    assert filled.ranges() == [0, 0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(1, 49_000), min_size=1, max_size=3))
def test_a_pull_stopped_anywhere_goes_on_there(
    filled: HubStub, tmp_path_factory: pytest.TempPathFactory, make_entry: MakeEntry, places: list[int]
) -> None:
    (content,) = filled.files.values()
    folder = tmp_path_factory.mktemp("models")
    filled.asked.clear()
    for place in sorted(places):
        stop_at(place, make_entry, folder)
    assert pull(make_entry(SOURCE), folder).read_bytes() == content
    ranges = filled.ranges()
    assert ranges[0] == 0
    assert ranges == sorted(ranges)
    assert ranges[-1] >= min(max(places), len(content)) - 1000


def stop_at(place: int, make_entry: MakeEntry, folder: Path, **more: str | None) -> None:
    """Pull until so many bytes are there, and no further."""
    cancel = threading.Event()

    def watch(size: int, _: int | None) -> None:
        if size >= place:
            cancel.set()

    try:
        pull(make_entry(SOURCE, **more), folder, progress=watch, cancel=cancel)
    except PullCancelledError:
        assert not (folder / "small.gguf").exists()

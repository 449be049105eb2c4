"""Pulls in their own process, with the hub's real client against a hub on this machine."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from andiron_models.library.catalogue import HubSource
from andiron_models.library.child import DoneEvent, Event, PullRequest
from andiron_models.library.pulls import Pull, Pulls, PullStatus
from andiron_testing.hub_stub import HubStub, hub_stub
from models.library.conftest import MakeEntry

SOURCE = HubSource(repository="someone/small-GGUF", revision="0123456789abcdef0123456789abcdef01234567")


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, content: bytes, tmp_path: Path) -> Iterator[HubStub]:
    """A mirror of the hub, named as people name one."""
    with hub_stub() as stub:
        stub.add(SOURCE.repository, "small.gguf", content, SOURCE.revision)
        monkeypatch.setenv("HF_ENDPOINT", stub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
        yield stub


@pytest.fixture
async def pulls(models_folder: Path) -> AsyncIterator[Pulls]:
    service = Pulls(models_folder)
    yield service
    await service.aclose()


async def last_of(pull: Pull) -> PullStatus:
    return [status async for status in pull.follow()][-1]


async def holding(mirror: HubStub) -> None:
    """Wait until the hub holds a download back."""
    await asyncio.to_thread(mirror.holding.wait)


@pytest.fixture(autouse=True)
def earlier(monkeypatch: pytest.MonkeyPatch) -> set[psutil.Process]:
    """Processes of other tests' that live as long as this one, as multiprocessing's tracker does."""
    found = set(psutil.Process().children(recursive=True))
    monkeypatch.setattr(sys.modules[__name__], "EARLIER", found)
    return found


EARLIER: set[psutil.Process] = set()


def started_here() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if child not in EARLIER]


async def test_a_pull_goes_to_the_mirror_and_asks_for_nothing_but_the_model(
    pulls: Pulls, mirror: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    status = await last_of(pulls.start(make_entry(SOURCE)))
    assert status.error is None
    assert status.path == str(models_folder / "small.gguf")
    assert (models_folder / "small.gguf").read_bytes() == content
    assert {asked.path.removeprefix("/storage") for asked in mirror.asked} == set(mirror.files)
    assert started_here() == []


async def test_a_cancelled_pull_leaves_no_process_and_goes_on_later(
    pulls: Pulls, mirror: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    mirror.hold_at = 20_000
    pull = pulls.start(make_entry(SOURCE))
    await holding(mirror)
    cancelling = asyncio.create_task(pulls.cancel("small"))
    await asyncio.sleep(0)
    mirror.release.set()
    assert await cancelling
    assert pull.status.state == "cancelled"
    assert started_here() == []
    assert not (models_folder / "small.gguf").exists()
    assert (await last_of(pulls.start(make_entry(SOURCE)))).state == "done"
    assert (models_folder / "small.gguf").read_bytes() == content


async def test_a_killed_process_is_a_failure_that_can_be_taken_up_again(
    pulls: Pulls, mirror: HubStub, models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    mirror.hold_at = 20_000
    pull = pulls.start(make_entry(SOURCE))
    await holding(mirror)
    (child,) = started_here()
    child.kill()
    status = await last_of(pull)
    mirror.release.set()
    assert status.state == "failed"
    assert status.error is not None
    assert "ended with status -9" in status.error.message
    assert (await last_of(pulls.start(make_entry(SOURCE)))).state == "done"
    assert (models_folder / "small.gguf").read_bytes() == content


async def test_a_failure_comes_over_with_its_hint(pulls: Pulls, mirror: HubStub, make_entry: MakeEntry) -> None:
    mirror.files.clear()
    status = await last_of(pulls.start(make_entry(SOURCE)))
    assert status.error is not None
    assert "404" in status.error.message
    assert status.error.hint


async def test_two_daemons_fetch_a_model_once(
    pulls: Pulls, mirror: HubStub, models_folder: Path, make_entry: MakeEntry
) -> None:
    other = Pulls(models_folder)
    ends = await asyncio.gather(last_of(pulls.start(make_entry(SOURCE))), last_of(other.start(make_entry(SOURCE))))
    await other.aclose()
    assert [status.state for status in ends] == ["done", "done"]
    assert mirror.ranges() == [0]


def test_a_pull_ends_when_whoever_asked_is_gone(mirror: HubStub, models_folder: Path, make_entry: MakeEntry) -> None:
    mirror.hold_at = 20_000
    child = subprocess.Popen(
        [sys.executable, "-m", "andiron_models.library.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child, contextlib.ExitStack() as stack:
        stack.callback(child.kill)
        assert child.stdin is not None
        assert child.stdout is not None
        request = PullRequest(entry=make_entry(SOURCE), models_folder=str(models_folder))
        child.stdin.write(msgspec.json.encode(request) + b"\n")
        child.stdin.flush()
        mirror.holding.wait()
        child.stdin.close()
        mirror.release.set()
        events = [msgspec.json.decode(line, type=Event) for line in child.stdout]
        assert child.wait() == 1
    assert not any(isinstance(event, DoneEvent) for event in events)
    assert not (models_folder / "small.gguf").exists()

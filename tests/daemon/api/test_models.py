"""`/api/v1/models` over HTTP, with real pulls in their own process from files of this machine."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from andiron_daemon.paths import Paths
from andiron_models.errors import ModelDoesNotFitError
from andiron_testing.daemons import DaemonClient, ServerEvent, StartDaemon, error_of, read_events
from andiron_testing.gguf_files import write_gguf
from andiron_testing.hub_stub import HubStub, hub_stub
from andiron_testing.scripted import ScriptedBackend

MODELS = "/api/v1/models"
HUGE_BYTES = 10**15


class LoadingBackend(ScriptedBackend):
    """A scripted backend that can load; it keeps what it was told."""

    def __init__(self) -> None:
        super().__init__("local", "small")
        self.told: list[tuple[str, str]] = []
        self.failure: ModelDoesNotFitError | None = None

    async def load(self, model: str) -> None:
        self.told.append(("load", model))
        if self.failure is not None:
            raise self.failure

    async def unload(self, model: str) -> None:
        self.told.append(("unload", model))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "elsewhere" / "small-source.gguf")


@pytest.fixture
def content(source: Path) -> bytes:
    return source.read_bytes()


@pytest.fixture(autouse=True)
def catalogue(paths: Paths, source: Path) -> Path:
    """The person's own catalogue, with a model that lies in a file of this machine."""
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    text = f"""
[[model]]
id = "small"
name = "A small one"
licence = "MIT"
file = "small.gguf"
size_bytes = {source.stat().st_size}
sha256 = "{sha256}"
sources = [{{kind = "file", path = "{source}"}}]

[[model]]
id = "wrong"
file = "wrong.gguf"
sha256 = "{"0" * 64}"
sources = [{{kind = "file", path = "{source}"}}]

[[model]]
id = "huge"
file = "huge.gguf"
size_bytes = {HUGE_BYTES}
sources = [{{kind = "file", path = "{source}"}}]
"""
    paths.config.mkdir(parents=True)
    file = paths.config / "models.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def backend() -> LoadingBackend:
    return LoadingBackend()


async def listed(daemon: DaemonClient, model_id: str) -> dict[str, Any]:
    async with daemon.get(MODELS) as response:
        assert response.status == 200
        rows = {row["id"]: row for row in (await response.json())["models"]}
    row: dict[str, Any] = rows[model_id]
    return row


async def pull(daemon: DaemonClient, model_id: str) -> list[ServerEvent]:
    async with daemon.post(f"{MODELS}/{model_id}/pull") as response:
        assert response.status == 200
        return [event async for event in read_events(response)]


async def test_a_model_that_can_be_had_is_listed_with_what_is_known_of_it(
    start_daemon: StartDaemon,
) -> None:
    daemon = await start_daemon(backends={"local": ScriptedBackend("local", "another")})
    row = await listed(daemon, "qwen2.5-coder-0.5b")
    assert row["state"] == "available"
    assert row["is_installed"] is False
    assert row["licence"] == "Apache-2.0"
    assert row["size_bytes"] == 491400064
    assert row["fits"] in {"yes", "tight", "no"}
    assert row["memory"]["needed_bytes"] > row["size_bytes"]
    assert (row["can_chat"], row["can_infill"]) == (True, True)
    assert (await listed(daemon, "huge"))["fits"] == "no"


async def test_a_model_that_is_here_is_listed_with_its_file_and_whether_it_fits(
    daemon: DaemonClient, paths: Paths
) -> None:
    path = write_gguf(paths.models / "small.gguf")
    row = await listed(daemon, "small")
    assert row["is_installed"] is True
    assert (row["path"], row["name"], row["licence"]) == (str(path), "A small one", "MIT")
    assert row["size_bytes"] == path.stat().st_size
    assert row["fits"] == "yes"


async def test_one_model_can_be_looked_at(daemon: DaemonClient) -> None:
    async with daemon.get(f"{MODELS}/huge") as response:
        assert (await response.json())["id"] == "huge"
    async with daemon.get(f"{MODELS}/hugh") as response:
        status, error = await error_of(response)
    assert (status, error["code"], error["hint"]) == (404, "model_not_found", "Did you mean huge?")


async def test_a_pull_is_start_progress_and_done(daemon: DaemonClient, paths: Paths, content: bytes) -> None:
    start, *progress, done = await pull(daemon, "small")
    size = len(content)
    assert start == ServerEvent("start", {"id": "small", "total": size, "fits": "yes"})
    assert done == ServerEvent("done", {"id": "small", "path": str(paths.models / "small.gguf")})
    assert progress[-1].name == "progress"
    assert progress[-1].data["bytes"] == progress[-1].data["total"] == size
    assert set(progress[-1].data) == {"bytes", "total", "rate"}
    assert (paths.models / "small.gguf").read_bytes() == content
    assert (await listed(daemon, "small"))["pull"]["state"] == "done"


async def test_a_pull_that_fails_ends_in_the_error(daemon: DaemonClient, paths: Paths) -> None:
    *_, last = await pull(daemon, "wrong")
    assert last.name == "error"
    assert last.data["error"]["code"] == "backend_unavailable"
    assert "0" * 64 in last.data["error"]["message"]
    assert last.data["error"]["hint"]
    assert not (paths.models / "wrong.gguf").exists()
    row = await listed(daemon, "wrong")
    assert row["pull"]["state"] == "failed"
    assert "0" * 64 in row["pull"]["message"]


async def test_pulling_a_model_that_does_not_fit_warns_first(daemon: DaemonClient) -> None:
    start, warning, *_, error = await pull(daemon, "huge")
    assert start.data["fits"] == "no"
    assert warning.name == "warning"
    assert "It will not run here" in warning.data["message"]
    assert warning.data["memory"]["needed_bytes"] > HUGE_BYTES
    assert "disk space" in error.data["error"]["message"]


async def test_an_unknown_model_is_refused_with_its_status(daemon: DaemonClient) -> None:
    async with daemon.post(f"{MODELS}/unheard-of/pull") as response:
        status, error = await error_of(response)
    assert (status, error["code"]) == (404, "model_not_found")
    assert error["hint"]


@pytest.fixture
def broken_catalogue(catalogue: Path) -> Path:
    catalogue.write_text("[[model]]\n", encoding="utf-8")
    return catalogue


async def test_a_catalogue_that_cannot_be_meant_is_named(daemon: DaemonClient, broken_catalogue: Path) -> None:
    async with daemon.get(MODELS) as response:
        status, error = await error_of(response)
    assert (status, error["code"]) == (500, "internal")
    assert str(broken_catalogue) in error["message"]


async def test_cancelling_what_is_not_pulled_is_refused(daemon: DaemonClient) -> None:
    async with daemon.delete(f"{MODELS}/small/pull") as response:
        status, error = await error_of(response)
    assert (status, error["code"]) == (400, "invalid_request")


async def test_a_model_is_loaded_and_unloaded_by_the_local_backend(
    daemon: DaemonClient, backend: LoadingBackend
) -> None:
    for verb in ("load", "unload"):
        async with daemon.post(f"{MODELS}/small/{verb}") as response:
            assert response.status == 200
            assert (await response.json())["id"] == "small"
    assert backend.told == [("load", "small"), ("unload", "small")]


async def test_a_model_that_cannot_be_loaded_says_why(daemon: DaemonClient, backend: LoadingBackend) -> None:
    backend.failure = ModelDoesNotFitError("small needs 99 GB", hint="Close other programs.")
    async with daemon.post(f"{MODELS}/small/load") as response:
        status, error = await error_of(response)
    assert (status, error["code"], error["hint"]) == (503, "backend_unavailable", "Close other programs.")


async def test_without_a_local_engine_nothing_can_be_loaded(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(backends={"local": ScriptedBackend("local")})
    async with daemon.post(f"{MODELS}/small/load") as response:
        status, error = await error_of(response)
    assert (status, error["code"]) == (503, "backend_unavailable")


async def test_a_removed_model_is_unloaded_first_and_can_be_had_again(
    daemon: DaemonClient, backend: LoadingBackend, paths: Paths
) -> None:
    await pull(daemon, "small")
    async with daemon.delete(f"{MODELS}/small") as response:
        assert response.status == 204
    assert backend.told == [("unload", "small")]
    assert not (paths.models / "small.gguf").exists()
    assert (await pull(daemon, "small"))[-1].name == "done"


@pytest.mark.parametrize("model_id", ["small", "unheard-of", "..%2F..%2Fetc", "%00"])
async def test_removing_what_is_not_here_is_refused(daemon: DaemonClient, model_id: str) -> None:
    async with daemon.delete(f"{MODELS}/{model_id}") as response:
        status, error = await error_of(response)
    assert (status, error["code"]) == (404, "model_not_found")


@pytest.fixture
def held_hub(paths: Paths, catalogue: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A hub that holds its first download back until the test lets it go on."""
    with hub_stub() as stub:
        stub.add("someone/slow", "slow.gguf", source.read_bytes())
        stub.hold_at = 1000
        monkeypatch.setenv("HF_ENDPOINT", stub.url)
        monkeypatch.setenv("HF_HOME", str(paths.cache / "huggingface"))
        sources = '[{kind = "hub", repository = "someone/slow"}]'
        with catalogue.open("a") as file:
            file.write(f'\n[[model]]\nid = "slow"\nfile = "slow.gguf"\nsources = {sources}\n')
        yield stub


async def test_a_pull_survives_its_client_and_another_joins_it(
    daemon: DaemonClient, held_hub: HubStub, paths: Paths
) -> None:
    async with daemon.post(f"{MODELS}/slow/pull") as response:
        async for event in read_events(response):
            if event.name == "progress" and event.data["bytes"] >= 0:
                break
    assert (await listed(daemon, "slow"))["pull"]["state"] == "running"
    held_hub.release.set()
    assert (await pull(daemon, "slow"))[-1].name == "done"
    assert (paths.models / "slow.gguf").exists()
    assert held_hub.ranges() == [0]


async def test_a_pull_can_be_cancelled_and_continued(daemon: DaemonClient, held_hub: HubStub, paths: Paths) -> None:
    async with daemon.post(f"{MODELS}/slow/pull") as response:
        events = read_events(response)
        assert (await anext(events)).name == "start"
        held_hub.release.set()
        async with daemon.delete(f"{MODELS}/slow/pull") as cancelled:
            assert cancelled.status in {204, 400}
        last = [event async for event in events][-1]
    assert last.name in {"error", "done"}
    assert (await pull(daemon, "slow"))[-1].name == "done"
    assert (paths.models / "slow.gguf").exists()


async def test_deleting_a_model_that_is_on_its_way_stops_its_pull(
    daemon: DaemonClient, held_hub: HubStub, paths: Paths
) -> None:
    async with daemon.post(f"{MODELS}/slow/pull") as response:
        events = read_events(response)
        assert (await anext(events)).name == "start"
        async with daemon.delete(f"{MODELS}/slow") as removed:
            assert removed.status == 204
        last = [event async for event in events][-1]
    assert last.name == "error"
    assert "cancelled" in last.data["error"]["message"]
    assert not (paths.models / "slow.gguf").exists()

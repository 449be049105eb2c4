"""What the daemon tells of itself."""

import os
from typing import Any

import msgspec
import pytest

from andiron_daemon import __version__
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings
from andiron_models.types import BackendState, BackendStatus
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon
from andiron_testing.scripted import ScriptedBackend


async def get(daemon: DaemonClient, path: str) -> dict[str, Any]:
    response = await daemon.get(path)
    assert response.status == 200
    assert response.content_type == "application/json"
    body: dict[str, Any] = await response.json()
    return body


async def test_the_root_lists_the_endpoints(daemon: DaemonClient) -> None:
    body = await get(daemon, "/")
    assert (body["name"], body["version"], body["api"], body["docs"]) == ("Andiron", __version__, "v1", "/docs")
    assert "POST /api/v1/chat/stream" in body["endpoints"]


async def test_health_is_short_and_compact(daemon: DaemonClient) -> None:
    body = await get(daemon, "/health")
    assert (body["status"], body["version"], body["model"]) == ("ok", __version__, "loaded")
    assert body["uptime_s"] >= 0
    assert b" " not in await (await daemon.get("/health")).read()


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("ready", "loaded"),
        ("loading", "loading"),
        ("idle", "idle"),
        ("failed", "failed"),
        ("unreachable", "failed"),
        ("unconfigured", "none"),
    ],
)
async def test_health_tells_how_the_local_model_is(
    daemon: DaemonClient, backend: ScriptedBackend, state: BackendState, word: str
) -> None:
    backend.state = state
    assert (await get(daemon, "/health"))["model"] == word


async def test_without_a_local_backend_there_is_no_model(start_daemon: StartDaemon) -> None:
    backends = {"other": ScriptedBackend("other")}
    daemon = await start_daemon(Settings(token=TOKEN, backend="other"), backends=backends)
    assert (await get(daemon, "/health"))["model"] == "none"


async def test_status_tells_everything_but_secrets(start_daemon: StartDaemon, paths: Paths) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, openai_api_key="sk-secret"))
    for path in ("/api/v1/chat/message", "/api/v1/nowhere"):
        await daemon.post(path, json={"message": "hello"})
    response = await daemon.get("/api/v1/status")
    text = await response.text()
    assert TOKEN not in text
    assert "sk-secret" not in text
    body = msgspec.json.decode(text)
    assert body["process"]["pid"] == os.getpid()
    assert body["process"]["rss_bytes"] > 1_000_000
    assert (body["settings"]["openai_api_key"], body["settings"]["port"]) == ("set", 8000)
    assert body["backends"][0]["name"] == "local"
    assert body["backends"][0]["models"][0]["id"] == "scripted-1"
    assert body["storage"]["path"] == str(paths.database_file)
    assert (body["storage"]["conversations"], body["storage"]["messages"]) == (1, 2)
    assert body["storage"]["bytes"] > 0
    assert body["rates"]["requests"]["POST /api/v1/chat/message"] == 1
    assert body["rates"]["errors"] == {"not_found": 1}
    assert body["rates"]["tokens"]["local"]["answers"] == 1
    assert body["last_errors"][0]["path"] == "/api/v1/nowhere"
    assert body["last_errors"][0]["request_id"]


async def test_status_shows_the_local_engines_own_figures(
    daemon: DaemonClient, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def status() -> BackendStatus:
        return BackendStatus(name="local", state="ready", engine={"slots": 4})

    monkeypatch.setattr(backend, "status", status)
    assert (await get(daemon, "/api/v1/status"))["local_engine"] == {"slots": 4}


async def test_the_models_of_every_backend_are_listed(start_daemon: StartDaemon, backend: ScriptedBackend) -> None:
    daemon = await start_daemon(backends={"local": backend, "other": ScriptedBackend("other", "b")})
    models = (await get(daemon, "/api/v1/models"))["models"]
    here = [(model["id"], model["backend"]) for model in models if model.get("is_installed", True)]
    assert here == [("scripted-1", "local"), ("b", "other")]

"""Whatever refuses a request, its client is told in its own protocol's shape."""

from typing import Any

import pytest

from andiron_daemon.api.dialects.failures import dialect_of
from andiron_daemon.settings import Settings
from andiron_testing.capable import CapableBackend
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon
from andiron_testing.dialects import read_lines

PATHS = [("/v1/chat/completions", "openai"), ("/infill", "llamacpp"), ("/api/chat", "ollama")]


@pytest.fixture
def backend() -> CapableBackend:
    return CapableBackend("local")


def sentence_of(dialect: str, body: Any) -> str:
    """Find the message, after checking the shape around it."""
    if dialect == "ollama":
        assert set(body) == {"error"}
        return str(body["error"])
    error = body["error"]
    assert {"message", "type", "code"} <= set(error)
    assert isinstance(error["code"], int if dialect == "llamacpp" else str)
    return str(error["message"])


@pytest.mark.parametrize(("path", "dialect"), PATHS)
async def test_a_missing_token_is_told(start_daemon: StartDaemon, path: str, dialect: str) -> None:
    stranger = await start_daemon(Settings(token=TOKEN), token=None)
    response = await stranger.post(path, json={})
    assert response.status == 401
    assert "token" in sentence_of(dialect, await response.json())


@pytest.mark.parametrize(("path", "dialect"), PATHS)
async def test_a_foreign_page_is_told(daemon: DaemonClient, path: str, dialect: str) -> None:
    response = await daemon.post(path, json={}, headers={"Origin": "https://example.com"})
    assert response.status == 403
    assert "example.com" in sentence_of(dialect, await response.json())


@pytest.mark.parametrize(("path", "dialect"), PATHS)
async def test_a_body_that_is_no_json_is_told(daemon: DaemonClient, path: str, dialect: str) -> None:
    response = await daemon.post(path, data=b"{", headers={"Content-Type": "application/json"})
    assert response.status == 400
    assert "JSON" in sentence_of(dialect, await response.json())


@pytest.mark.parametrize(("path", "dialect"), [("/v1/nowhere", "openai"), ("/api/nowhere", "ollama")])
async def test_a_path_that_leads_nowhere_is_told(daemon: DaemonClient, path: str, dialect: str) -> None:
    response = await daemon.get(path)
    assert response.status == 404
    assert path in sentence_of(dialect, await response.json())


async def test_our_own_errors_keep_their_shape(daemon: DaemonClient) -> None:
    error = (await (await daemon.get("/api/v1/nowhere")).json())["error"]
    assert {"code", "message", "request_id"} <= set(error)
    assert "type" not in error


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1", "openai"),
        ("/v1/models", "openai"),
        ("/v1beta", None),
        ("/api/tags", "ollama"),
        ("/api/v1/status", None),
        ("/api/v1", None),
        ("/props", "llamacpp"),
        ("/health", None),
        ("/", None),
    ],
)
def test_a_path_tells_the_protocol(path: str, dialect: str | None) -> None:
    assert dialect_of(path) == dialect


async def test_lines_of_ollamas_are_compact_json(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("one two")
    body = {"model": "scripted-1", "prompt": "Say it."}
    response = await daemon.post("/api/generate", json=body)
    lines = await read_lines(response)
    assert [line["response"] for line in lines] == ["one ", "two", ""]
    assert [line["done"] for line in lines] == [False, False, True]
    assert all("created_at" in line for line in lines)
    assert lines[-1]["total_duration"] > 0
    assert '": ' not in await response.text()


@pytest.mark.parametrize("path", ["/api/tags", "/api/version"])
async def test_ollamas_lists_answer_head_requests(daemon: DaemonClient, path: str) -> None:
    assert (await daemon.head(path)).status == 200


async def test_a_model_goes_by_both_names(daemon: DaemonClient) -> None:
    model = (await (await daemon.get("/api/tags")).json())["models"][0]
    assert model["name"] == model["model"] == "scripted-1:latest"
    for field in ("name", "model"):
        shown = await (await daemon.post("/api/show", json={field: "scripted-1"})).json()
        assert isinstance(shown["capabilities"], list)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generate", {"model": "scripted-1", "prompt": "x", "format": "yaml"}),
        ("/api/generate", {"model": "scripted-1", "prompt": "x", "template": "{{ .Prompt }}"}),
        ("/api/generate", {"model": "scripted-1", "prompt": "x", "images": ["?"]}),
        ("/api/chat", {"model": "scripted-1", "messages": [{"role": "clown", "content": "x"}]}),
        ("/api/embed", {"model": "scripted-1", "input": "x", "dimensions": 7}),
        ("/api/chat", {"messages": []}),
    ],
)
async def test_what_ollamas_clients_cannot_mean_is_refused(
    daemon: DaemonClient, path: str, body: dict[str, object]
) -> None:
    response = await daemon.post(path, json=body)
    assert response.status == 400
    assert sentence_of("ollama", await response.json())

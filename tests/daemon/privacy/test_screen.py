"""Nothing reaches a backend that is not on this machine but through the screen."""

from pathlib import Path
from typing import Any

import pytest

from andiron_daemon import keys
from andiron_daemon.settings import Settings
from andiron_models.errors import NotConfiguredError
from andiron_models.types import ChatRequest, ExtraFile, InfillRequest, ToolCall
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of
from andiron_testing.scripted import ScriptedBackend

MESSAGE = "/api/v1/chat/message"
COMPLETE = "/api/v1/code/complete"
LOG = "/api/v1/privacy/log"
SECRET = "sk-proj-abcDEF0123456789abcdef"


@pytest.fixture
def cloud() -> ScriptedBackend:
    return ScriptedBackend("openai", "gpt-x", can_infill=True)


@pytest.fixture
async def daemon(start_daemon: StartDaemon, backend: ScriptedBackend, cloud: ScriptedBackend) -> DaemonClient:
    return await start_daemon(Settings(token=TOKEN, backend="auto"), backends={"local": backend, "openai": cloud})


async def _post(daemon: DaemonClient, to: str, **body: Any) -> dict[str, Any]:
    response = await daemon.post(to, json=body)
    assert response.status == 200, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


async def _sent(daemon: DaemonClient) -> list[dict[str, Any]]:
    body = await (await daemon.get(LOG)).json()
    sendings: list[dict[str, Any]] = body["sendings"]
    return sendings


def _text(request: ChatRequest | InfillRequest) -> str:
    if isinstance(request, ChatRequest):
        return "\n".join(message.content for message in request.messages)
    return "\n".join([request.prefix, request.suffix, *(file.content for file in request.extra)])


async def test_a_chat_with_the_cloud_has_its_secrets_masked_and_put_back(
    daemon: DaemonClient, cloud: ScriptedBackend
) -> None:
    answer = await _post(daemon, MESSAGE, message=f'why does key = "{SECRET}" fail?', backend="openai")
    assert SECRET not in _text(cloud.requests[0])
    assert "ANDIRON_MASKED_1" in _text(cloud.requests[0])
    assert answer["masked"] == 1
    assert answer["message"]["content"] == f'You said: why does key = "{SECRET}" fail?'


async def test_stop_strings_are_masked_and_calls_of_tools_get_their_secrets_back(
    daemon: DaemonClient, cloud: ScriptedBackend
) -> None:
    cloud.enqueue([ToolCall(id="1", name="connect", arguments='{"key": "ANDIRON_MASKED_1"}')])
    answer = await _post(
        daemon,
        "/v1/chat/completions",
        model="openai/gpt-x",
        messages=[{"role": "user", "content": f'key = "{SECRET}"'}],
        stop=[SECRET],
        tools=[{"type": "function", "function": {"name": "connect", "parameters": {"type": "object"}}}],
    )
    assert cloud.requests[0].sampling.stop == ("ANDIRON_MASKED_1",)
    (call,) = answer["choices"][0]["message"]["tool_calls"]
    assert call["function"]["arguments"] == f'{{"key": "{SECRET}"}}'


async def test_a_token_put_in_force_at_run_time_is_masked_like_the_first(
    daemon: DaemonClient, cloud: ScriptedBackend
) -> None:
    app = daemon.app
    assert app is not None
    app[keys.ACCESS].take("plain-words-only")
    headers = {"Authorization": "Bearer plain-words-only"}
    body = {"message": f"both plain-words-only and {TOKEN} are secret", "backend": "openai"}
    answer = await daemon.post(MESSAGE, json=body, headers=headers)
    assert (await answer.json())["masked"] == 2
    assert TOKEN not in _text(cloud.requests[0])
    assert "plain-words-only" not in _text(cloud.requests[0])


async def test_a_local_chat_sees_the_text_as_it_is_and_is_not_in_the_log(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    answer = await _post(daemon, MESSAGE, message=f"key {SECRET}", backend="local")
    assert SECRET in _text(backend.requests[0])
    assert answer["masked"] == 0
    assert await _sent(daemon) == []


async def test_titles_made_in_the_cloud_are_masked_too(daemon: DaemonClient, cloud: ScriptedBackend) -> None:
    await _post(daemon, MESSAGE, message=f"key {SECRET}", backend="openai")
    while not cloud.background_requests:
        await daemon.get("/health")
    assert SECRET not in _text(cloud.background_requests[0])


async def test_a_private_file_in_the_context_is_withheld_also_from_an_earlier_local_turn(
    daemon: DaemonClient, backend: ScriptedBackend, cloud: ScriptedBackend
) -> None:
    backend.enqueue("I see.")
    context = {"files": [{"path": "app/.env", "content": "GREETING=marker-of-the-file\n"}]}
    first = await _post(daemon, MESSAGE, message="look", context=context, backend="local")
    second = await _post(
        daemon, MESSAGE, message="and now?", conversation_id=first["conversation_id"], backend="openai"
    )
    assert "marker-of-the-file" not in _text(cloud.requests[0])
    assert second["withheld"] == ["app/.env"]


async def test_a_completion_in_a_private_file_is_refused_by_the_cloud_and_made_locally(
    daemon: DaemonClient, cloud: ScriptedBackend, tmp_path: Path
) -> None:
    (tmp_path / ".andironignore").write_text("*.sql\n")
    body = {"prefix": "SELECT ", "path": str(tmp_path / "a.sql")}
    status, error = await error_of(await daemon.post(COMPLETE, json={**body, "backend": "openai"}))
    assert (status, error["code"]) == (403, "private_path")
    assert ".andironignore" in error["hint"]
    assert cloud.requests == []
    local = await _post(daemon, COMPLETE, **body)
    assert local["backend"] == "local"


async def test_a_file_of_secrets_is_completed_by_nobody(
    daemon: DaemonClient, backend: ScriptedBackend, cloud: ScriptedBackend
) -> None:
    answer = await _post(daemon, COMPLETE, prefix="KEY=", path="project/.env", backend="openai")
    assert answer["completions"] == []
    assert (backend.requests, cloud.requests) == ([], [])


async def test_a_completion_has_secrets_masked_on_both_sides_and_in_other_files(
    daemon: DaemonClient, cloud: ScriptedBackend
) -> None:
    cloud.enqueue("ANDIRON_MASKED_1)")
    answer = await _post(
        daemon,
        COMPLETE,
        prefix=f'KEY = "{SECRET}"\nclient = Client("',
        suffix="\n",
        path="src/app.py",
        context=[{"path": "src/other.py", "content": 'PASSWORD = "hunter2"\ndef client(): ...\n'}],
        backend="openai",
    )
    assert answer["masked"] >= 1
    text = _text(cloud.requests[0])
    assert SECRET not in text
    assert "hunter2" not in text
    assert SECRET in answer["completions"][0]["text"]


async def test_values_of_an_environment_file_nearby_are_masked_wherever_they_stand(
    daemon: DaemonClient, cloud: ScriptedBackend, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("INTERNAL=q7w8e9r0t1\nMODE=development\n")
    source = tmp_path / "src" / "app.py"
    await _post(
        daemon, COMPLETE, prefix="connect('q7w8e9r0t1', mode='development')\n", path=str(source), backend="openai"
    )
    assert "q7w8e9r0t1" not in _text(cloud.requests[0])
    assert "development" in _text(cloud.requests[0])


async def test_the_log_tells_where_when_and_how_much_but_no_text(daemon: DaemonClient, paths: Any) -> None:
    answer = await _post(daemon, MESSAGE, message=f"marker-of-the-text {SECRET}", backend="openai")
    (sending,) = [row for row in await _sent(daemon) if row["prompt_tokens"] == answer["usage"]["prompt_tokens"]]
    assert sending["host"] == "api.openai.com"
    assert (sending["backend"], sending["model"], sending["kind"]) == ("openai", "gpt-x", "chat")
    assert sending["masked"] == 1
    assert sending["bytes"] > 10
    assert sending["outcome"] == "answered"
    assert "marker-of-the-text" not in str(sending)


async def test_what_never_left_is_not_in_the_log(daemon: DaemonClient, cloud: ScriptedBackend) -> None:
    keyless = NotConfiguredError("there is no key")
    keyless.nothing_sent = True
    cloud.enqueue(keyless)
    cloud.enqueue(NotConfiguredError("refused the key"))
    for _ in range(2):
        assert (await daemon.post(MESSAGE, json={"message": "hello", "backend": "openai"})).status == 503
    (refused,) = await _sent(daemon)
    assert refused["outcome"] == "failed"


async def test_the_log_comes_in_pages_and_says_what_is_wrong_with_a_query(daemon: DaemonClient) -> None:
    for number in range(3):
        await _post(daemon, COMPLETE, prefix=f"x{number} = ", backend="openai")
    first = await (await daemon.get(LOG, params={"limit": "2"})).json()
    rest = await (await daemon.get(LOG, params={"limit": "50", "before": first["next_before"]})).json()
    assert len(first["sendings"]) == 2
    assert not {row["id"] for row in first["sendings"]} & {row["id"] for row in rest["sendings"]}
    status, error = await error_of(await daemon.get(LOG, params={"limit": "many"}))
    assert (status, error["code"]) == (400, "invalid_request")


async def test_a_server_on_this_machine_and_a_trusted_one_see_the_text_as_it_is(
    start_daemon: StartDaemon, backend: ScriptedBackend, cloud: ScriptedBackend
) -> None:
    both = {"local": backend, "openai": cloud}
    near = await start_daemon(Settings(token=TOKEN, openai_base_url="http://127.0.0.1:9/v1"), backends=both)
    await _post(near, MESSAGE, message=SECRET, backend="openai")
    assert SECRET in _text(cloud.requests[-1])


async def test_status_says_what_may_leave_the_machine(daemon: DaemonClient, start_daemon: StartDaemon) -> None:
    auto = await (await daemon.get("/api/v1/status")).json()
    assert auto["privacy"]["outside"] == {"openai": "api.openai.com"}
    assert auto["privacy"]["leaves_by_default"] is True
    local = await (await (await start_daemon()).get("/api/v1/status")).json()
    assert local["privacy"]["leaves_by_default"] is False


async def test_other_files_that_are_private_are_left_out_of_a_completion() -> None:
    from andiron_daemon.privacy.covering import cover_infill
    from andiron_daemon.privacy.ignore import IgnoredPaths

    request = InfillRequest(prefix="x", path="a.py", extra=(ExtraFile(path="b/key.pem", content="marker"),))
    covered = cover_infill(request, IgnoredPaths())
    assert covered.withheld == ("b/key.pem",)
    assert covered.request.extra == ()
    assert covered.paths == ("a.py",)


async def test_an_assist_on_a_private_file_is_refused_by_the_cloud(
    daemon: DaemonClient, cloud: ScriptedBackend, tmp_path: Path
) -> None:
    (tmp_path / ".andironignore").write_text("internal.py\n")
    body = {"code": "def add(a, b):\n    return a\n", "path": str(tmp_path / "internal.py"), "backend": "openai"}
    await daemon.post("/api/v1/code/explain", json=body)
    assert cloud.requests == []


async def test_an_assist_with_the_cloud_is_masked_and_says_so(daemon: DaemonClient, cloud: ScriptedBackend) -> None:
    cloud.enqueue("It connects.")
    body = {"code": f'def connect():\n    return Client("{SECRET}")\n', "path": "app.py", "backend": "openai"}
    response = await daemon.post("/api/v1/code/explain", json=body)
    assert cloud.requests
    assert all(SECRET not in _text(request) for request in cloud.requests)
    assert (await response.json()).get("masked") == 1


async def test_both_refusals_stand_in_the_description_of_the_api(daemon: DaemonClient) -> None:
    described = await (await daemon.get("/openapi.json")).json()
    responses = described["paths"][COMPLETE]["post"]["responses"]
    assert "private_path" in responses["403"]["description"]
    assert "budget_spent" in responses["429"]["description"]


async def test_under_auto_the_local_engine_answers_about_a_private_file_and_the_cloud_is_asked_again(
    daemon: DaemonClient, backend: ScriptedBackend, cloud: ScriptedBackend, tmp_path: Path
) -> None:
    (tmp_path / ".andironignore").write_text("internal.py\n")
    body = {"code": "def add(a, b):\n    return a\n", "path": str(tmp_path / "internal.py")}
    answer = await _post(daemon, "/api/v1/code/explain", **body)
    assert answer["backend"] == "local"
    assert answer["fallback"]["code"] == "private_path"
    assert cloud.requests == []
    again = await _post(daemon, MESSAGE, message="hello")
    assert again["backend"] == "openai"

"""The four assists over HTTP."""

import asyncio
import io
import json

import pytest

from andiron_daemon.settings import Settings
from andiron_models.errors import BackendUnavailableError
from andiron_testing.assists import code, told
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of, read_events
from andiron_testing.scripted import ScriptedBackend

_PATH = "/api/v1/code/"
_CODE = "def add(a, b):\n    return a - b\n"
_MENDED = _CODE.replace("-", "+")
_GENERATED = {"backend", "model", "finish_reason", "usage", "timings"}
_REASON = told(title="Sign", explanation="It subtracts.", category="logic", severity="error")


async def test_an_explanation_has_every_field_of_the_contract(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(told(summary="Adds.", explanation="It adds.", sections=[]))
    body = await (await daemon.post(_PATH + "explain", json={"code": _CODE, "path": "a.py"})).json()
    assert {"summary", "explanation", "sections", *_GENERATED} <= set(body)


async def test_a_refactoring_has_every_field_of_the_contract(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(code(_MENDED), told(changes=[{"title": "Sign", "why": "It adds."}]))
    body = await (await daemon.post(_PATH + "refactor", json={"code": _CODE, "path": "a.py"})).json()
    assert {"code", "diff", "changes", "parses", "edits", *_GENERATED} <= set(body)
    assert body["code"] == _MENDED
    assert body["edits"] == [
        {
            "range": {"start": {"line": 1, "character": 13}, "end": {"line": 1, "character": 14}},
            "new_text": "+",
        }
    ]


async def test_a_bug_report_has_every_field_of_the_contract(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(code(_MENDED), _REASON)
    body = await (await daemon.post(_PATH + "find-bugs", json={"code": _CODE, "path": "a.py"})).json()
    assert {"bugs", "linters", "dropped", *_GENERATED} <= set(body)
    (bug,) = [bug for bug in body["bugs"] if bug["source"] == "model"]
    assert {"range", "severity", "category", "title", "explanation", "suggestion", "source", "confidence"} <= set(bug)


async def test_generated_tests_have_every_field_of_the_contract(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(code("def test_add():\n    assert add(1, 1) == 0"), told(value="0"))
    body = await (await daemon.post(_PATH + "generate-tests", json={"code": _CODE, "path": "a.py"})).json()
    assert {"tests", "framework", "path", "parses", "covers", *_GENERATED} <= set(body)
    assert body["covers"] == ["add"]


async def test_as_events_the_static_part_comes_at_once(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.hold()
    response = await daemon.post(_PATH + "find-bugs", json={"code": _CODE, "path": "a.py", "stream": True})
    events = read_events(response)
    first = await anext(events)
    assert first.name == "static"
    assert {"bugs", "linters", "language"} == set(first.data)
    await backend.arrived()
    backend.release()
    assert [event.name async for event in events if event.name != "comment"] == ["start", "done"]


async def test_a_client_that_leaves_cancels_the_models_work(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue([asyncio.Event()])
    async with daemon.post(_PATH + "explain", json={"code": _CODE, "path": "a.py", "stream": True}) as response:
        events = read_events(response)
        assert [(await anext(events)).name for _ in range(2)] == ["static", "start"]
        response.close()
    await backend.was_cancelled()


async def test_an_answer_that_is_not_valid_is_an_error_in_the_stream_too(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    backend.enqueue("nothing", "again nothing", "nothing", "again nothing")
    body = {"code": _CODE, "path": "a.py"}
    status, error = await error_of(await daemon.post(_PATH + "refactor", json=body))
    assert (status, error["code"]) == (502, "invalid_answer")
    response = await daemon.post(_PATH + "refactor", json={**body, "stream": True})
    events = [event async for event in read_events(response)]
    assert [event.name for event in events] == ["static", "start", "error"]
    assert events[-1].data["error"]["details"]["problems"]


@pytest.mark.parametrize("assist", ["refactor", "generate-tests"])
async def test_without_a_model_what_needs_one_says_so(
    daemon: DaemonClient, backend: ScriptedBackend, assist: str
) -> None:
    backend.enqueue(BackendUnavailableError("no model is installed", hint="Get one."))
    status, error = await error_of(await daemon.post(_PATH + assist, json={"code": _CODE, "path": "a.py"}))
    assert (status, error["code"], error["hint"]) == (503, "backend_unavailable", "Get one.")


@pytest.mark.parametrize("assist", ["explain", "refactor", "find-bugs", "generate-tests"])
@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"code": _CODE, "language": "klingon"}, 422, "unsupported_language"),
        ({"code": "x" * 5_000_000, "language": "python"}, 413, "payload_too_large"),
        (
            {
                "code": _CODE,
                "language": "python",
                "selection": {"start": {"line": 9, "character": 0}, "end": {"line": 9, "character": 1}},
            },
            400,
            "invalid_request",
        ),
        ({"code": _CODE, "language": "python", "backend": "nobody"}, 400, "invalid_request"),
    ],
)
async def test_bad_input_gets_a_clear_code(
    daemon: DaemonClient, assist: str, body: dict[str, object], status: int, word: str
) -> None:
    content = io.BytesIO(json.dumps(body).encode())
    headers = {"Content-Type": "application/json"}
    answered, error = await error_of(await daemon.post(_PATH + assist, data=content, headers=headers))
    assert (answered, error["code"]) == (status, word)
    assert error["message"]


async def test_tokens_of_assists_are_counted(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(told(summary="Adds.", explanation="It adds.", sections=[]))
    await daemon.post(_PATH + "explain", json={"code": _CODE, "path": "a.py"})
    status = await (await daemon.get("/api/v1/status")).json()
    assert status["rates"]["tokens"]["local"]["answers"] == 1


async def test_checks_can_be_switched_off_for_measuring(start_daemon: StartDaemon, backend: ScriptedBackend) -> None:

    daemon = await start_daemon(Settings(token=TOKEN, assist_checks=False))
    backend.enqueue(code("def add(:"))
    body = await (await daemon.post(_PATH + "refactor", json={"code": _CODE, "path": "a.py"})).json()
    assert body["parses"] is False

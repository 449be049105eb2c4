"""One error shape for everything that can go wrong."""

import asyncio
import logging

import pytest
from aiohttp import ClientConnectionResetError, web
from aiohttp.test_utils import make_mocked_request

from andiron_daemon import keys
from andiron_daemon.api.dialects.failures import reshape_failure
from andiron_daemon.middleware.edge import edge
from andiron_daemon.settings import Settings
from andiron_models.errors import (
    ContextTooLongError,
    DeadlineError,
    ModelError,
    ModelNotFoundError,
    QueueFullError,
    RateLimitedError,
    WorkerDiedError,
)
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of
from andiron_testing.scripted import ScriptedBackend

COMPLETE = "/api/v1/code/complete"
CHAT = "/api/v1/chat/message"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ContextTooLongError("too long", hint="Cut."), 422, "context_too_long"),
        (ModelNotFoundError("none such", hint="Look."), 404, "model_not_found"),
        (QueueFullError("full", hint="Wait."), 503, "queue_full"),
        (WorkerDiedError("died", hint="Again."), 503, "backend_unavailable"),
        (DeadlineError("late", hint="Again."), 504, "timeout"),
        (RateLimitedError("slow", hint="Wait.", details={"retry_after_seconds": 7.4}), 429, "rate_limited"),
    ],
)
async def test_a_backends_error_keeps_its_code_and_hint(
    daemon: DaemonClient, backend: ScriptedBackend, error: ModelError, status: int, code: str
) -> None:
    backend.enqueue(error)
    response = await daemon.post(COMPLETE, json={"prefix": "x"})
    got_status, got = await error_of(response)
    assert (got_status, got["code"], got["message"], got["hint"]) == (status, code, error.message, error.hint)
    assert response.headers.get("Retry-After") == ("7" if code == "rate_limited" else None)


async def test_a_fault_of_our_own_tells_nothing_but_where_to_look(
    daemon: DaemonClient, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: object) -> None:
        raise ZeroDivisionError("secret internals")

    monkeypatch.setattr(backend, "infill", fail)
    status, error = await error_of(await daemon.post(COMPLETE, json={"prefix": "x"}))
    assert (status, error["code"]) == (500, "internal")
    assert "secret" not in str(error)
    assert error["request_id"] in error["hint"]
    assert "secret internals" in caplog.text
    assert error["request_id"] in caplog.text


class _ClosingTransport(asyncio.Transport):
    def is_closing(self) -> bool:
        return True


async def test_a_client_that_leaves_as_its_answer_begins_is_no_fault(
    daemon: DaemonClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def begin(request: web.Request) -> web.StreamResponse:
        raise ClientConnectionResetError("Cannot write to closing transport")

    request = make_mocked_request("POST", CHAT, app=daemon.app, transport=_ClosingTransport())
    await edge(reshape_failure)(request, begin)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert daemon.app[keys.SERVICES].counters.errors == {}


async def test_a_path_that_leads_nowhere_is_not_found(daemon: DaemonClient) -> None:
    status, error = await error_of(await daemon.get("/api/v1/nowhere"))
    assert (status, error["code"]) == (404, "not_found")
    assert "/api/v1/nowhere" in error["message"]


async def test_another_method_is_refused_with_those_allowed(daemon: DaemonClient) -> None:
    response = await daemon.put(CHAT)
    status, error = await error_of(response)
    assert (status, error["code"], response.headers["Allow"]) == (405, "invalid_request", "POST")
    assert error["hint"] == "It takes POST."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b'{"message"', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"message":"\xff"}', "not JSON"),
        (b'{"message":"\\ud800"}', "not JSON"),
        (b"[]", "array"),
        (b"null", "null"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(daemon: DaemonClient, content: bytes, told: str) -> None:
    response = await daemon.post(CHAT, data=content, headers={"Content-Type": "application/json"})
    status, error = await error_of(response)
    assert (status, error["code"]) == (400, "invalid_request")
    assert told in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (CHAT, {}, "message"),
        (CHAT, {"message": 3}, "message"),
        (CHAT, {"message": None}, "message"),
        (CHAT, {"message": "x", "temperature": "hot"}, "temperature"),
        (CHAT, {"message": "x", "max_tokens": 1.5}, "max_tokens"),
        (CHAT, {"message": "x", "context": {"files": [{"path": "a"}]}}, "context.files[0].content"),
        (CHAT, {"message": "x", "context": {"files": "a"}}, "context.files"),
        (COMPLETE, {"prefix": 1}, "prefix"),
        (COMPLETE, {"prefix": "x", "multiline": "maybe"}, "multiline"),
        (COMPLETE, {"document": "x", "position": {"line": 0}}, "position.character"),
        (COMPLETE, {"prefix": "x", "n": 99}, "n"),
    ],
)
async def test_a_wrong_type_is_named_by_its_field(
    daemon: DaemonClient, path: str, body: dict[str, object], field: str
) -> None:
    status, error = await error_of(await daemon.post(path, json=body))
    assert (status, error["code"], error["details"]["field"]) == (400, "invalid_request", field)
    assert field in error["message"]


async def test_unknown_fields_are_ignored(daemon: DaemonClient) -> None:
    assert (await daemon.post(COMPLETE, json={"prefix": "x", "future": {"a": 1}})).status == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"]
)
async def test_a_body_of_another_type_is_refused(daemon: DaemonClient, content_type: str) -> None:
    response = await daemon.post(CHAT, data=b'{"message":"x"}', headers={"Content-Type": content_type})
    status, error = await error_of(response)
    assert (status, error["code"]) == (400, "invalid_request")
    assert content_type in error["message"]


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_over_the_limit_is_refused(start_daemon: StartDaemon, is_chunked: bool) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, max_body_bytes=2048))

    async def chunks() -> object:
        for _ in range(4):
            yield b"x" * 1024
            await asyncio.sleep(0)

    data = chunks() if is_chunked else b"x" * 4096
    response = await daemon.post(CHAT, data=data, headers={"Content-Type": "application/json"})
    status, error = await error_of(response)
    assert (status, error["code"], error["details"]) == (413, "payload_too_large", {"limit_bytes": 2048})
    assert "ANDIRON_MAX_BODY_BYTES" in error["hint"]


async def test_a_forged_log_line_stays_in_its_line(daemon: DaemonClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await daemon.get("/x%0Aforged")
    assert "\nforged" not in "".join(record.getMessage() for record in caplog.records)


async def test_every_request_has_an_id_of_its_own(daemon: DaemonClient) -> None:
    ids = {(await daemon.get("/health")).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3

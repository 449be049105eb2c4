"""Code completion over HTTP."""

import asyncio
import io

from andiron_testing.daemons import DaemonClient, error_of
from andiron_testing.scripted import ScriptedBackend

COMPLETE = "/api/v1/code/complete"
JSON = {"Content-Type": "application/json"}


async def test_a_completion_has_every_field_of_the_contract(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue("1")
    body = await (await daemon.post(COMPLETE, json={"prefix": "a\nx = ", "suffix": "\n"})).json()
    here = {"line": 1, "character": 4}
    assert body["completions"] == [{"text": "1", "range": {"start": here, "end": here}}]
    assert (body["cached"], body["backend"], body["model"], body["finish_reason"]) == (
        "no",
        "local",
        "scripted-1",
        "stop",
    )
    assert {"id", "usage", "timings"} <= set(body)
    assert "reason" not in body


async def test_a_document_and_position_do_as_well(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    response = await daemon.post(COMPLETE, json={"document": "ab", "position": {"line": 0, "character": 1}})
    assert response.status == 200
    assert (await response.json())["completions"][0]["text"] == "fill(1, 1)"


async def test_a_superseded_request_is_answered_with_nothing(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue([asyncio.Event()], "new")
    body = {"prefix": "x", "session": "s", "path": "p"}
    older = asyncio.ensure_future(daemon.post(COMPLETE, json=body))
    await backend.arrived(1)
    newer = await daemon.post(COMPLETE, json={**body, "prefix": "y"})
    answer = await (await older).json()
    assert (answer["completions"], answer["reason"]) == ([], "superseded")
    assert (await newer.json())["completions"][0]["text"] == "new"


async def test_warming_up_is_accepted_at_once(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.hold()
    response = await daemon.post(COMPLETE, json={"prefix": "x", "max_tokens": 0, "stream": True})
    assert response.status == 202
    assert set(await response.json()) == {"id"}
    await backend.arrived(1)


async def test_a_prefix_over_any_context_is_cut_and_said(daemon: DaemonClient) -> None:
    body = await (await daemon.post(COMPLETE, json={"prefix": "x = 1\n" * 100_000})).json()
    assert body["truncated"]["what"] == "the beginning of prefix"
    assert body["truncated"]["dropped_tokens"] > 100_000
    assert body["completions"][0]["range"]["start"] == {"line": 100_000, "character": 0}


async def test_a_position_outside_the_document_is_refused(daemon: DaemonClient) -> None:
    body = {"document": "a", "position": {"line": 9, "character": 0}}
    status, error = await error_of(await daemon.post(COMPLETE, json=body))
    assert (status, error["code"], error["details"]) == (400, "invalid_request", {"field": "position", "lines": 1})


async def test_feedback_is_counted_and_shown_in_the_status(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue("foo()", "bar()")
    answer = await (await daemon.post(COMPLETE, json={"prefix": "x = "})).json()
    for feedback in ({"event": "shown"}, {"event": "accepted", "accepted_chars": 3}):
        assert (await daemon.post(f"{COMPLETE}/{answer['id']}/feedback", json=feedback)).status == 204
    completion = (await (await daemon.get("/api/v1/status")).json())["completion"]
    assert completion["counts"]["accepted_characters"] == 3
    assert completion["acceptance_rate"] == 1.0
    assert set(completion["latency"]) == {"queue", "prompt", "generate", "total"}
    assert completion["budgets"]["small"]["prefix"] > 0


async def test_feedback_that_cannot_be_meant_is_refused(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    unknown = await daemon.post(f"{COMPLETE}/nothing/feedback", json={"event": "shown"})
    assert (await error_of(unknown))[1]["code"] == "not_found"
    backend.enqueue("foo()")
    answer = await (await daemon.post(COMPLETE, json={"prefix": "x = "})).json()
    for body in ({}, {"event": "eaten"}, {"event": "accepted", "accepted_chars": 99}):
        response = await daemon.post(f"{COMPLETE}/{answer['id']}/feedback", json=body)
        assert (await error_of(response))[0] == 400


async def test_what_was_suggested_is_typed_through(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue("foo(bar)")
    await daemon.post(COMPLETE, json={"prefix": "x = ", "suffix": "\n"})
    body = await (await daemon.post(COMPLETE, json={"prefix": "x = foo(", "suffix": ")\n"})).json()
    assert (body["cached"], body["completions"][0]["text"]) == ("typed_through", "bar")
    assert body["usage"]["prompt_tokens"] == body["usage"]["completion_tokens"] == 0


async def test_a_suggestion_may_take_the_place_of_a_bracket(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue("array) {\n  return array;\n}")
    request = {"prefix": "function sort(", "suffix": ")\n", "path": "a.js", "multiline": True}
    body = await (await daemon.post(COMPLETE, json=request)).json()
    (completion,) = body["completions"]
    assert completion["range"] == {"start": {"line": 0, "character": 14}, "end": {"line": 0, "character": 15}}


async def test_the_json_of_a_notebook_is_an_unsupported_language(daemon: DaemonClient) -> None:
    body = {"prefix": '{"cells": [', "suffix": "]}", "path": "a.ipynb"}
    status, error = await error_of(await daemon.post(COMPLETE, json=body))
    assert (status, error["code"]) == (422, "unsupported_language")


async def test_a_body_over_the_limit_is_refused(daemon: DaemonClient) -> None:
    body = io.BytesIO(b'{"prefix": "%b"}' % (b"x" * 10_000_000))
    status, error = await error_of(await daemon.post(COMPLETE, data=body, headers=JSON))
    assert (status, error["code"]) == (413, "payload_too_large")

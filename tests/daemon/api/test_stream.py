"""Answers as server-sent events: flushed at once, cancelled with their connection, errors in-band."""

import asyncio
from typing import Any

import pytest

from andiron_models.errors import ModelNotFoundError, WorkerDiedError
from andiron_testing.daemons import DaemonClient, ServerEvent, StartDaemon, read_events
from andiron_testing.scripted import ScriptedBackend

CHAT = "/api/v1/chat/stream"
MESSAGE = "/api/v1/chat/message"
COMPLETE = "/api/v1/code/complete"
HELLO = {"message": "hello"}
generating = pytest.mark.parametrize(("path", "body"), [(CHAT, HELLO), (COMPLETE, {"prefix": "x"})])


async def all_events(daemon: DaemonClient, path: str, body: dict[str, Any], **more: Any) -> list[ServerEvent]:
    async with daemon.post(path, json=body, **more) as response:
        assert response.status == 200
        return [event async for event in read_events(response)]


async def test_a_chat_is_start_deltas_and_done_with_the_whole_body(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    backend.enqueue("one two")
    start, first, second, done = await all_events(daemon, CHAT, HELLO)
    assert start.name == "start"
    assert (start.data["backend"], start.data["model"]) == ("local", "scripted-1")
    assert start.data["id"] == start.data["message_id"] == done.data["message"]["id"]
    assert start.data["conversation_id"] == done.data["conversation_id"]
    assert (first, second) == (ServerEvent("delta", {"text": "one "}), ServerEvent("delta", {"text": "two"}))
    assert done.name == "done"
    whole = await (await daemon.post(MESSAGE, json=HELLO)).json()
    assert set(done.data) == set(whole)


async def test_a_completion_streams_too(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue("x = 1")
    *_, done = await all_events(daemon, COMPLETE, {"prefix": "a", "stream": True})
    assert done.data["completions"][0]["text"] == "x = 1"


@pytest.mark.parametrize("path", [MESSAGE, COMPLETE])
async def test_either_way_of_asking_for_events_is_heard(daemon: DaemonClient, path: str) -> None:
    body = {"message": "x", "prefix": "x"}
    assert (await all_events(daemon, path, {**body, "stream": True}))[-1].name == "done"
    assert (await all_events(daemon, path, body, headers={"Accept": "text/event-stream"}))[-1].name == "done"
    async with daemon.post(path, json=body) as response:
        assert response.content_type == "application/json"


async def test_a_delta_is_on_the_wire_before_the_next_exists(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    gate = asyncio.Event()
    backend.enqueue(["first", gate, "second"])
    async with daemon.post(CHAT, json=HELLO) as response:
        events = read_events(response)
        assert (await anext(events)).name == "start"
        assert (await anext(events)).data == {"text": "first"}
        gate.set()
        assert (await anext(events)).data == {"text": "second"}


async def test_lines_of_a_completion_are_on_the_wire_once_nothing_can_take_them_back(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    gate = asyncio.Event()
    backend.enqueue(["    a = 1\n", "    b = 2\n", gate, "    return a"])
    body = {"prefix": "def f():\n", "language": "python", "stream": True}
    async with daemon.post(COMPLETE, json=body) as response:
        events = read_events(response)
        assert (await anext(events)).name == "start"
        assert (await anext(events)).data == {"text": "    a = 1"}
        gate.set()
        assert (await anext(events)).data == {"text": "\n    b = 2\n    return a"}
        assert (await anext(events)).data["completions"][0]["text"] == "    a = 1\n    b = 2\n    return a"


@generating
async def test_leaving_in_the_middle_cancels_the_work(
    daemon: DaemonClient, backend: ScriptedBackend, path: str, body: dict[str, Any]
) -> None:
    backend.enqueue(["first", asyncio.Event()])
    async with daemon.post(path, json={**body, "stream": True}) as response:
        await anext(read_events(response))
        response.close()
    await backend.was_cancelled(1)


@pytest.mark.parametrize(("path", "body"), [(MESSAGE, HELLO), (COMPLETE, {"prefix": "x"}), (CHAT, HELLO)])
async def test_leaving_before_any_token_cancels_the_work(
    daemon: DaemonClient, backend: ScriptedBackend, path: str, body: dict[str, Any]
) -> None:
    backend.hold()
    asking = asyncio.ensure_future(daemon.post(path, json=body))
    await backend.arrived(1)
    if path == CHAT:
        (await asking).close()
    else:
        asking.cancel()
    await backend.was_cancelled(1)


async def test_what_was_said_before_leaving_is_kept(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(["so far", asyncio.Event()])
    async with daemon.post(CHAT, json=HELLO) as response:
        events = read_events(response)
        conversation_id = (await anext(events)).data["conversation_id"]
        await anext(events)
        response.close()
    await backend.was_cancelled(1)
    while True:
        kept = (await (await daemon.get(f"/api/v1/chat/conversations/{conversation_id}")).json())["messages"]
        if len(kept) == 2:
            break
    assert (kept[1]["content"], kept[1]["finish_reason"]) == ("so far", "cancelled")


@generating
async def test_a_failure_after_the_start_comes_as_an_event(
    daemon: DaemonClient, backend: ScriptedBackend, path: str, body: dict[str, Any]
) -> None:
    backend.enqueue(["half ", WorkerDiedError("the engine died", hint="Ask again.")])
    async with daemon.post(path, json={**body, "stream": True}) as response:
        events = [event async for event in read_events(response)]
        assert [event.name for event in events if event.name != "delta"] == ["start", "error"]
        error = events[-1].data["error"]
        assert (error["code"], error["message"], error["hint"]) == (
            "backend_unavailable",
            "the engine died",
            "Ask again.",
        )
        assert error["request_id"] == response.headers["X-Request-Id"]


@generating
async def test_a_failure_before_the_start_has_its_status(
    daemon: DaemonClient, backend: ScriptedBackend, path: str, body: dict[str, Any]
) -> None:
    backend.enqueue(ModelNotFoundError("no such model"))
    async with daemon.post(path, json={**body, "stream": True}) as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "model_not_found"


@generating
async def test_a_silent_stream_is_kept_alive_by_comments(
    start_daemon: StartDaemon, backend: ScriptedBackend, path: str, body: dict[str, Any]
) -> None:
    daemon = await start_daemon(keep_alive_seconds=0.01)
    gate = asyncio.Event()
    backend.enqueue([gate, "late"])
    async with daemon.post(path, json={**body, "stream": True}) as response:
        events = read_events(response)
        while (await anext(events)).name != "start":
            pass
        assert [(await anext(events)).name for _ in range(2)] == ["comment", "comment"]
        gate.set()
        assert [event.data async for event in events if event.name == "delta"] == [{"text": "late"}]


async def test_comments_come_even_before_the_backend_takes_the_request(
    start_daemon: StartDaemon, backend: ScriptedBackend
) -> None:
    daemon = await start_daemon(keep_alive_seconds=0.01)
    backend.hold()
    first = asyncio.ensure_future(all_events(daemon, CHAT, HELLO))
    await backend.arrived(1)
    conversation = (await (await daemon.get("/api/v1/chat/conversations")).json())["conversations"][0]
    body = {**HELLO, "conversation_id": conversation["id"]}
    async with daemon.post(CHAT, json=body) as response:
        events = read_events(response)
        assert (await anext(events)).name == "comment"
        backend.release()
        assert [event.name async for event in events][-1] == "done"
    assert (await first)[-1].name == "done"


async def test_text_with_line_ends_stays_in_one_event(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    backend.enqueue(["a\n\nevent: done\ndata: x\r\n\u2028"])
    events = await all_events(daemon, CHAT, HELLO)
    assert [event.name for event in events] == ["start", "delta", "done"]
    assert events[1].data["text"] == "a\n\nevent: done\ndata: x\r\n\u2028"

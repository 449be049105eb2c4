"""Messages, answers and conversations over HTTP."""

import asyncio
import io
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from andiron_daemon import keys
from andiron_daemon.paths import Paths
from andiron_testing.daemons import DaemonClient, StartDaemon, error_of, read_events
from andiron_testing.scripted import ScriptedBackend

MESSAGE = "/api/v1/chat/message"
CONVERSATIONS = "/api/v1/chat/conversations"


async def say(daemon: DaemonClient, message: str, **more: Any) -> dict[str, Any]:
    response = await daemon.post(MESSAGE, json={"message": message, **more})
    assert response.status == 200
    body: dict[str, Any] = await response.json()
    return body


async def test_an_answer_has_every_field_of_the_contract(daemon: DaemonClient) -> None:
    body = await say(daemon, "hello")
    assert set(body) == {
        "conversation_id",
        "message",
        "context_used",
        "backend",
        "model",
        "finish_reason",
        "usage",
        "timings",
        "masked",
    }
    assert body["message"] | {"id": "", "created_at": ""} == {
        "id": "",
        "role": "assistant",
        "content": "You said: hello",
        "created_at": "",
    }
    assert set(body["usage"]) == {
        "prompt_tokens",
        "prompt_tokens_cached",
        "prompt_tokens_evaluated",
        "completion_tokens",
    }
    assert set(body["timings"]) == {"queue_ms", "prompt_ms", "generate_ms", "total_ms"}


async def test_what_an_editor_sends_as_context_is_used_and_told(daemon: DaemonClient) -> None:
    selection = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    files = [{"path": "a.py", "content": "x = 1\n", "language": "python", "selection": selection}]
    diagnostics = [{"message": "unused", "path": "a.py", "range": selection, "severity": "warning", "code": 7}]
    context = {"files": files, "diagnostics": diagnostics, "language": "python", "workspace": "shop"}
    body = await say(daemon, "why?", context=context)
    assert body["context_used"] == [{"path": "a.py", "tokens": body["context_used"][0]["tokens"], "cut": False}]
    assert "1 | x = 1" in body["message"]["content"]


async def test_an_empty_message_is_refused(daemon: DaemonClient) -> None:
    status, error = await error_of(await daemon.post(MESSAGE, json={"message": "  "}))
    assert (status, error["code"], error["details"]) == (400, "invalid_request", {"field": "message"})
    assert error["hint"]


async def test_an_unknown_conversation_is_not_found(daemon: DaemonClient) -> None:
    status, error = await error_of(await daemon.post(MESSAGE, json={"message": "x", "conversation_id": "nope"}))
    assert (status, error["code"]) == (404, "not_found")
    assert "nope" in error["message"]


@pytest.mark.parametrize(
    ("choice", "status", "code"),
    [({"backend": "nope"}, 400, "invalid_request"), ({"model": "nope"}, 404, "model_not_found")],
)
async def test_an_unknown_backend_or_model_is_refused(
    daemon: DaemonClient, choice: dict[str, str], status: int, code: str
) -> None:
    got, error = await error_of(await daemon.post(MESSAGE, json={"message": "x", **choice}))
    assert (got, error["code"]) == (status, code)
    assert "nope" in error["message"]
    assert error["hint"]


async def test_conversations_outlive_the_daemon(daemon: DaemonClient, start_daemon: StartDaemon) -> None:
    first = await say(daemon, "remember me")
    await daemon.close()
    again = await start_daemon(backends={"local": ScriptedBackend("local")})
    shown = await (await again.get(f"{CONVERSATIONS}/{first['conversation_id']}")).json()
    question, answer = shown["messages"]
    assert (shown["title"], question["content"], answer["content"]) == (
        "remember me",
        "remember me",
        "You said: remember me",
    )
    assert (answer["backend"], answer["model"], answer["finish_reason"]) == ("local", "scripted-1", "stop")
    assert answer["usage"] == first["usage"]


async def test_conversations_are_listed_page_by_page(daemon: DaemonClient) -> None:
    for text in ("one", "two", "three"):
        await say(daemon, text)
    page = await (await daemon.get(CONVERSATIONS, params={"limit": "2"})).json()
    assert [found["title"] for found in page["conversations"]] == ["three", "two"]
    assert set(page["conversations"][0]) == {"id", "title", "created_at", "updated_at", "message_count", "preview"}
    rest = await (await daemon.get(CONVERSATIONS, params={"limit": "2", "cursor": page["next_cursor"]})).json()
    assert [found["title"] for found in rest["conversations"]] == ["one"]
    assert rest["next_cursor"] is None


async def test_a_search_shows_where_it_found(daemon: DaemonClient) -> None:
    await say(daemon, "about parsing dates")
    await say(daemon, "about nothing")
    page = await (await daemon.get(CONVERSATIONS, params={"q": "dates"})).json()
    assert [found["title"] for found in page["conversations"]] == ["about parsing dates"]
    assert "dates" in page["conversations"][0]["snippet"]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "1000"}, "limit"),
        ({"cursor": "?"}, "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(daemon: DaemonClient, parameters: dict[str, str], field: str) -> None:
    status, error = await error_of(await daemon.get(CONVERSATIONS, params=parameters))
    assert (status, error["code"], error["details"]["field"]) == (400, "invalid_request", field)


async def test_a_deleted_conversation_is_gone(daemon: DaemonClient, paths: Paths) -> None:
    conversation = f"{CONVERSATIONS}/{(await say(daemon, 'hello'))['conversation_id']}"
    deleted = await daemon.delete(conversation)
    assert (deleted.status, await deleted.read()) == (204, b"")
    for response in (await daemon.get(conversation), await daemon.delete(conversation)):
        assert (await error_of(response))[0] == 404


async def test_a_conversation_is_renamed(daemon: DaemonClient) -> None:
    conversation = f"{CONVERSATIONS}/{(await say(daemon, 'hello'))['conversation_id']}"
    renamed = await daemon.patch(conversation, json={"title": "Greetings"})
    assert (renamed.status, (await renamed.json())["title"]) == (200, "Greetings")
    same = await daemon.patch(conversation, json={})
    assert (await same.json())["title"] == "Greetings"
    assert (await error_of(await daemon.patch(conversation, json={"title": ""})))[0] == 400
    assert (await error_of(await daemon.patch(conversation, json={"title": 5})))[0] == 400
    assert (await error_of(await daemon.patch(f"{CONVERSATIONS}/nope", json={"title": "x"})))[0] == 404


async def test_a_conversation_is_handed_out_as_a_document(daemon: DaemonClient) -> None:
    files = [{"path": "a.py", "content": "x = 1\n"}]
    told = await say(daemon, "What is x, in <b>?", context={"files": files})
    export = f"{CONVERSATIONS}/{told['conversation_id']}/export"
    response = await daemon.get(export)
    text = await response.text()
    assert response.content_type == "text/markdown"
    assert response.headers["Content-Disposition"] == 'attachment; filename="what-is-x-in-b.md"'
    assert text.startswith("# What is x, in <b>?\n")
    assert text.index("## You") < text.index("_shown: a.py_") < text.index("## Andiron") < text.index("You said:")
    as_json = await daemon.get(export, params={"format": "json"})
    assert await as_json.json() == await (await daemon.get(export.removesuffix("/export"))).json()
    status, error = await error_of(await daemon.get(export, params={"format": "pdf"}))
    assert (status, error["details"]["field"]) == (400, "format")
    assert (await error_of(await daemon.get(f"{CONVERSATIONS}/nope/export")))[0] == 404


async def test_the_last_answer_is_given_again(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    told = await say(daemon, "hello")
    regenerate = f"{CONVERSATIONS}/{told['conversation_id']}/regenerate"
    backend.enqueue("better", "best")
    response = await daemon.post(regenerate)
    assert (response.status, (await response.json())["message"]["content"]) == (200, "better")
    async with daemon.post(regenerate, json={"stream": True}) as streamed:
        events = [event async for event in read_events(streamed)]
    assert [event.name for event in events] == ["start", "delta", "done"]
    kept = await (await daemon.get(f"{CONVERSATIONS}/{told['conversation_id']}")).json()
    assert [message["content"] for message in kept["messages"]] == ["hello", "best"]
    assert (await error_of(await daemon.post(f"{CONVERSATIONS}/nope/regenerate")))[0] == 404
    assert (await error_of(await daemon.post(regenerate, json={"max_tokens": 0})))[0] == 400


async def test_a_conversation_that_is_deleted_while_it_streams_ends_the_stream(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    backend.enqueue(["so far", asyncio.Event()])
    async with daemon.post("/api/v1/chat/stream", json={"message": "hello"}) as response:
        events = read_events(response)
        conversation_id = (await anext(events)).data["conversation_id"]
        await anext(events)
        assert (await daemon.delete(f"{CONVERSATIONS}/{conversation_id}")).status == 204
        last = await anext(events)
    assert (last.name, last.data["error"]["code"]) == ("error", "not_found")
    assert (await (await daemon.get(CONVERSATIONS)).json())["conversations"] == []


async def test_a_disk_that_fills_up_during_an_answer_is_an_error_and_loses_nothing_before(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    first = await say(daemon, "hello")
    database = daemon.app[keys.SERVICES].database
    pages = await database.write(lambda tables: tables.execute("PRAGMA page_count").fetchone()[0])
    gate = asyncio.Event()
    backend.enqueue(["so far ", gate, "much more " * 20_000])
    body = {"message": "again", "conversation_id": first["conversation_id"]}
    async with daemon.post("/api/v1/chat/stream", json=body) as response:
        events = read_events(response)
        await anext(events)
        await database.write(lambda tables: tables.execute(f"PRAGMA max_page_count = {pages + 8}").fetchone())
        gate.set()
        last = [event async for event in events][-1]
    assert (last.name, last.data["error"]["details"]["reason"]) == ("error", "disk_full")
    assert last.data["error"]["hint"]
    await database.write(lambda tables: tables.execute("PRAGMA max_page_count = 1000000").fetchone())
    kept = await (await daemon.get(f"{CONVERSATIONS}/{first['conversation_id']}")).json()
    assert [message["content"] for message in kept["messages"]] == ["hello", "You said: hello", "again"]


async def test_a_message_of_a_mebibyte_is_answered_and_kept_whole(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    backend.enqueue("read it all")
    message = "word " * (1024 * 1024 // 5)
    body = io.BytesIO(json.dumps({"message": message}).encode())
    response = await daemon.post(MESSAGE, data=body, headers={"Content-Type": "application/json"})
    told = await response.json()
    kept = await (await daemon.get(f"{CONVERSATIONS}/{told['conversation_id']}")).json()
    assert kept["messages"][0]["content"] == message
    assert len(kept["title"]) <= 60


async def test_a_database_that_another_program_locks_is_an_error_that_passes(
    daemon: DaemonClient, paths: Paths
) -> None:
    await say(daemon, "hello")
    database = daemon.app[keys.SERVICES].database
    await database.write(lambda tables: tables.execute("PRAGMA busy_timeout = 1").fetchone())
    with closing(sqlite3.connect(paths.database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, error = await error_of(await daemon.post(MESSAGE, json={"message": "hello"}))
        other.execute("ROLLBACK")
    assert (status, error["code"], error["details"]["reason"]) == (500, "internal", "locked")
    assert "Close the other program" in error["hint"]
    await say(daemon, "hello")

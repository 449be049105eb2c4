"""The socket: the contract's messages, many at once, streamed, cancelled, and kept by the same rules as over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from andiron_models.errors import ModelNotFoundError, WorkerDiedError
from andiron_models.types import InfillRequest
from andiron_testing.daemons import DaemonClient, StartDaemon
from andiron_testing.scripted import ScriptedBackend

Socket = ClientWebSocketResponse[bool]


@pytest.fixture
async def socket(daemon: DaemonClient) -> AsyncIterator[Socket]:
    async with daemon.ws_connect("/ws") as connected:
        yield connected


async def ask(socket: Socket, **frame: Any) -> dict[str, Any]:
    """Send a frame and return the next reply."""
    await socket.send_json(frame)
    return await reply_of(socket)


async def reply_of(socket: Socket) -> dict[str, Any]:
    reply: dict[str, Any] = await socket.receive_json(timeout=10)
    return reply


async def replies_until(socket: Socket, kind: str) -> list[dict[str, Any]]:
    """Collect replies up to the first of a type."""
    replies = [await reply_of(socket)]
    while replies[-1]["type"] != kind:
        replies.append(await reply_of(socket))
    return replies


async def test_a_ping_is_answered(socket: Socket) -> None:
    assert await ask(socket, type="ping", id="p") == {
        "type": "pong",
        "id": "p",
        "response": "pong",
        "status": "success",
    }
    assert (await ask(socket, type="ping"))["id"] is None


async def test_a_chat_carries_the_body_of_the_http_answer(daemon: DaemonClient, socket: Socket) -> None:
    reply = await ask(socket, type="chat", id="r1", message="hello", context={})
    assert (reply["type"], reply["id"], reply["status"]) == ("chat_response", "r1", "success")
    assert reply["response"] == reply["message"]["content"] == "You said: hello"
    over_http = await (await daemon.post("/api/v1/chat/message", json={"message": "hello"})).json()
    assert set(reply) == {*over_http, "type", "id", "response", "status"}


async def test_a_stream_is_deltas_in_order_and_then_the_answer(socket: Socket, backend: ScriptedBackend) -> None:
    backend.enqueue("one two three")
    await socket.send_json({"type": "chat", "id": 7, "message": "count", "stream": True})
    *deltas, answer = await replies_until(socket, "chat_response")
    assert deltas == [
        {"type": "chat_delta", "id": 7, "delta": word, "status": "streaming"} for word in ("one ", "two ", "three")
    ]
    assert answer["response"] == "one two three"


async def test_a_completion_takes_the_message_for_the_prefix(socket: Socket, backend: ScriptedBackend) -> None:
    backend.enqueue("a + b")
    context = {"suffix": "\n", "path": "add.py", "session": "s"}
    reply = await ask(socket, type="completion", id="c1", message="return ", context=context)
    assert (reply["type"], reply["id"], reply["response"]) == ("completion_response", "c1", "a + b")
    assert reply["completions"][0]["text"] == "a + b"
    assert reply["completion_id"]
    request = backend.requests[-1]
    assert isinstance(request, InfillRequest)
    assert (request.prefix, request.suffix, request.path) == ("return ", "\n", "add.py")


async def test_a_completion_of_no_tokens_warms_up_only(socket: Socket) -> None:
    reply = await ask(socket, type="completion", id="c1", message="x", context={"max_tokens": 0})
    assert (reply["type"], reply["response"], reply["status"]) == ("completion_response", "", "success")
    assert reply["completion_id"]


async def test_what_the_editor_has_open_may_stand_in_the_context_itself(
    socket: Socket, backend: ScriptedBackend
) -> None:
    files = [{"path": "a.py", "content": "x = 1\n"}]
    for context in ({"files": files}, {"context": {"files": files}}):
        reply = await ask(socket, type="chat", id="r", message="why?", context=context)
        assert [use["path"] for use in reply["context_used"]] == ["a.py"]


async def test_a_conversation_goes_on_over_the_socket(daemon: DaemonClient, socket: Socket) -> None:
    first = await ask(socket, type="chat", id="1", message="one")
    conversation_id = first["conversation_id"]
    second = await ask(socket, type="chat", id="2", message="two", context={"conversation_id": conversation_id})
    assert second["conversation_id"] == conversation_id
    kept = await (await daemon.get(f"/api/v1/chat/conversations/{conversation_id}")).json()
    assert [message["content"] for message in kept["messages"]] == ["one", "You said: one", "two", "You said: two"]


async def test_requests_run_at_once_and_replies_name_theirs(socket: Socket, backend: ScriptedBackend) -> None:
    gates = [asyncio.Event() for _ in range(5)]
    for number, gate in enumerate(gates):
        backend.enqueue([gate, f"answer {number}"])
        await socket.send_json({"type": "chat", "id": number, "message": str(number)})
        await backend.arrived(number + 1)
    for number in (3, 0, 4, 2, 1):
        gates[number].set()
        reply = await reply_of(socket)
        assert (reply["id"], reply["response"]) == (number, f"answer {number}")


async def test_cancel_ends_the_work_and_keeps_what_was_said(
    daemon: DaemonClient, socket: Socket, backend: ScriptedBackend
) -> None:
    backend.enqueue(["so far", asyncio.Event(), "never"])
    await socket.send_json({"type": "chat", "id": "r", "message": "hello", "stream": True})
    assert (await reply_of(socket))["delta"] == "so far"
    reply = await ask(socket, type="cancel", id="r")
    assert (reply["type"], reply["status"], reply["response"]) == ("chat_response", "cancelled", "so far")
    assert reply["finish_reason"] == "cancelled"
    assert backend.cancelled == 1
    kept = await (await daemon.get(f"/api/v1/chat/conversations/{reply['conversation_id']}")).json()
    assert (kept["messages"][1]["content"], kept["messages"][1]["finish_reason"]) == ("so far", "cancelled")


async def test_cancel_before_the_first_token_is_answered_too(socket: Socket, backend: ScriptedBackend) -> None:
    backend.hold()
    await socket.send_json({"type": "completion", "id": "r", "message": "x"})
    await backend.arrived(1)
    reply = await ask(socket, type="cancel", id="r")
    assert (reply["type"], reply["status"], reply["response"]) == ("completion_response", "cancelled", "")


async def test_cancel_leaves_the_others_alone(socket: Socket, backend: ScriptedBackend) -> None:
    gate = asyncio.Event()
    backend.enqueue([asyncio.Event()], [gate, "mine"])
    for number in (1, 2):
        await socket.send_json({"type": "chat", "id": number, "message": "x"})
        await backend.arrived(number)
    assert (await ask(socket, type="cancel", id=1))["status"] == "cancelled"
    gate.set()
    assert (await reply_of(socket))["response"] == "mine"


async def test_an_id_may_be_used_again_once_it_was_answered(socket: Socket) -> None:
    for _ in range(3):
        assert (await ask(socket, type="chat", id="same", message="x"))["status"] == "success"


async def test_leaving_cancels_what_runs_and_keeps_what_came(
    daemon: DaemonClient, socket: Socket, backend: ScriptedBackend
) -> None:
    backend.enqueue(["so far", asyncio.Event()])
    await socket.send_json({"type": "chat", "id": "r", "message": "hello", "stream": True})
    await reply_of(socket)
    await socket.close()
    await backend.was_cancelled(1)
    while True:
        (found,) = (await (await daemon.get("/api/v1/chat/conversations")).json())["conversations"]
        if found["message_count"] == 2:
            break
    assert found["preview"] == "so far"


@pytest.mark.parametrize(
    ("error", "code"), [(ModelNotFoundError("no such model"), "model_not_found"), (ZeroDivisionError(), "internal")]
)
async def test_a_failure_is_an_error_with_the_id_and_leaves_the_socket_open(
    socket: Socket, backend: ScriptedBackend, error: Any, code: str
) -> None:
    backend.enqueue(["half", error] if code == "internal" else error)
    reply = await ask(socket, type="chat", id="r", message="x")
    assert (reply["type"], reply["id"], reply["status"]) == ("error", "r", "error")
    assert reply["error"]["code"] == code
    assert reply["response"] == reply["error"]["message"]
    assert reply["error"]["request_id"]
    assert (await ask(socket, type="ping", id="p"))["type"] == "pong"


async def test_a_worker_that_dies_in_the_middle_fails_its_own_request_only(
    socket: Socket, backend: ScriptedBackend
) -> None:
    gate = asyncio.Event()
    backend.enqueue([gate, "mine"], ["half ", WorkerDiedError("the engine died", hint="Ask again.")])
    await socket.send_json({"type": "chat", "id": 1, "message": "x"})
    await backend.arrived(1)
    await socket.send_json({"type": "chat", "id": 2, "message": "x", "stream": True})
    _, failed = await replies_until(socket, "error")
    assert (failed["id"], failed["error"]["code"], failed["error"]["hint"]) == (2, "backend_unavailable", "Ask again.")
    gate.set()
    assert (await reply_of(socket))["response"] == "mine"


async def test_ten_thousand_requests_on_one_socket_are_each_answered(socket: Socket) -> None:
    count = 10_000
    kinds = {number: "completion" if number % 10 == 0 else "ping" for number in range(count)}

    async def send() -> None:
        for number, kind in kinds.items():
            await socket.send_json({"type": kind, "id": number, "message": "x"})

    sending = asyncio.create_task(send())
    seen = [await reply_of(socket) for _ in range(count)]
    await sending
    assert sorted(reply["id"] for reply in seen) == list(range(count))
    assert {reply["status"] for reply in seen} == {"success"}


async def test_more_than_a_socket_holds_is_refused_and_the_rest_is_answered(
    socket: Socket, backend: ScriptedBackend
) -> None:
    backend.hold()
    large = "x" * 1_000_000
    for number in range(20):
        await socket.send_json({"type": "completion", "id": number, "message": large})
    refused = [await reply_of(socket) for _ in range(4)]
    assert {reply["error"]["code"] for reply in refused} == {"queue_full"}
    assert refused[0]["error"]["hint"]
    backend.release()
    answered = [await reply_of(socket) for _ in range(16)]
    assert {reply["id"] for reply in refused + answered} == set(range(20))


async def test_a_shutdown_answers_what_runs_and_closes_with_1001(
    start_daemon: StartDaemon, backend: ScriptedBackend
) -> None:
    daemon = await start_daemon()
    backend.enqueue(["so far", asyncio.Event()])
    async with daemon.ws_connect("/ws") as socket, daemon.ws_connect("/ws") as idle:
        await socket.send_json({"type": "chat", "id": "r", "message": "hello", "stream": True})
        await reply_of(socket)
        stopping = asyncio.create_task(daemon.server.close())
        reply = await reply_of(socket)
        assert (reply["status"], reply["response"]) == ("cancelled", "so far")
        for closing in (socket, idle):
            message = await closing.receive()
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
        await stopping


async def next_of_type(socket: Socket, kind: WSMsgType) -> Any:
    """Read on until a message of a type comes."""
    while (message := await socket.receive(timeout=10)).type is not kind:
        assert message.type is WSMsgType.PING
    return message


async def test_a_silent_socket_is_pinged_and_one_that_never_answers_is_closed(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(heartbeat_seconds=0.05)
    async with daemon.ws_connect("/ws", autoping=False) as socket:
        await next_of_type(socket, WSMsgType.PING)
        await next_of_type(socket, WSMsgType.CLOSED)
        assert socket.closed


async def test_a_socket_that_answers_pings_stays_open(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(heartbeat_seconds=0.02)
    async with daemon.ws_connect("/ws", autoping=False) as socket:
        for _ in range(5):
            await socket.pong((await next_of_type(socket, WSMsgType.PING)).data)
        await socket.send_json({"type": "ping", "id": "p"})
        assert (await next_of_type(socket, WSMsgType.TEXT)).json()["type"] == "pong"

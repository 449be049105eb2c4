"""What a socket must bear: frames that cannot be meant, frames no client would send, and readers that do not read."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import WSMsgType

from andiron_daemon.settings import Settings
from andiron_testing.daemons import DaemonClient, StartDaemon
from andiron_testing.raw_socket import BINARY, CLOSE, CONTINUATION, TEXT, RawSocket, raw_socket
from andiron_testing.scripted import ScriptedBackend

PING = json.dumps({"type": "ping", "id": "p"}).encode()


async def read_reply(socket: RawSocket) -> dict[str, Any]:
    opcode, payload = await asyncio.wait_for(socket.receive(), 10)
    assert opcode == TEXT
    reply: dict[str, Any] = json.loads(payload)
    return reply


async def is_open(socket: RawSocket) -> bool:
    await socket.send(TEXT, PING)
    return bool((await read_reply(socket))["type"] == "pong")


@pytest.mark.parametrize(
    ("frame", "field", "identifier"),
    [
        ("", None, None),
        ("no json", None, None),
        ("[1]", None, None),
        ("null", None, None),
        ("[" * 100_000, None, None),
        ({}, "type", None),
        ({"id": "r"}, "type", "r"),
        ({"type": 5, "id": "r"}, "type", "r"),
        ({"type": "nope", "id": "r"}, "type", "r"),
        ({"type": "chat", "message": "x"}, "id", None),
        ({"type": "chat", "id": None, "message": "x"}, "id", None),
        ({"type": "chat", "id": "", "message": "x"}, "id", None),
        ({"type": "chat", "id": True, "message": "x"}, "id", None),
        ({"type": "chat", "id": 2**60, "message": "x"}, "id", None),
        ({"type": "chat", "id": "x" * 201, "message": "x"}, "id", None),
        ({"type": "chat", "id": {"a": 1}, "message": "x"}, "id", None),
        ({"type": "chat", "id": "r"}, "message", "r"),
        ({"type": "chat", "id": "r", "message": ""}, "message", "r"),
        ({"type": "chat", "id": "r", "message": 5}, "message", "r"),
        ({"type": "chat", "id": "r", "message": "x", "context": []}, "context", "r"),
        ({"type": "chat", "id": "r", "message": "x", "context": {"max_tokens": "many"}}, "max_tokens", "r"),
        (
            {"type": "chat", "id": "r", "message": "x", "context": {"files": [{"path": "a"}]}},
            "context.files[0].content",
            "r",
        ),
        ({"type": "chat", "id": "r", "message": "x", "stream": "yes"}, "stream", "r"),
        ({"type": "completion", "id": "r"}, None, "r"),
    ],
)
async def test_a_frame_that_cannot_be_meant_gets_an_error_and_leaves_the_socket_open(
    daemon: DaemonClient, frame: Any, field: str | None, identifier: str | None
) -> None:
    async with daemon.ws_connect("/ws") as socket:
        await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        reply = await socket.receive_json(timeout=10)
        assert (reply["type"], reply["id"], reply["status"]) == ("error", identifier, "error")
        assert reply["error"]["code"] == "invalid_request"
        assert reply["response"]
        if field is not None:
            assert reply["error"]["details"]["field"] == field
        await socket.send_json({"type": "ping", "id": "p"})
        assert (await socket.receive_json(timeout=10))["type"] == "pong"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "cancel", "id": "nope"}, "not_found"),
        ({"type": "cancel"}, "not_found"),
        ({"type": "chat", "id": "r", "message": "x", "context": {"conversation_id": "nope"}}, "not_found"),
        ({"type": "chat", "id": "r", "message": "x", "context": {"model": "nope"}}, "model_not_found"),
        ({"type": "chat", "id": "r", "message": "x", "context": {"backend": "nope"}}, "invalid_request"),
    ],
)
async def test_what_is_not_there_is_named(daemon: DaemonClient, frame: dict[str, Any], code: str) -> None:
    async with daemon.ws_connect("/ws") as socket:
        await socket.send_json(frame)
        reply = await socket.receive_json(timeout=10)
        assert (reply["type"], reply["id"], reply["error"]["code"]) == ("error", frame.get("id"), code)
        assert reply["error"]["hint"]


async def test_a_duplicate_id_is_refused_and_the_first_goes_on(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    gate = asyncio.Event()
    backend.enqueue([gate, "the first"])
    async with daemon.ws_connect("/ws") as socket:
        await socket.send_json({"type": "chat", "id": "same", "message": "x"})
        await backend.arrived(1)
        await socket.send_json({"type": "chat", "id": "same", "message": "y"})
        refused = await socket.receive_json(timeout=10)
        assert (refused["error"]["code"], refused["error"]["details"]) == ("invalid_request", {"field": "id"})
        gate.set()
        assert (await socket.receive_json(timeout=10))["response"] == "the first"
    assert len(backend.requests) == 1


async def test_a_binary_frame_gets_an_error(daemon: DaemonClient) -> None:
    async with raw_socket(daemon) as socket:
        await socket.send(BINARY, PING)
        reply = await read_reply(socket)
        assert reply["error"]["code"] == "invalid_request"
        assert "binary" in reply["error"]["message"]
        assert await is_open(socket)


async def test_text_that_is_no_utf_8_gets_an_error(daemon: DaemonClient) -> None:
    async with raw_socket(daemon) as socket:
        await socket.send(TEXT, b'{"type":"chat","id":"r","message":"\xff\xfe"}')
        reply = await read_reply(socket)
        assert (reply["type"], reply["error"]["code"]) == ("error", "invalid_request")
        assert await is_open(socket)


async def test_a_frame_in_fragments_is_one_message(daemon: DaemonClient) -> None:
    async with raw_socket(daemon) as socket:
        whole = json.dumps({"type": "chat", "id": "r", "message": "grüße"}, ensure_ascii=False).encode()
        pieces = [whole[index : index + 1] for index in range(len(whole))]
        for index, piece in enumerate(pieces):
            await socket.send(TEXT if index == 0 else CONTINUATION, piece, is_last=index == len(pieces) - 1)
        assert (await read_reply(socket))["response"] == "You said: grüße"


async def test_a_frame_of_one_mebibyte_is_taken_and_one_more_byte_closes_with_1009(daemon: DaemonClient) -> None:
    frame = {"type": "completion", "id": "r", "message": ""}
    room = Settings().max_frame_bytes - len(json.dumps(frame))
    async with daemon.ws_connect("/ws") as socket:
        await socket.send_str(json.dumps({**frame, "message": "x" * room}))
        assert (await socket.receive_json(timeout=10))["type"] == "completion_response"
        await socket.send_str(json.dumps({**frame, "message": "x" * (room + 1)}))
        message = await socket.receive(timeout=10)
        assert message.type is WSMsgType.CLOSE
        assert socket.close_code == 1009


async def test_too_much_in_fragments_closes_with_1009(daemon: DaemonClient) -> None:
    async with raw_socket(daemon) as socket:
        piece = b"x" * 300_000
        for index in range(4):
            await socket.send(TEXT if index == 0 else CONTINUATION, piece, is_last=False)
        opcode, payload = await socket.receive()
        assert (opcode, payload[:2]) == (CLOSE, (1009).to_bytes(2, "big"))


async def test_a_reader_that_does_not_read_holds_back_its_own_request(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    produced = 0

    class Counted(list[Any]):
        def __iter__(self) -> Any:
            nonlocal produced
            for _ in range(20_000):
                produced += 1
                yield "x" * 1000

    backend.enqueue(Counted(["x"]))
    async with raw_socket(daemon) as slow, daemon.ws_connect("/ws") as quick:
        frame = {"type": "chat", "id": "r", "message": "x", "stream": True, "context": {"max_tokens": 20_000}}
        await slow.send(TEXT, json.dumps(frame).encode())
        await backend.arrived(1)
        last = -1
        while produced != last:
            last = produced
            for number in range(50):
                await quick.send_json({"type": "completion", "id": number, "message": "x"})
                assert (await quick.receive_json(timeout=10))["status"] == "success"
        assert 0 < produced < 20_000
        assert backend.finished == len(backend.requests) - 1
    await backend.was_cancelled(1)


async def test_something_else_than_an_upgrade_is_told_so(daemon: DaemonClient) -> None:
    response = await daemon.get("/ws")
    assert response.status == 400
    assert "WebSocket" in (await response.json())["error"]["message"]


@pytest.mark.parametrize(
    ("path", "protocols"),
    [("/ws?token=a-token-of-the-tests", ()), ("/ws", ("andiron", "bearer.a-token-of-the-tests"))],
)
async def test_the_token_may_come_as_a_browser_can_send_it(
    start_daemon: StartDaemon, path: str, protocols: tuple[str, ...]
) -> None:
    daemon = await start_daemon(token=None)
    async with daemon.ws_connect(path, protocols=protocols) as socket:
        assert socket.protocol == ("andiron" if protocols else None)
        await socket.send_json({"type": "ping", "id": 1})
        assert (await socket.receive_json(timeout=10))["type"] == "pong"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/ws", {}, 401),
        ("/ws?token=wrong", {}, 401),
        ("/ws", {"Sec-WebSocket-Protocol": "andiron, bearer.wrong"}, 401),
        ("/ws?token=a-token-of-the-tests", {"Origin": "https://evil.example"}, 403),
        ("/ws?token=a-token-of-the-tests", {"Host": "evil.example"}, 403),
        ("/api/v1/status?token=a-token-of-the-tests", {}, 401),
    ],
)
async def test_nobody_else_gets_a_socket(
    start_daemon: StartDaemon, path: str, headers: dict[str, str], status: int
) -> None:
    daemon = await start_daemon(token=None)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    response = await daemon.get(path, headers={**upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers})
    assert response.status == status

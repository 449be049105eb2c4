"""The socket of the real process: auth by token file, many at once, and the goodbye of a daemon that is stopped."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from andiron_testing.daemon_process import DaemonProcess


def run(daemon: DaemonProcess, use: Callable[[aiohttp.ClientWebSocketResponse[bool]], Awaitable[None]]) -> None:
    async def connected() -> None:
        headers = {"Authorization": f"Bearer {daemon.token}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.ws_connect(f"{daemon.record.url}/ws") as socket:
            await use(socket)

    asyncio.run(connected())


def test_pings_are_answered_and_a_daemon_without_a_model_says_so(daemon: DaemonProcess) -> None:
    async def use(socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        for number in range(20):
            await socket.send_json({"type": "ping", "id": number})
        assert [(await socket.receive_json(timeout=10))["id"] for _ in range(20)] == list(range(20))
        await socket.send_json({"type": "chat", "id": "r", "message": "hello"})
        reply = await socket.receive_json(timeout=10)
        assert (reply["type"], reply["error"]["code"]) == ("error", "backend_unavailable")
        assert reply["error"]["hint"]

    run(daemon, use)


def test_a_daemon_that_is_stopped_closes_with_1001(daemon: DaemonProcess) -> None:
    async def use(socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        await socket.send_json({"type": "ping", "id": 1})
        await socket.receive_json(timeout=10)
        daemon.signal(signal.SIGTERM)
        message = await socket.receive(timeout=10)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)

    run(daemon, use)
    assert daemon.wait() == 0


@pytest.mark.model
def test_a_real_answer_is_streamed_and_another_cancelled(shared_daemon: DaemonProcess) -> None:
    async def use(socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        context = {"max_tokens": 8, "temperature": 0}
        await socket.send_json(
            {"type": "chat", "id": 1, "message": "Name a colour.", "context": context, "stream": True}
        )
        pieces: list[str] = []
        while (reply := await socket.receive_json(timeout=90))["type"] == "chat_delta":
            pieces.append(reply["delta"])
        assert reply["response"] == "".join(pieces)
        await socket.send_json({"type": "chat", "id": 2, "message": "Tell a very long story.", "stream": True})
        assert (await socket.receive_json(timeout=90))["type"] == "chat_delta"
        await socket.send_json({"type": "cancel", "id": 2})
        while (reply := await socket.receive_json(timeout=30))["type"] == "chat_delta":
            pass
        assert (reply["type"], reply["status"]) == ("chat_response", "cancelled")

    run(shared_daemon, use)

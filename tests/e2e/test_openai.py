"""The real daemon with the cloud as its backend, which here is a stub on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from andiron_daemon.client import ClientError
from andiron_testing.daemon_process import DaemonProcess, StartDaemon
from andiron_testing.openai_stub import OpenAIStub, failure, openai_stub

_KEY = "sk-the-key-that-nobody-may-see"
_MESSAGE = {"message": "hello"}


@pytest.fixture
async def stub() -> AsyncIterator[OpenAIStub]:
    async with openai_stub(key=_KEY) as running:
        yield running


@pytest.fixture
async def cloud_daemon(stub: OpenAIStub, start_daemon: StartDaemon) -> DaemonProcess:
    return await asyncio.to_thread(
        start_daemon,
        ANDIRON_BACKEND="openai",
        OPENAI_BASE_URL=stub.base_url,
        OPENAI_API_KEY=_KEY,
        OPENAI_MODEL="stub-1",
    )


async def _ask(daemon: DaemonProcess, **more: Any) -> Any:
    return await asyncio.to_thread(daemon.client.post, "/api/v1/chat/message", {**_MESSAGE, **more})


async def test_the_cloud_answers_and_is_named(stub: OpenAIStub, cloud_daemon: DaemonProcess) -> None:
    answer = await _ask(cloud_daemon)
    assert answer["message"]["content"] == "You said: hello"
    assert (answer["backend"], answer["model"]) == ("openai", "stub-1")
    assert stub.requests[0].headers["Authorization"] == f"Bearer {_KEY}"


async def test_a_stream_comes_through_piece_by_piece(stub: OpenAIStub, cloud_daemon: DaemonProcess) -> None:
    events = await asyncio.to_thread(lambda: list(cloud_daemon.client.stream("/api/v1/chat/stream", _MESSAGE)))
    texts = [event.data["text"] for event in events if event.name == "delta"]
    assert len(texts) > 1
    assert "".join(texts) == "You said: hello"


async def test_the_command_line_talks_to_the_cloud(stub: OpenAIStub, cloud_daemon: DaemonProcess) -> None:
    done = await asyncio.to_thread(cloud_daemon.andiron, "chat", "hello")
    assert (done.returncode, done.stdout) == (0, "You said: hello\n")
    assert done.stderr.startswith("openai · stub-1 · ")


async def test_the_key_is_seen_nowhere(stub: OpenAIStub, cloud_daemon: DaemonProcess) -> None:
    stub.enqueue(failure(401, f"Incorrect API key provided: {_KEY}", "invalid_api_key"))
    with pytest.raises(ClientError) as caught:
        await _ask(cloud_daemon)
    assert caught.value.code == "backend_unavailable"
    status = await asyncio.to_thread(cloud_daemon.client.status)
    assert status["settings"]["openai_api_key"] == "set"
    shown = json.dumps(status) + str(caught.value) + str(caught.value.hint) + cloud_daemon.log()
    assert _KEY not in shown
    for file in cloud_daemon.paths.state.iterdir():
        assert _KEY.encode() not in file.read_bytes()


async def test_debug_logs_hold_neither_the_key_nor_what_was_said(stub: OpenAIStub, start_daemon: StartDaemon) -> None:
    daemon = await asyncio.to_thread(
        start_daemon,
        "--debug=on",
        ANDIRON_BACKEND="openai",
        OPENAI_BASE_URL=stub.base_url,
        OPENAI_API_KEY=_KEY,
        OPENAI_MODEL="stub-1",
    )
    await _ask(daemon, message="words that stay between us")
    for secret in (_KEY, daemon.token, "words that stay between us"):
        assert secret not in daemon.log()


async def test_another_backend_can_be_chosen_for_one_request(stub: OpenAIStub, cloud_daemon: DaemonProcess) -> None:
    with pytest.raises(ClientError) as caught:
        await _ask(cloud_daemon, backend="local")
    assert caught.value.code == "backend_unavailable"
    assert caught.value.hint is not None
    assert "andiron models pull" in caught.value.hint
    assert stub.requests == []

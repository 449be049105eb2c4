"""Clients that leave at the worst of moments: nothing goes on for them, and nothing is made of it."""

import asyncio
import json
import logging

import pytest
from aiohttp import ClientConnectionResetError

from andiron_daemon import keys
from andiron_daemon.api.ws.connection import Connection
from andiron_models.errors import WorkerDiedError
from andiron_testing.daemons import DaemonClient
from andiron_testing.scripted import ScriptedBackend


def session(daemon: DaemonClient, sent: list[bytes], *, is_gone: bool = False) -> Connection:
    """Make a session whose client is there, or has left."""

    async def send(frame: bytes) -> None:
        if is_gone:
            raise ClientConnectionResetError("Cannot write to closing transport")
        sent.append(frame)

    return Connection(daemon.app[keys.SERVICES], send)


def chat(identifier: str) -> bytes:
    return json.dumps({"type": "chat", "id": identifier, "message": "hello"}).encode()


async def test_what_was_asked_in_the_moment_of_leaving_does_not_go_on(
    daemon: DaemonClient, backend: ScriptedBackend
) -> None:
    backend.hold()
    before = asyncio.all_tasks()
    connection = session(daemon, [])
    await connection.take(chat("a"))
    await connection.aclose()
    assert asyncio.all_tasks() <= before


async def test_a_failure_nobody_is_there_to_hear_of_is_dropped(
    daemon: DaemonClient, backend: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.enqueue(WorkerDiedError("it crashed"))
    before = asyncio.all_tasks()
    connection = session(daemon, [], is_gone=True)
    with caplog.at_level(logging.ERROR):
        await connection.take(chat("a"))
        await asyncio.wait(asyncio.all_tasks() - before)
        await connection.aclose()
    assert caplog.records == []


async def test_a_backends_own_broken_connection_is_told_to_the_client(
    daemon: DaemonClient, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise ConnectionResetError("somewhere else")

    monkeypatch.setattr(backend, "chat", broken)
    sent: list[bytes] = []
    before = asyncio.all_tasks()
    connection = session(daemon, sent)
    await connection.take(chat("a"))
    await asyncio.wait(asyncio.all_tasks() - before)
    await connection.aclose()
    assert [json.loads(frame)["error"]["code"] for frame in sent] == ["internal"]

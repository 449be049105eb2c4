"""What no client in its right mind sends over a socket, at the real daemon; and proxies that must not get between."""

import asyncio
import json
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from andiron_daemon.paths import find_paths
from andiron_testing.daemon_process import DaemonProcess, StartDaemon
from andiron_testing.openai_stub import openai_stub
from andiron_testing.raw_http import connect, exchange, read_answer, request

_HOST = "Host: 127.0.0.1"
_UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
_ROOM_BYTES = 64 * 1024 * 1024
_CLOSE = 8


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """One daemon for all of it; at the end it must be well and no larger than it was."""
    running = DaemonProcess(find_paths(str(tmp_path_factory.mktemp("sockets"))), (), {"ANDIRON_RATE_REQUESTS": "0"})
    before = psutil.Process(running.process.pid).memory_info().rss
    yield running
    try:
        assert running.client.health()["status"] == "ok"
        assert psutil.Process(running.process.pid).memory_info().rss < before + _ROOM_BYTES
    finally:
        running.kill()
        sys.stdout.write(running.said() + running.log()[-4000:])


@contextmanager
def _opened(daemon: DaemonProcess) -> Iterator[socket.socket]:
    with connect(daemon.record.port) as connection:
        connection.sendall(request("GET", "/ws", _HOST, f"Authorization: Bearer {daemon.token}", *_UPGRADE))
        assert read_answer(connection).status == 101
        yield connection


def _frame(payload: bytes, first: int = 0x81, *, is_masked: bool = True, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    mark = 0x80 if is_masked else 0
    if size < 126:
        head = struct.pack("!BB", first, mark | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, mark | 126, size)
    else:
        head = struct.pack("!BBQ", first, mark | 127, size)
    return head + (b"\0\0\0\0" if is_masked else b"") + payload


def _receive(connection: socket.socket) -> tuple[int, bytes]:
    """Read one frame; a close without one is a close frame without a code."""
    stream = connection.makefile("rb")
    head = stream.read(2)
    if len(head) < 2:
        return _CLOSE, b""
    size = head[1] & 0x7F
    if size > 125:
        size = int.from_bytes(stream.read(2 if size == 126 else 8))
    return head[0] & 0x0F, stream.read(size)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (_frame(b" " * (1024 * 1024 + 1)), 1009),
        (_frame(b"", length=2**62), 1009),
        (b"".join([_frame(b" " * 1024, 0x01), *[_frame(b" " * 65536, 0x00)] * 17]), 1009),
        (_frame(b"x", 0x83), 1002),
        (_frame(b"x", 0xF1), 1002),
        (_frame(b"x" * 126, 0x89), 1002),
        (_frame(b"x", 0x09), 1002),
    ],
    ids=[
        "too long",
        "2^62 bytes",
        "too long in pieces",
        "a kind of frame that is none",
        "reserved bits",
        "a long ping",
        "a ping in pieces",
    ],
)
def test_frames_that_cannot_be_taken_close_the_socket(daemon: DaemonProcess, sent: bytes, code: int) -> None:
    with _opened(daemon) as connection:
        try:
            connection.sendall(sent)
        except ConnectionError:
            # It was closed before all of it was sent.
            return
        kind, payload = _receive(connection)
        assert (kind, int.from_bytes(payload[:2])) == (_CLOSE, code)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[" * 1_000_000,
        b'{"type":"ping","id":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        b'{"type":"ping","id":1e999}',
        b'{"type":"ping","id":NaN}',
        b'{"type":"ping","id":' + b"9" * 100_000 + b"}",
        b'{"type":"ping","id":"\xff\xfe"}',
        b'{"type":"ping","id":"\\ud800"}',
        b'{"type":"nothing","id":1,' + b",".join(b'"k%d":1' % number for number in range(80_000)) + b"}",
        b'{"type":"chat","id":1,"message":"x","context":{"files":' + b"[" * 200_000 + b"]" * 200_000 + b"}}",
    ],
    ids=range(11),
)
def test_text_that_cannot_be_meant_is_answered_and_the_socket_stays(daemon: DaemonProcess, text: bytes) -> None:
    with _opened(daemon) as connection:
        connection.sendall(_frame(text))
        kind, payload = _receive(connection)
        assert (kind, json.loads(payload)["error"]["code"]) == (1, "invalid_request")
        connection.sendall(_frame(b'{"type":"ping","id":7}'))
        kind, payload = _receive(connection)
        assert json.loads(payload)["type"] == "pong"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (("Host: evil.example",), "forbidden_host"),
        ((_HOST, "Origin: http://evil.example"), "forbidden_origin"),
        ((_HOST, "Origin: null"), "forbidden_origin"),
        ((_HOST, "Origin: vscode-webview://x"), "unauthorized"),
        ((_HOST, "Sec-WebSocket-Protocol: andiron, bearer.wrong"), "unauthorized"),
        ((_HOST, "Cookie: andiron_session=x"), "unauthorized"),
    ],
)
def test_who_may_not_come_in_gets_no_socket(daemon: DaemonProcess, headers: tuple[str, ...], code: str) -> None:
    answer = exchange(daemon.record.port, request("GET", "/ws", *headers, *_UPGRADE))
    assert (answer.status // 100, answer.code) == (4, code)


def test_many_sockets_that_only_open_hold_nobody_up(daemon: DaemonProcess) -> None:
    with _opened(daemon) as first, _opened(daemon) as second:
        for connection in (first, second):
            connection.sendall(_frame(b"x" * 100, 0x01)[:40])
        assert daemon.client.health()["status"] == "ok"


async def test_no_proxy_gets_between_the_daemon_and_this_machine(start_daemon: StartDaemon) -> None:
    # Nobody listens there: whatever went through it would fail.
    nowhere = "http://127.0.0.1:9"
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    async with openai_stub(key="k") as stub:
        daemon = await asyncio.to_thread(
            start_daemon,
            ANDIRON_BACKEND="openai",
            OPENAI_BASE_URL=stub.base_url,
            OPENAI_API_KEY="k",
            OPENAI_MODEL="stub-1",
            **dict.fromkeys(names, nowhere),
        )
        answer = await asyncio.to_thread(daemon.client.post, "/api/v1/chat/message", {"message": "hello"})
        assert answer["backend"] == "openai"
        assert not set(names) & set(os.environ)

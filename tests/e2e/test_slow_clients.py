"""Clients that send or read a byte now and then, many at once, at the real daemon: they hold nobody else up."""

import datetime
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from andiron_daemon.paths import find_paths
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.raw_http import connect, exchange, read_answer, request

_HOST = "Host: 127.0.0.1"
_MOST = 32
_HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
_BODY = request("POST", "/signin", _HOST, "Content-Type: application/json", "Content-Length: 1000") + b'{"code":'
_ROOM_BYTES = 32 * 1024 * 1024


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """A daemon that has little patience and room, for one test after the other."""
    limits = {
        "ANDIRON_HEAD_SECONDS": "1",
        "ANDIRON_BODY_SECONDS": "1",
        "ANDIRON_MAX_CONNECTIONS": str(_MOST),
        "ANDIRON_RATE_REQUESTS": "0",
    }
    running = DaemonProcess(find_paths(str(tmp_path_factory.mktemp("slow"))), (), limits)
    yield running
    running.kill()
    sys.stdout.write(running.said() + running.log()[-4000:])


def _hold(stack: ExitStack, port: int, sent: bytes) -> socket.socket:
    connection = stack.enter_context(connect(port))
    connection.sendall(sent)
    return connection


@pytest.mark.parametrize("sent", [_HEAD, _BODY], ids=["head", "body"])
def test_what_does_not_come_to_its_end_is_given_up_with_a_word(daemon: DaemonProcess, sent: bytes) -> None:
    with connect(daemon.record.port) as connection:
        connection.sendall(sent)
        answer = read_answer(connection)
        assert (answer.status, answer.code) == (408, "request_timeout"), answer
        assert json.loads(answer.body)["error"]["hint"] == "Send it in one go."
        assert connection.recv(1) == b""


def test_a_byte_now_and_then_buys_no_time(daemon: DaemonProcess) -> None:
    with connect(daemon.record.port) as connection, _dripping([connection]):
        connection.sendall(_HEAD)
        assert read_answer(connection).code == "request_timeout"


def test_a_connection_that_says_nothing_is_closed_without_a_word(daemon: DaemonProcess) -> None:
    with connect(daemon.record.port) as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize("sent", [b"", _HEAD, _BODY], ids=["nothing", "heads", "bodies"])
def test_others_are_answered_while_many_are_slow(daemon: DaemonProcess, sent: bytes) -> None:
    port = daemon.record.port
    process = psutil.Process(daemon.process.pid)
    before = process.memory_info().rss
    with ExitStack() as stack:
        slow = [_hold(stack, port, sent) for _ in range(4 * _MOST)]
        with _dripping(slow):
            for _ in range(20):
                assert daemon.client.health()["status"] == "ok"
        assert len(process.net_connections("tcp")) <= _MOST + _MOST // 4 + 2
        assert process.memory_info().rss < before + _ROOM_BYTES


def test_a_client_that_is_being_answered_never_gives_way(daemon: DaemonProcess) -> None:
    port, token = daemon.record.port, f"Authorization: Bearer {daemon.token}"
    with ExitStack() as stack:
        follower = stack.enter_context(connect(port))
        follower.sendall(request("GET", "/api/v1/events", _HOST, token))
        _read_until(follower, b"event: state")
        for _ in range(3 * _MOST):
            _hold(stack, port, _HEAD)
        assert daemon.client.health()["status"] == "ok"
        tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        changed = daemon.client.request("PATCH", "/api/v1/settings", {"completions_paused_until": tomorrow.isoformat()})
        assert changed
        _read_until(follower, b"event: state")


def test_the_oldest_idle_one_gives_way_where_all_have_asked(daemon: DaemonProcess) -> None:
    port = daemon.record.port
    with ExitStack() as stack:
        asked = request("GET", "/health", _HOST)
        idle = [_hold(stack, port, asked) for _ in range(_MOST)]
        assert [read_answer(connection).status for connection in idle] == [200] * _MOST
        assert exchange(port, asked).status == 200
        idle[-1].sendall(asked)
        assert read_answer(idle[-1]).status == 200
        assert idle[0].recv(1) == b""


def _read_until(connection: socket.socket, wanted: bytes) -> None:
    received = b""
    while wanted not in received:
        piece = connection.recv(65536)
        assert piece, f"the connection ended with {received!r}"
        received += piece


@contextmanager
def _dripping(connections: list[socket.socket]) -> Iterator[None]:
    """Send a byte over each, over and over, until the block ends."""
    ended = threading.Event()

    def drip() -> None:
        until = time.monotonic() + 30
        while not ended.wait(0.05) and time.monotonic() < until:
            for connection in connections:
                try:
                    connection.send(b"x")
                except OSError:
                    continue

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

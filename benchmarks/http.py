# ruff: noqa: A005 -- imported as `benchmarks.http`, by which name it is called
"""Requests per second and p99 against minimal aiohttp and FastAPI applications, and what the middleware costs.

    python -m pip install fastapi 'uvicorn[standard]'
    python -m benchmarks.http

The servers take turns in short rounds, so that whatever else the machine does touches all of them; ratios count, and
of those the processor's time that a server took for a request, in its best round, is the steadiest.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial

import click
import msgspec
import psutil

from benchmarks.http_servers import TOKEN
from benchmarks.table import print_table

_SERVERS = ("bare", "andiron", "plain", "bare-uvloop", "andiron-uvloop", "fastapi")
_CONNECTIONS = 8
_WARM_SECONDS = 0.5
_MASK = b"\0\0\0\0"


def _request(method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n{length}{more}\r\n"
    return head.encode() + body


def _completion(session: int) -> bytes:
    # A session each: a newer request of the same one would supersede the older.
    body = {
        "path": "add.py",
        "prefix": "def add(a, b):\n    return ",
        "suffix": "\n\n\nprint(add(1, 2))\n",
        "session": f"s{session}",
    }
    return _request("POST", "/api/v1/code/complete", msgspec.json.encode(body))


_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
_PING = msgspec.json.encode({"type": "ping", "id": 1})
KINDS: dict[str, Callable[[int], bytes]] = {
    "GET /health": lambda number: _request("GET", "/health"),
    "a cached completion": _completion,
    "a WebSocket ping": lambda number: b"\x81" + bytes((0x80 | len(_PING),)) + _MASK + _PING,
}


def _whole_answer(received: bytes) -> bool:
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(received.decode())
    return len(body) >= length


def _whole_frame(received: bytes) -> bool:
    return len(received) >= 2 and len(received) >= 2 + (received[1] & 0x7F)


class _Client(asyncio.Protocol):
    """Asks over one connection, again as soon as it is answered, until told to stop; as little as can be done."""

    def __init__(self, sent: bytes, is_whole: Callable[[bytes], bool], until: float) -> None:
        self.seconds: list[float] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sent = sent
        self._is_whole = is_whole
        self._until = until
        self._received = b""
        self._started = 0.0
        self._is_upgrading = sent[:1] == b"\x81"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._is_upgrading:
            transport.write(_request("GET", "/ws", more=_UPGRADE))
        else:
            self._ask()

    def data_received(self, data: bytes) -> None:
        """Take what comes; ask again once it is whole."""
        self._received += data
        if self._is_upgrading:
            if b"\r\n\r\n" in self._received:
                self._is_upgrading = False
                self._ask()
            return
        if not self._is_whole(self._received):
            return
        now = time.perf_counter()
        self.seconds.append(now - self._started)
        if now > self._until:
            self._transport.close()
            self.ended.set_result(None)
            return
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail where the server ended it."""
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(f"the server ended the connection: {self._received!r} {exc}"))

    def _ask(self) -> None:
        self._received = b""
        self._started = time.perf_counter()
        self._transport.write(self._sent)


async def _load(port: int, kind: str, seconds: float) -> list[float]:
    """Return the seconds each request took."""
    is_whole = _whole_frame if kind == "a WebSocket ping" else _whole_answer
    until = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    clients = []
    for number in range(_CONNECTIONS):
        sent = KINDS[kind](number)
        _, client = await loop.create_connection(partial(_Client, sent, is_whole, until), "127.0.0.1", port)
        clients.append(client)
    await asyncio.gather(*(client.ended for client in clients))
    return [second for client in clients for second in client.seconds]


async def _compare(kinds: Sequence[str], rounds: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as home:
        processes = {
            name: await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.http_servers", name, f"{home}/{name}", stdout=asyncio.subprocess.PIPE
            )
            for name in _SERVERS
        }
        ports: dict[str, int] = {}
        for name, process in processes.items():
            assert process.stdout is not None
            ports[name] = int(await process.stdout.readline())
        try:
            servers = {name: (ports[name], psutil.Process(process.pid)) for name, process in processes.items()}
            for kind in kinds:
                await _measure(kind, servers, rounds, seconds)
        finally:
            for process in processes.values():
                process.terminate()
                await process.wait()


async def _measure(kind: str, servers: dict[str, tuple[int, psutil.Process]], rounds: int, seconds: float) -> None:
    for port, _ in servers.values():
        await _load(port, kind, _WARM_SECONDS)
    rates: dict[str, list[float]] = {name: [] for name in servers}
    costs: dict[str, list[float]] = {name: [] for name in servers}
    taken: dict[str, list[float]] = {name: [] for name in servers}
    for number in range(rounds):
        names = list(servers)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            port, process = servers[name]
            before = process.cpu_times()
            found = await _load(port, kind, seconds)
            after = process.cpu_times()
            worked = after.user + after.system - before.user - before.system
            rates[name].append(len(found) / seconds)
            costs[name].append(1e6 * worked / len(found))
            taken[name] += found
    rows = []
    for name in servers:
        p99 = 1000 * statistics.quantiles(taken[name], n=100)[98]
        shares = [own / bare for own, bare in zip(rates[name], rates["bare"], strict=True)]
        cost = min(costs[name])
        rows.append(
            [
                name,
                f"{statistics.median(rates[name]):.0f}",
                f"{statistics.median(shares):.2f}",
                f"{p99:.1f}",
                f"{cost:.0f}",
                f"{min(costs['bare']) / cost:.2f}",
            ]
        )
    print_table([kind, "requests/s", "of bare aiohttp", "p99 ms", "CPU µs a request", "of bare aiohttp"], rows)
    print(f"middleware, headers and bounds: {min(costs['andiron']) - min(costs['plain']):.0f} µs a request")


@click.command()
@click.option("--rounds", default=15, show_default=True)
@click.option("--seconds", default=0.5, show_default=True, help="Of one server in one round.")
@click.option("--only", type=click.Choice(list(KINDS)), help="One kind of request.")
def _main(rounds: int, seconds: float, only: str | None) -> None:
    """Compare the servers."""
    asyncio.run(_compare([only] if only else list(KINDS), rounds, seconds))


if __name__ == "__main__":
    _main()

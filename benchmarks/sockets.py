"""Many WebSocket clients at once: nothing lost, reordered or crossed, and an event loop that stays quick.

The daemon runs in a process of its own (`python -m benchmarks.sockets HOME`), which measures how late its loop
comes and tells on `SIGTERM`. Its backend counts: it answers a message `name` with `name:0 name:1 …`, word by word.
"""

import asyncio
import json
import signal
import statistics
import sys
import time
from collections.abc import AsyncGenerator
from types import TracebackType

import aiohttp
import msgspec
from aiohttp import web

from andiron_daemon.app import create_app
from andiron_daemon.paths import find_paths
from andiron_daemon.settings import Settings
from andiron_models.types import (
    BackendStatus,
    ChatRequest,
    Delta,
    Finish,
    InfillRequest,
    ModelInfo,
    Priority,
    Timings,
    Usage,
)
from benchmarks.table import print_table

_TOKEN = "benchmark"
_WORDS = 200
_WORD_SECONDS = 0.005
_LAG_SECONDS = 0.005
_CLIENTS = 200
_STREAMING = 20
_PING_SECONDS = 0.25


class CountingBackend:
    """Answers with a count that shows what was lost, and whose it is."""

    name = "local"

    async def models(self) -> tuple[ModelInfo, ...]:
        """List one model."""
        return (ModelInfo(id="counting", backend=self.name, state="loaded", context_length=8192),)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Count in the name of the last message; say nothing to what nobody waits for."""
        yield Delta(backend=self.name, model="counting")
        said = request.messages[-1].content
        for number in range(0 if request.priority is Priority.BACKGROUND else _WORDS):
            await asyncio.sleep(_WORD_SECONDS)
            yield Delta(backend=self.name, model="counting", text=f"{said}:{number} ")
        yield Delta(backend=self.name, model="counting", finish=Finish(reason="stop", usage=Usage(), timings=Timings()))

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill with nothing."""
        yield Delta(backend=self.name, model="counting", finish=Finish(reason="stop", usage=Usage(), timings=Timings()))

    async def status(self) -> BackendStatus:
        """Be ready."""
        return BackendStatus(name=self.name, state="ready")

    async def forget(self, place: str) -> None:
        """Keep nothing."""

    async def aclose(self) -> None:
        """Hold nothing."""


class ServedDaemon:
    """A daemon in a process of its own, over the database in a folder; `lag` is told when it has ended."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""
        self.headers = {"Authorization": f"Bearer {_TOKEN}"}

    async def __aenter__(self) -> "ServedDaemon":
        """Start it and wait until it answers."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.sockets", self._folder, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.url = (await self._process.stdout.readline()).decode().strip()
        return self

    async def lag_milliseconds(self) -> list[float]:
        """Return how late the loop came, since this was last asked."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGUSR1)
        lags: list[float] = json.loads(await self._process.stdout.readline())
        return lags

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process is not None
        self._process.terminate()
        await self._process.wait()


async def measure_sockets(daemon: ServedDaemon, seconds: float) -> None:
    """Keep clients busy for a while and print what came of it."""
    async with aiohttp.ClientSession(headers=daemon.headers, connector=aiohttp.TCPConnector(limit=0)) as http:
        await daemon.lag_milliseconds()
        until = time.monotonic() + seconds
        clients = [
            (_stream if number < _STREAMING else _ping)(http, f"{daemon.url}/ws", f"n{number}", until)
            for number in range(_CLIENTS)
        ]
        outcomes = await asyncio.gather(*clients)
        lags = await daemon.lag_milliseconds()
    faults = [fault for _, found in outcomes for fault in found]
    print_table(
        ["clients", "streaming", "pings answered", "words streamed", "lost, reordered, crossed"],
        [
            [
                str(_CLIENTS),
                str(_STREAMING),
                str(sum(count for count, _ in outcomes[_STREAMING:])),
                str(sum(count for count, _ in outcomes[:_STREAMING])),
                str(len(faults)) if faults else "none",
            ]
        ],
    )
    shares = statistics.quantiles(lags, n=100)
    row = [f"{statistics.median(lags):.1f}", f"{shares[94]:.1f}", f"{shares[98]:.1f}", f"{max(lags):.1f}"]
    print_table(["event loop late by, median ms", "p95 ms", "p99 ms", "max ms"], [row])
    for fault in faults[:5]:
        print(fault)


async def _ping(http: aiohttp.ClientSession, url: str, name: str, until: float) -> tuple[int, list[str]]:
    faults: list[str] = []
    count = 0
    async with http.ws_connect(url) as socket:
        while time.monotonic() < until:
            await socket.send_json({"type": "ping", "id": f"{name}-{count}"})
            reply = await socket.receive_json()
            if (reply["type"], reply["id"]) != ("pong", f"{name}-{count}"):
                faults.append(f"{name}: {reply}")
            count += 1
            await asyncio.sleep(_PING_SECONDS)
    return count, faults


async def _stream(http: aiohttp.ClientSession, url: str, name: str, until: float) -> tuple[int, list[str]]:
    """Ask two questions at once, again and again, and check every word of both."""
    faults: list[str] = []
    count = 0
    async with http.ws_connect(url, max_msg_size=0) as socket:
        turn = 0
        while time.monotonic() < until:
            turn += 1
            expected = {f"{name}-{turn}{half}": 0 for half in "ab"}
            for identifier in expected:
                await socket.send_json({"type": "chat", "id": identifier, "message": identifier, "stream": True})
            while expected:
                reply = await socket.receive_json()
                identifier = reply["id"]
                if reply["type"] == "chat_delta":
                    if reply["delta"] != f"{identifier}:{expected[identifier]} ":
                        faults.append(f"{name}: {reply} where {expected[identifier]} was due")
                    expected[identifier] += 1
                    count += 1
                elif expected.pop(identifier) != _WORDS or reply.get("status") != "success":
                    faults.append(f"{name}: {str(reply)[:200]}")
    return count, faults


async def _serve(folder: str) -> None:
    paths = find_paths(folder)
    app = create_app(Settings(token=_TOKEN, port=0), paths, backends={"local": CountingBackend()})
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    lags: list[float] = []
    stop = asyncio.Event()

    def tell() -> None:
        print(msgspec.json.encode(lags).decode(), flush=True)
        lags.clear()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, tell)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    while not stop.is_set():
        started = time.perf_counter()
        await asyncio.sleep(_LAG_SECONDS)
        lags.append(1000 * (time.perf_counter() - started - _LAG_SECONDS))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))

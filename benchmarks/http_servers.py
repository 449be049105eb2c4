"""The servers `benchmarks.http` compares, each a process of its own: `python -m benchmarks.http_servers NAME HOME`.

All answer `GET /health`, `POST /api/v1/code/complete` with the same completion, and a ping on `/ws`. The minimal ones
do nothing else: they decode the body, and answer. `bare` is aiohttp, `fastapi` is FastAPI on uvicorn with its quick
extras; `plain` is Andiron's own handlers without its middleware and its bounds on connections. All run on the loop
of the standard library, but FastAPI, and what has `-uvloop` behind its name.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from andiron_daemon.app import create_app
from andiron_daemon.connections import Bounds, Connections
from andiron_daemon.middleware.request_id import give_request_id
from andiron_daemon.paths import find_paths
from andiron_daemon.settings import Settings
from andiron_models.types import Delta, Finish, InfillRequest, ModelInfo, Timings, Usage
from benchmarks.sockets import CountingBackend

TOKEN = "benchmark"
ON_UVLOOP = "-uvloop"
_HEALTH = {"status": "ok", "version": "0.1.0", "uptime_s": 1.5, "model": "loaded"}
_COMPLETION: dict[str, Any] = {
    "backend": None,
    "model": None,
    "finish_reason": "stop",
    "usage": {
        "prompt_tokens": 0,
        "prompt_tokens_cached": 0,
        "prompt_tokens_evaluated": 0,
        "completion_tokens": 0,
    },
    "timings": {"queue_ms": 0.0, "prompt_ms": 0.0, "generate_ms": 0.0, "total_ms": 0.1},
    "id": "0" * 22,
    "completions": [
        {
            "text": "a + b",
            "range": {"start": {"line": 1, "character": 11}, "end": {"line": 1, "character": 11}},
        }
    ],
    "cached": "exact",
}
_PONG = {"type": "pong", "id": 1, "response": "pong", "status": "success"}


class FillingBackend(CountingBackend):
    """Fills every gap with the same text."""

    async def models(self) -> tuple[ModelInfo, ...]:
        """List one model."""
        return (ModelInfo(id="one", backend=self.name, state="loaded", context_length=8192, can_infill=True),)

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap."""
        yield Delta(backend=self.name, model="one", text="a + b")
        yield Delta(backend=self.name, model="one", finish=Finish(reason="stop", usage=Usage(), timings=Timings()))


def _open() -> socket.socket:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("127.0.0.1", 0))
    opened.listen(128)
    opened.setblocking(False)
    return opened


def _tell(opened: socket.socket) -> None:
    print(opened.getsockname()[1], flush=True)


async def _serve(app: web.Application, *, is_bounded: bool) -> None:
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    opened = _open()
    if is_bounded:
        await Connections(runner, Bounds()).listen(opened)
    else:
        await web.SockSite(runner, opened).start()
    _tell(opened)
    await asyncio.Event().wait()


@web.middleware
async def _only_an_id(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Do what handlers need of the middleware."""
    give_request_id(request)
    return await handler(request)


def _andiron(home: str, *, is_whole: bool) -> Awaitable[None]:
    settings = Settings(token=TOKEN, rate_completions=0, rate_generations=0, rate_requests=0)
    app = create_app(settings, find_paths(home), backends={"local": FillingBackend()})
    if not is_whole:
        app.middlewares[:] = [_only_an_id]
        app.on_response_prepare.clear()
    return _serve(app, is_bounded=is_whole)


async def _bare_health(request: web.Request) -> web.Response:
    return web.Response(body=msgspec.json.encode(_HEALTH), content_type="application/json")


async def _bare_complete(request: web.Request) -> web.Response:
    msgspec.json.decode(await request.read())
    return web.Response(body=msgspec.json.encode(_COMPLETION), content_type="application/json")


async def _bare_socket(request: web.Request) -> web.WebSocketResponse:
    opened = web.WebSocketResponse(compress=False)
    await opened.prepare(request)
    async for message in opened:
        msgspec.json.decode(message.data)
        await opened.send_str(json.dumps(_PONG))
    return opened


def _bare() -> Awaitable[None]:
    app = web.Application()
    app.router.add_get("/health", _bare_health)
    app.router.add_post("/api/v1/code/complete", _bare_complete)
    app.router.add_get("/ws", _bare_socket)
    return _serve(app, is_bounded=False)


async def _fastapi() -> None:
    import fastapi
    import uvicorn

    app = fastapi.FastAPI()

    async def health() -> dict[str, Any]:
        return _HEALTH

    async def complete(body: dict[str, Any]) -> dict[str, Any]:
        return _COMPLETION

    async def socket_(websocket: fastapi.WebSocket) -> None:
        await websocket.accept()
        while True:
            json.loads(await websocket.receive_text())
            await websocket.send_text(json.dumps(_PONG))

    app.get("/health")(health)
    app.post("/api/v1/code/complete")(complete)
    app.websocket("/ws")(socket_)
    opened = _open()
    _tell(opened)
    config = uvicorn.Config(app, log_level="critical", access_log=False, ws_per_message_deflate=False)
    await uvicorn.Server(config).serve(sockets=[opened])


def _main(name: str, home: str) -> None:
    starts: dict[str, Callable[[], Awaitable[None]]] = {
        "andiron": lambda: _andiron(home, is_whole=True),
        "plain": lambda: _andiron(home, is_whole=False),
        "bare": _bare,
        "fastapi": _fastapi,
    }

    async def run() -> None:
        await starts[name.removesuffix(ON_UVLOOP)]()

    if name != "fastapi" and not name.endswith(ON_UVLOOP):
        asyncio.run(run())
        return
    import uvloop

    uvloop.run(run())


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])

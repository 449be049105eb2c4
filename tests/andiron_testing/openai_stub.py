"""A server on this machine that speaks enough of OpenAI's API for the real SDK to talk to it.

It answers chats and completions with an echo, unless replies were enqueued; a reply can be any fault a real
server has. It keeps the requests it saw and notices who hangs up.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

END = "[DONE]"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """How one request is answered.

    `status` other than 200 sends `error` (as JSON when it is a mapping). Else `pieces` are streamed; `gate` is
    waited for before the piece numbered `gate_at` (with `gate_at` -1: before the headers). `ending` other than
    `whole` breaks off there, or with `held` leaves the stream open behind the answer until the client hangs up.
    `raw` sends a text as it is instead of the stream.
    """

    status: int = 200
    error: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Sequence[str] = ("Hello", " there")
    finish_reason: str | None = "stop"
    usage: dict[str, Any] | None = field(default_factory=lambda: {"prompt_tokens": 7, "completion_tokens": 2})
    gate: asyncio.Event | None = None
    gate_at: int = 0
    ending: Literal["whole", "clean", "abort", "held"] = "whole"
    raw: str | None = None
    raw_type: str = "text/event-stream"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def failure(status: int, message: str, code: str | None = None, **more: Any) -> Reply:
    """Make a reply that fails the way OpenAI does."""
    headers = more.pop("headers", {})
    return Reply(status=status, error={"error": {"message": message, "code": code, **more}}, headers=headers)


class OpenAIStub:
    """The server's script and its memory."""

    def __init__(self, models: Sequence[str], key: str | None, *, has_suffix: bool) -> None:
        self.requests: list[Seen] = []
        self.disconnects = 0
        self.base_url = ""
        self._models = tuple(models)
        self._key = key
        self._has_suffix = has_suffix
        self._replies: deque[Reply] = deque()
        self._changed = asyncio.Condition()

    def enqueue(self, *replies: Reply) -> None:
        """Add replies, one for each generating request to come."""
        self._replies.extend(replies)

    def forget(self) -> None:
        """Drop the replies nobody has come for."""
        self._replies.clear()

    async def arrived(self, count: int = 1) -> None:
        """Wait until so many generating requests have come in all."""
        await self._until(lambda: len(self.requests) >= count)

    async def disconnected(self, count: int = 1) -> None:
        """Wait until so many clients have hung up before the end in all."""
        await self._until(lambda: self.disconnects >= count)

    def application(self) -> web.Application:
        """Build the routes."""
        application = web.Application()
        application.router.add_get("/v1/models", self._list_models)
        application.router.add_post("/v1/chat/completions", self._chat)
        if self._has_suffix:
            application.router.add_post("/v1/completions", self._complete)
        return application

    async def _list_models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": model} for model in self._models]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._take(request)
        said = f"You said: {body['messages'][-1]['content']}"
        return await self._answer(request, body, said, lambda piece: {"delta": {"content": piece}})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await self._take(request)
        said = f"fill({len(body['prompt'])}, {len(body['suffix'])})"
        return await self._answer(request, body, said, lambda piece: {"text": piece})

    async def _take(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.requests.append(Seen(path=request.path, headers=dict(request.headers), body=body))
        await self._tell()
        return body

    def _reply_to(self, request: web.Request, body: dict[str, Any], said: str) -> Reply:
        if self._replies:
            return self._replies.popleft()
        if self._key is not None and request.headers.get("Authorization") != f"Bearer {self._key}":
            return failure(401, "Incorrect API key provided: sk-…", "invalid_api_key")
        if body["model"] not in self._models:
            return failure(404, f"The model `{body['model']}` does not exist", "model_not_found")
        pieces = [piece for piece in said.replace(" ", " \0").split("\0") if piece]
        limit = body.get("max_tokens", len(pieces))
        cut = pieces[:limit]
        reason = "stop" if cut == pieces else "length"
        return Reply(pieces=cut, finish_reason=reason, usage={"prompt_tokens": 7, "completion_tokens": len(cut)})

    async def _answer(
        self, request: web.Request, body: dict[str, Any], said: str, choice: Callable[[str], dict[str, Any]]
    ) -> web.StreamResponse:
        reply = self._reply_to(request, body, said)
        try:
            if reply.gate is not None and reply.gate_at < 0:
                await reply.gate.wait()
            if reply.status != 200:
                text = reply.error if isinstance(reply.error, str) else json.dumps(reply.error)
                return web.Response(status=reply.status, text=text, headers=reply.headers)
            if reply.raw is not None:
                return web.Response(text=reply.raw, content_type=reply.raw_type)
            return await self._stream(request, body["model"], reply, choice)
        except (asyncio.CancelledError, ConnectionResetError):
            self.disconnects += 1
            await self._tell()
            raise

    async def _stream(
        self, request: web.Request, model: str, reply: Reply, choice: Callable[[str], dict[str, Any]]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(**chunk: Any) -> None:
            whole = {"id": "stub", "object": "chunk", "created": 1, "model": model, **chunk}
            await response.write(f"data: {json.dumps(whole)}\n\n".encode())

        for number, piece in enumerate(reply.pieces):
            if reply.gate is not None and reply.gate_at == number:
                await reply.gate.wait()
            await send(choices=[{"index": 0, "finish_reason": None, **choice(piece)}])
        if reply.ending == "abort":
            assert request.transport is not None
            request.transport.abort()
            return response
        if reply.ending in ("whole", "held"):
            await send(choices=[{"index": 0, "finish_reason": reply.finish_reason, **choice("")}])
            if reply.usage is not None:
                await send(choices=[], usage=reply.usage)
            if reply.ending == "held":
                await asyncio.Event().wait()
            await response.write(f"data: {END}\n\n".encode())
        await response.write_eof()
        return response

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _until(self, happened: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(happened)


@contextlib.asynccontextmanager
async def openai_stub(
    models: Sequence[str] = ("stub-1",), *, key: str | None = None, has_suffix: bool = True
) -> AsyncIterator[OpenAIStub]:
    """Run a stub on a free port; without `has_suffix` it has no completions endpoint, like OpenAI's chat models."""
    stub = OpenAIStub(models, key, has_suffix=has_suffix)
    runner = web.AppRunner(stub.application(), handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        stub.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield stub
    finally:
        await runner.cleanup()

"""What tests of a daemon in this process share: the token, types of fixtures, and reading events."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

TOKEN = "a-token-of-the-tests"
DaemonClient = TestClient[web.Request, web.Application]
StartDaemon = Callable[..., Awaitable[DaemonClient]]


class ServerEvent(msgspec.Struct, frozen=True):
    """One server-sent event; a comment has the name `comment`."""

    name: str
    data: Any


async def read_events(response: ClientResponse) -> AsyncIterator[ServerEvent]:
    """Yield events as they come in."""
    assert response.headers["Content-Type"] == "text/event-stream"
    lines: list[str] = []
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line:
            lines.append(line)
            continue
        if lines[0].startswith(":"):
            yield ServerEvent("comment", lines[0])
        else:
            name, data = lines
            yield ServerEvent(name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        lines = []


async def error_of(response: ClientResponse) -> tuple[int, dict[str, Any]]:
    """Return the status and the error, after checking its shape."""
    body = await response.json()
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) <= {"code", "message", "hint", "details", "request_id"}
    assert error["request_id"] == response.headers["X-Request-Id"]
    return response.status, error

"""What the tests of other people's protocols share: a place to talk to, and reading what comes in lines."""

import json
from typing import Any

import msgspec
from aiohttp import ClientResponse

from andiron_testing.capable import CapableBackend


class Place(msgspec.Struct, frozen=True):
    """Where a daemon is, and the backend that answers in it."""

    url: str
    backend: CapableBackend


async def read_data(response: ClientResponse) -> list[Any]:
    """Read a stream of `data:` events; `[DONE]` as it is."""
    assert response.headers["Content-Type"] == "text/event-stream"
    found = []
    for line in (await response.text()).splitlines():
        if line.startswith("data: "):
            text = line.removeprefix("data: ")
            found.append(text if text == "[DONE]" else json.loads(text))
    return found


async def read_lines(response: ClientResponse) -> list[Any]:
    """Read lines of JSON."""
    assert response.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in (await response.text()).splitlines()]

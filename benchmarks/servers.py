"""The two servers completions are compared on, behind one verb: the daemon's own API and llama.cpp's `/infill`."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from andiron_daemon.client import find_client
from andiron_daemon.paths import find_paths


@dataclass(frozen=True)
class Gap:
    """Text around a cursor."""

    prefix: str
    suffix: str
    path: str
    # Without one nobody comes back to the place, and the first answer gets the large window.
    session: str | None = None


@dataclass
class Suggestion:
    """What came back, and what it cost."""

    text: str = ""
    milliseconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: str = "no"
    reason: str | None = None
    replaces: int = 0
    details: dict[str, Any] = field(default_factory=dict)


class Server(Protocol):
    """Something that completes code."""

    name: str
    # Whether a newer request of a session takes over by itself; else the client lets the older one go.
    supersedes: bool

    async def complete(self, gap: Gap, max_tokens: int, *, multiline: bool | str = "auto") -> Suggestion:
        """Fill the gap."""

    async def wasted_tokens(self) -> int:
        """Count the tokens written so far for requests that were given up."""


class Andiron:
    """The running daemon, by its native API."""

    name = "Andiron"
    supersedes = True

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http, self._url = http, url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def complete(self, gap: Gap, max_tokens: int, *, multiline: bool | str = "auto") -> Suggestion:
        """Ask `/api/v1/code/complete`."""
        body: dict[str, Any] = {
            "prefix": gap.prefix,
            "suffix": gap.suffix,
            "path": gap.path,
            "session": gap.session,
            "max_tokens": max_tokens,
            "multiline": multiline,
        }
        started = time.perf_counter()
        async with self._http.post(f"{self._url}/api/v1/code/complete", json=body, headers=self._headers) as response:
            answer = await response.json()
        milliseconds = 1000 * (time.perf_counter() - started)
        if response.status >= 300:
            raise RuntimeError(f"{response.status}: {answer}")
        usage = answer["usage"]
        suggestion = Suggestion(
            milliseconds=milliseconds,
            prompt_tokens=usage["prompt_tokens_evaluated"],
            completion_tokens=usage["completion_tokens"],
            cached=answer["cached"],
            reason=answer.get("reason"),
            details=answer.get("timings") or {},
        )
        if answer["completions"]:
            first = answer["completions"][0]
            suggestion.text = first["text"]
            place = first["range"]
            if place["start"]["line"] == place["end"]["line"]:
                suggestion.replaces = place["end"]["character"] - place["start"]["character"]
        return suggestion

    async def wasted_tokens(self) -> int:
        """Ask `/api/v1/status`."""
        async with self._http.get(f"{self._url}/api/v1/status", headers=self._headers) as response:
            status = await response.json()
        return int(status["completion"]["counts"].get("wasted_completion_tokens", 0))


class LlamaServer:
    """A llama.cpp server's `/infill`, asked as its editor plug-ins ask."""

    name = "llama-server /infill"
    supersedes = False

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url.rstrip("/")
        self._wasted_tokens = 0

    async def complete(self, gap: Gap, max_tokens: int, *, multiline: bool | str = "auto") -> Suggestion:
        """Ask `/infill`; the current line goes as `prompt`, and a single line ends at its break."""
        head, _, line = gap.prefix.rpartition("\n")
        body = {
            "input_prefix": head + "\n" if head else "",
            "prompt": line,
            "input_suffix": gap.suffix,
            "n_predict": max_tokens,
            "top_k": 40,
            "top_p": 0.99,
            "samplers": ["top_k", "top_p", "infill"],
            "temperature": 0.0,
            "cache_prompt": True,
            "stop": [] if multiline is True else ["\n"],
            "stream": True,
        }
        suggestion = Suggestion()
        started = time.perf_counter()
        try:
            # It closes connections that it has kept for a while, whether or not a request is on its way.
            closing = {"Connection": "close"}
            async with self._http.post(f"{self._url}/infill", json=body, headers=closing) as response:
                if response.status >= 300:
                    raise RuntimeError(f"{response.status}: {await response.text()}")
                async for row in response.content:
                    if row.startswith(b"data: {"):
                        _follow(suggestion, json.loads(row.removeprefix(b"data: ")))
        except asyncio.CancelledError:
            self._wasted_tokens += suggestion.completion_tokens
            raise
        suggestion.milliseconds = 1000 * (time.perf_counter() - started)
        return suggestion

    async def wasted_tokens(self) -> int:
        """Count what had arrived of answers that were let go."""
        return self._wasted_tokens


def _follow(suggestion: Suggestion, event: dict[str, Any]) -> None:
    suggestion.text += event["content"]
    suggestion.completion_tokens += 1
    if event["stop"]:
        suggestion.prompt_tokens = event["timings"]["prompt_n"]
        suggestion.completion_tokens = event["timings"]["predicted_n"]


async def servers(http: aiohttp.ClientSession, llama_server: str | None) -> list[Server]:
    """List the contenders: a llama.cpp server where its address is given, and the running daemon.

    The daemon comes last: it may go on preparing when it has answered, which nobody else should be measured beside.
    """
    daemon = await asyncio.to_thread(find_client)
    if daemon is None:
        raise SystemExit("Andiron is not running: start it with `andiron serve`.")
    token = (await asyncio.to_thread(find_paths().token_file.read_text)).strip()
    found: list[Server] = [LlamaServer(http, llama_server)] if llama_server else []
    return [*found, Andiron(http, daemon.url, token)]

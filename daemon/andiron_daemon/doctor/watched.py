"""A child process that completes and chats while every socket is watched: `python -m andiron_daemon.doctor.watched`.

Three witnesses, each of which sees what the others could miss:

- an audit hook in this process: every connection and every name looked up by Python, however short;
- psutil: the sockets of this process and the engine's, looked at while they work;
- the kernel, where `unshare` gives a network namespace of its own (`offline` starts this so): its counters of
  connections begun and datagrams sent hold for native code too.

It says what it saw as one line of JSON. Conversations go to a database that is thrown away.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec

from andiron_daemon.chat.types import ChatInput
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.doctor.witness import SNMP, Seen, kernel_counters
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import find_paths
from andiron_daemon.services import build_services
from andiron_daemon.settings import load_settings
from andiron_models.errors import ModelError

_WATCHED_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
_LOOK_SECONDS = 0.05
_PREFIX = "def add(first, second):\n    return first"


class _Witness:
    """Keeps what the audit hook and psutil see."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.connections: set[str] = set()
        self.looks = 0

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if event in _WATCHED_EVENTS:
            address = arguments[1] if event.startswith(("socket.connect", "socket.send")) else arguments[0]
            # A text is the path of a socket on this machine.
            if not isinstance(address, str | bytes) or event.startswith("socket.get"):
                self.events.append(f"{event} {address}")

    async def look(self) -> None:
        """Look at the sockets until cancelled."""
        while True:
            self.connections |= await asyncio.to_thread(_connections)
            self.looks += 1
            await asyncio.sleep(_LOOK_SECONDS)


def main() -> int:
    """Run, and print what was seen."""
    witness = _Witness()
    sys.addaudithook(witness.hear)
    seen = asyncio.run(_watch(witness))
    print(msgspec.json.encode(seen).decode())  # noqa: T201 -- it is how the parent is told
    return 0


async def _watch(witness: _Witness) -> Seen:
    looking = asyncio.create_task(witness.look())
    answers: dict[str, str] = {}
    failure = ""
    try:
        with tempfile.TemporaryDirectory() as folder:
            database = f"sqlite:///{Path(folder) / 'watched.db'}"
            paths = find_paths()
            settings = load_settings(paths)
            settings = msgspec.structs.replace(settings, auth=False, host="127.0.0.1", database_url=database)
            async with build_services(settings, paths) as services:
                code = CompletionInput(prefix=_PREFIX, suffix="\n", path="add.py", max_tokens=16)
                answers["completion"] = await _last(services.completion.complete(code))
                chat = ChatInput(message="Say hello.", max_tokens=16)
                answers["chat"] = await _last(services.chat.answer(chat))
    except (DaemonError, ModelError) as error:
        failure = f"{error.message}; {error.hint}" if error.hint else error.message
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
    counters = kernel_counters(Path(SNMP).read_text(encoding="ascii")) if _has_own_network() else None  # noqa: ASYNC240 -- it is over
    return Seen(
        answers=answers,
        failure=failure,
        events=tuple(witness.events),
        connections=tuple(sorted(witness.connections)),
        looks=witness.looks,
        kernel=counters,
    )


async def _last(events: AsyncGenerator[Any, None]) -> str:
    answer: Any = None
    async with contextlib.aclosing(events):
        async for event in events:
            answer = event
    return f"{answer.backend} with {answer.model}, {answer.usage.completion_tokens} tokens"


def _connections() -> set[str]:
    import psutil

    process = psutil.Process()
    found: set[str] = set()
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            for connection in one.net_connections(kind="inet"):
                if connection.raddr:
                    found.add(f"pid {one.pid} to {connection.raddr.ip}:{connection.raddr.port}")
    return found


def _has_own_network() -> bool:
    """Tell whether the parent gave this process a network of its own."""
    return "--own-network" in sys.argv[1:]


if __name__ == "__main__":
    sys.exit(main())

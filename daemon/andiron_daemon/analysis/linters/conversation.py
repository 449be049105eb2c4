"""JSON-RPC over a program's pipes, as language servers speak it; just enough to ask and be answered."""

import re
from typing import Any

import msgspec

from andiron_daemon.analysis.linters.linter import LinterError
from andiron_daemon.analysis.linters.process import Child

_LENGTH = re.compile(rb"(?i)content-length: *(\d{1,9})\r\n")
_HEADER_END = b"\r\n\r\n"
_LONGEST_HEADER_BYTES = 4096


class Conversation:
    """Questions to one program; `told` keeps what it says unasked to be shown."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._buffer = b""
        self._asked = 0
        self.told: list[str] = []

    async def tell(self, method: str, parameters: Any) -> None:
        """Send a notification."""
        await self._send({"method": method, "params": parameters})

    async def ask(self, method: str, parameters: Any) -> Any:
        """Send a request and wait for its answer.

        Raises:
            LinterError: if the answer is an error, or what comes is no message.
        """
        self._asked += 1
        await self._send({"id": self._asked, "method": method, "params": parameters})
        while True:
            message = await self._receive()
            if message.get("id") == self._asked and "method" not in message:
                if "error" in message:
                    raise LinterError(f"it refused {method}: {_said(message['error'])}")
                return message.get("result")
            await self._hear(message)

    async def _hear(self, message: dict[str, Any]) -> None:
        if "method" in message and "id" in message:
            await self._send({"id": message["id"], "result": None})
        elif message.get("method") in ("window/showMessage", "window/logMessage"):
            self.told.append(_said(message.get("params")))

    async def _send(self, message: dict[str, Any]) -> None:
        body = msgspec.json.encode({"jsonrpc": "2.0", **message})
        await self._child.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _receive(self) -> dict[str, Any]:
        while _HEADER_END not in self._buffer:
            if len(self._buffer) > _LONGEST_HEADER_BYTES:
                raise LinterError("what it printed cannot be understood: there is no header")
            await self._fill()
        header, _, self._buffer = self._buffer.partition(_HEADER_END)
        match = _LENGTH.search(header + b"\r\n")
        if match is None:
            raise LinterError("what it printed cannot be understood: the header has no length")
        length = int(match[1])
        while len(self._buffer) < length:
            await self._fill()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise LinterError(f"what it printed cannot be understood: {error}") from error

    async def _fill(self) -> None:
        data = await self._child.read()
        if not data:
            raise LinterError("it ended before it answered")
        self._buffer += data


def _said(value: Any) -> str:
    message = value.get("message") if isinstance(value, dict) else None
    return str(message)[:300]

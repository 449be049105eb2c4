"""A WebSocket client that sends frames byte by byte, for what a proper client would never send."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from andiron_testing.daemons import TOKEN, DaemonClient

CONTINUATION, TEXT, BINARY, CLOSE = 0, 1, 2, 8


class RawSocket:
    """An upgraded connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, opcode: int, payload: bytes, *, is_last: bool = True) -> None:
        """Send one masked frame."""
        mask = os.urandom(4)
        length = len(payload)
        if length < 126:
            size = struct.pack("!B", 0x80 | length)
        elif length < 65536:
            size = struct.pack("!BH", 0x80 | 126, length)
        else:
            size = struct.pack("!BQ", 0x80 | 127, length)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._writer.write(bytes([(0x80 if is_last else 0) | opcode]) + size + mask + masked)
        await self._writer.drain()

    async def receive(self) -> tuple[int, bytes]:
        """Read one frame that is not a ping."""
        while True:
            first, second = await self._reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
            payload = await self._reader.readexactly(length)
            if first & 0x0F != 9:
                return first & 0x0F, payload


@asynccontextmanager
async def raw_socket(daemon: DaemonClient) -> AsyncIterator[RawSocket]:
    """Connect and upgrade."""
    reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
    writer.write(
        (
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in answer.partition(b"\r\n")[0]
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()

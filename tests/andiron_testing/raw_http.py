"""HTTP byte by byte, for what a proper client would never send."""

import json
import socket
from contextlib import suppress
from typing import Any

import msgspec

SECONDS = 10.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back on a connection until its first answer was whole; status 0 is a close without a word."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""

    @property
    def code(self) -> Any:
        """The word of an error in the house's shape; None for any other body."""
        with suppress(ValueError, TypeError, KeyError):
            return json.loads(self.body)["error"]["code"]
        return None


def connect(port: int) -> socket.socket:
    """Open a connection whose reads and writes end after some seconds, whatever happens."""
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def exchange(port: int, sent: bytes) -> Answer:
    """Send some bytes over a connection of their own and read the first answer."""
    with connect(port) as connection:
        # The daemon may have refused, and closed, before all of it was sent.
        with suppress(ConnectionError):
            connection.sendall(sent)
        return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """Read one answer."""
    received = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in received:
            received += (piece := connection.recv(65536))
            if not piece:
                break
    if b"\r\n\r\n" not in received:
        return Answer(status=0, body=received)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    with suppress(ConnectionError):
        while len(body) < int(headers.get("content-length", 0)):
            body += (piece := connection.recv(65536))
            if not piece:
                break
    return Answer(status=int(first.split()[1]), headers=headers, body=body)


def request(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    """Write a request from its parts, as they are; a length is added where there is a body and none is said."""
    lines = [f"{method} {target} HTTP/1.1", *headers]
    names = [header.partition(":")[0].lower() for header in headers]
    if body and not {"content-length", "transfer-encoding"} & set(names):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body

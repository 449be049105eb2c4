"""The service manager's end of systemd's notify protocol, for daemons of the tests."""

import socket
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class NotifySocket:
    """A datagram socket as systemd would own it; its name is short, since such names may have 108 bytes only."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="notify")
        self.address = str(Path(self._folder.name) / "socket")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._socket.close()
        self._folder.cleanup()

    def next(self, seconds: float = 20.0) -> dict[str, str]:
        """Return the next state that is told.

        Raises:
            TimeoutError: if none is in time.
        """
        self._socket.settimeout(seconds)
        lines = self._socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def wait_for(self, name: str, seconds: float = 20.0) -> dict[str, str]:
        """Pass over states until one has this name.

        Raises:
            TimeoutError: if none has in time.
        """
        deadline = time.monotonic() + seconds
        while name not in (state := self.next(max(0.01, deadline - time.monotonic()))):
            continue
        return state

    def drain(self) -> list[dict[str, str]]:
        """Return what was told and not yet looked at."""
        states = []
        self._socket.setblocking(False)
        try:
            while True:
                states.append(dict(line.split("=", 1) for line in self._socket.recv(4096).decode().splitlines()))
        except BlockingIOError:
            return states

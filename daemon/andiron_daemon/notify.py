"""Telling the service manager how the daemon is: systemd's notify protocol, one datagram a state.

    STATUS=starting ─► READY=1 ─► WATCHDOG=1, again and again ─► STOPPING=1

Without a NOTIFY_SOCKET everything here does nothing. The watchdog's sign of life is sent by a task of the event
loop, so that a loop that hangs stays silent and the manager starts the daemon anew. Times are of the monotonic
clock on both sides, which stands still while the machine sleeps.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import MutableMapping

_log = logging.getLogger(__name__)
_LONGEST_STATUS = 200


class Notifier:
    """One for the process; it takes the variables out of the environment, since no child is to speak for it."""

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        address = variables.pop("NOTIFY_SOCKET", "")
        period = variables.pop("WATCHDOG_USEC", "")
        watched = variables.pop("WATCHDOG_PID", "")
        # A leading @ stands for the NUL byte of the abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        meant = not watched or watched == str(os.getpid())
        self._watchdog_seconds = int(period) / 1_000_000 if address and meant and period.isdecimal() else 0.0

    def status(self, text: str) -> None:
        """Say in a line what goes on."""
        self._send(f"STATUS={_line(text)}")

    def ready(self, text: str) -> None:
        """Say that requests are answered."""
        self._send(f"READY=1\nSTATUS={_line(text)}")

    def stopping(self, text: str) -> None:
        """Say that the end has begun."""
        self._send(f"STOPPING=1\nSTATUS={_line(text)}")

    async def watch(self) -> None:
        """Give a sign of life twice in each of the manager's periods until cancelled; return if none is wanted."""
        while self._watchdog_seconds > 0:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_seconds / 2)

    def _send(self, state: str) -> None:
        if not self._address:
            return
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as opened:
                opened.setblocking(False)
                opened.sendto(state.encode(), self._address)
        except (OSError, AttributeError) as error:
            # The daemon works without being watched; the manager will notice the silence.
            _log.warning("the service manager was not told %s: %s", state.partition("\n")[0], error)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_STATUS]

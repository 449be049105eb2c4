"""Token buckets: each client may ask so often a second for each class of endpoint, and save some of it up.

A look costs one dictionary lookup and a few additions. Clients that are not seen for long are forgotten, oldest
first, so that many names cannot fill the memory.
"""

import time
from collections.abc import Callable, Hashable
from typing import Literal

import msgspec

Class = Literal["completions", "generations", "requests"]
# So many seconds' worth may be saved up; a burst of typing or of a page's loading is far below it.
BURST_SECONDS = 10.0
_CLIENTS_REMEMBERED = 1024


class _Client(msgspec.Struct, gc=False):
    """What one client has left of one class."""

    tokens: float
    at: float


class Buckets:
    """The clients' buckets of one class; `rate` 0 is no limit."""

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = max(1.0, rate * BURST_SECONDS)
        self._clock = clock
        self._clients: dict[Hashable, _Client] = {}

    def take(self, client: Hashable) -> float:
        """Take one; return 0 where there was one, else the seconds until there will be."""
        if not self.rate:
            return 0.0
        now = self._clock()
        known = self._clients.get(client)
        if known is None:
            if len(self._clients) >= _CLIENTS_REMEMBERED:
                self._forget_oldest()
            self._clients[client] = _Client(self.burst - 1, now)
            return 0.0
        tokens = min(self.burst, known.tokens + (now - known.at) * self.rate)
        known.at = now
        if tokens < 1:
            known.tokens = tokens
            return (1 - tokens) / self.rate
        known.tokens = tokens - 1
        return 0.0

    @property
    def clients(self) -> int:
        """How many clients are remembered."""
        return len(self._clients)

    def _forget_oldest(self) -> None:
        by_age = sorted(self._clients, key=lambda client: self._clients[client].at)
        for client in by_age[: len(by_age) // 4]:
            del self._clients[client]

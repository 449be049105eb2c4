"""Who may ask now: the rates of each class of endpoint and how much one client may have under way at once.

HTTP and the socket both ask here; who the client is and which class it asks for is theirs to say.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable

import msgspec

from andiron_daemon.limits.buckets import BURST_SECONDS, Buckets, Class
from andiron_models.errors import RateLimitedError

_VARIABLES: dict[Class, str] = {
    "completions": "ANDIRON_RATE_COMPLETIONS",
    "generations": "ANDIRON_RATE_GENERATIONS",
    "requests": "ANDIRON_RATE_REQUESTS",
}


class TurnstileStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The limits in force, and how often they were reached; a rate of 0 is none."""

    requests_per_second: dict[str, float]
    burst_seconds: float
    at_once: int
    clients: int
    under_way: int
    refused: dict[str, int]


class Turnstile:
    """The limits for all clients; used from the event loop only.

    Args:
        rates: requests a second for each class; 0 is no limit.
        at_once: how many requests one client may have under way; 0 is no limit.
        clock: of the monotonic kind, in seconds.
    """

    def __init__(self, rates: dict[Class, float], at_once: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets = {name: Buckets(rate, clock=clock) for name, rate in rates.items()}
        self._at_once = at_once
        self._under_way: Counter[Hashable] = Counter()
        self._refused: Counter[str] = Counter()

    def admit(self, client: Hashable, kind: Class) -> None:
        """Count one request of a client.

        Raises:
            RateLimitedError: there were too many lately.
        """
        seconds = self._buckets[kind].take(client)
        if seconds:
            self._refused[kind] += 1
            rate = self._buckets[kind].rate
            raise RateLimitedError(
                f"this client asks for {kind} more often than {rate:g} times a second",
                hint=f"Ask again in {max(1, round(seconds))} s, or raise {_VARIABLES[kind]}.",
                details={"retry_after_seconds": round(seconds, 3), "limit": rate, "class": kind},
            )

    def under_way(self, client: Hashable) -> "UnderWay":
        """Give what holds one of a client's places for a `with` block.

        Entering it raises RateLimitedError where all of them are taken.
        """
        return UnderWay(self, client)

    def enter(self, client: Hashable) -> None:
        """Take one of a client's places; `under_way` gives it back.

        Raises:
            RateLimitedError: all of them are taken.
        """
        count = self._under_way[client]
        if self._at_once and count >= self._at_once:
            self._refused["at_once"] += 1
            raise RateLimitedError(
                f"this client has {count} requests under way, which is as many as it may",
                hint="Wait for some of them to be answered, or raise ANDIRON_CLIENT_CONCURRENCY.",
                details={"retry_after_seconds": 1.0, "limit": self._at_once, "class": "at_once"},
            )
        self._under_way[client] = count + 1

    def leave(self, client: Hashable) -> None:
        """Give one back."""
        self._under_way[client] -= 1
        if not self._under_way[client]:
            del self._under_way[client]

    def status(self) -> TurnstileStatus:
        """Say which limits are in force."""
        return TurnstileStatus(
            requests_per_second={name: buckets.rate for name, buckets in self._buckets.items()},
            burst_seconds=BURST_SECONDS,
            at_once=self._at_once,
            clients=max((buckets.clients for buckets in self._buckets.values()), default=0),
            under_way=sum(self._under_way.values()),
            refused=dict(self._refused),
        )


class UnderWay:
    """One place of one client; a class, since a generator's block costs every completion a microsecond."""

    __slots__ = ("_client", "_turnstile")

    def __init__(self, turnstile: Turnstile, client: Hashable) -> None:
        self._turnstile = turnstile
        self._client = client

    def __enter__(self) -> None:
        """Take the place."""
        self._turnstile.enter(self._client)

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._turnstile.leave(self._client)

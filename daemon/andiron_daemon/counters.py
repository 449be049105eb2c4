"""What the daemon counts of itself while it runs: requests, errors, tokens, times; kept in memory only."""

from bisect import bisect_left
from collections import Counter, defaultdict, deque

import msgspec

from andiron_daemon.answers import Generated
from andiron_daemon.storage.records import time_now

_ERRORS_KEPT = 20
_STAGES = ("queue", "prompt", "generate", "total")


class ErrorNote(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that was an error; `request_id` finds it in the log."""

    at: str
    request_id: str
    path: str
    code: str
    message: str
    hint: str | None = None


class Histogram:
    """How often something took how long, in seconds; `counts` has one more place, for what took longer."""

    __slots__ = ("count", "counts", "sum_seconds")

    BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

    def __init__(self) -> None:
        self.counts = [0] * (len(self.BOUNDS_SECONDS) + 1)
        self.count = 0
        self.sum_seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.BOUNDS_SECONDS, seconds)] += 1
        self.count += 1
        self.sum_seconds += seconds


class TokenCounts(msgspec.Struct, kw_only=True):
    """Tokens of one backend."""

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Counters:
    """Counts since the start; used from the event loop only."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.tokens: dict[str, TokenCounts] = {}
        self.last_errors: deque[ErrorNote] = deque(maxlen=_ERRORS_KEPT)
        # By stage and backend, and by route.
        self.stages: defaultdict[tuple[str, str], Histogram] = defaultdict(Histogram)
        self.routes: defaultdict[str, Histogram] = defaultdict(Histogram)
        self.masked: Counter[str] = Counter()

    def count_request(self, route: str) -> None:
        """Count a request by the route it took."""
        self.requests[route] += 1

    def count_error(self, *, request_id: str, path: str, code: str, message: str, hint: str | None = None) -> None:
        """Count an error and remember it for a while."""
        self.errors[code] += 1
        note = ErrorNote(at=time_now(), request_id=request_id, path=path, code=code, message=message, hint=hint)
        self.last_errors.append(note)

    def count_time(self, route: str, seconds: float) -> None:
        """Count how long a request took, a stream to its end."""
        self.routes[route].observe(seconds)

    def count_answer(self, answer: Generated) -> None:
        """Add up the tokens of an answer."""
        if answer.backend is None:
            return
        counts = self.tokens.setdefault(answer.backend, TokenCounts())
        counts.answers += 1
        counts.prompt_tokens += answer.usage.prompt_tokens
        counts.completion_tokens += answer.usage.completion_tokens
        self.masked[answer.backend] += answer.masked
        for stage in _STAGES:
            self.stages[stage, answer.backend].observe(getattr(answer.timings, f"{stage}_ms") / 1000)

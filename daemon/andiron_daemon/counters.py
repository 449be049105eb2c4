"""What the daemon counts of itself while it runs: requests, errors, tokens; kept in memory only."""

from collections import Counter, deque

import msgspec

from andiron_daemon.answers import Generated
from andiron_daemon.storage.records import time_now

_ERRORS_KEPT = 20


class ErrorNote(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that was an error; `request_id` finds it in the log."""

    at: str
    request_id: str
    path: str
    code: str
    message: str


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

    def count_request(self, route: str) -> None:
        """Count a request by the route it took."""
        self.requests[route] += 1

    def count_error(self, *, request_id: str, path: str, code: str, message: str) -> None:
        """Count an error and remember it for a while."""
        self.errors[code] += 1
        self.last_errors.append(ErrorNote(at=time_now(), request_id=request_id, path=path, code=code, message=message))

    def count_answer(self, answer: Generated) -> None:
        """Add up the tokens of an answer."""
        if answer.backend is None:
            return
        counts = self.tokens.setdefault(answer.backend, TokenCounts())
        counts.answers += 1
        counts.prompt_tokens += answer.usage.prompt_tokens
        counts.completion_tokens += answer.usage.completion_tokens

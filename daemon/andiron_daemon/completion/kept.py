"""How much of what was accepted is still there a while later, which tells more than that it was accepted.

The next request for the same file, once some time has passed, shows its text again; lines of the suggestion
that stand there still are kept. A suggestion whose file is not seen again is never judged. In memory only.
"""

import time
from collections import deque
from collections.abc import Callable

import msgspec

from andiron_daemon.completion.plan import PlaceName, Plan

AFTER_SECONDS = 30.0
_REMEMBERED = 64


class Acceptance(msgspec.Struct, frozen=True):
    """An accepted text, where, and when."""

    place: PlaceName
    text: str
    at_seconds: float


class Acceptances:
    """What was accepted lately and not judged yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[Acceptance] = deque(maxlen=_REMEMBERED)

    def remember(self, plan: Plan, text: str) -> None:
        """Note what was accepted."""
        if text.strip() and plan.request.path is not None:
            plain = text.replace(plan.gap.line_end, "\n")
            self._waiting.append(Acceptance(plan.place_name, plain, self._clock()))

    def judge(self, plan: Plan) -> list[tuple[int, int]]:
        """Look for what was accepted in this file long enough ago: characters kept, of how many."""
        due_seconds = self._clock() - AFTER_SECONDS
        due = [known for known in self._waiting if known.place == plan.place_name and known.at_seconds <= due_seconds]
        if not due:
            return []
        for known in due:
            self._waiting.remove(known)
        text = plan.gap.prefix + plan.gap.suffix
        return [(kept_characters(known.text, text), len(known.text)) for known in due]


def kept_characters(accepted: str, text: str) -> int:
    """Count the characters of the lines of an accepted text that a text still has."""
    if accepted in text:
        return len(accepted)
    lines = accepted.split("\n")
    return sum(len(line) for line in lines if line.strip() and line.strip() in text)

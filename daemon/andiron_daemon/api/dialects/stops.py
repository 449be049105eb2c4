"""Stop strings of clients, looked for in text that has already been made, piece by piece."""

from collections.abc import Sequence


class StopReader:
    """Passes text on up to the first stop string; what may be the beginning of one waits."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.met: str | None = None
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def push(self, text: str) -> str:
        """Take more text; return what is surely before any stop."""
        if self.met is not None:
            return ""
        self._held += text
        found = [(at, stop) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            at, self.met = min(found)
            return self._held[:at]
        kept = max((self._beginning(stop) for stop in self._stops), default=0)
        shown, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        return shown

    def finish(self) -> str:
        """Return what waited in vain."""
        held, self._held = self._held, ""
        return "" if self.met is not None else held

    def _beginning(self, stop: str) -> int:
        longest = min(len(stop) - 1, len(self._held))
        return next((length for length in range(longest, 0, -1) if self._held.endswith(stop[:length])), 0)

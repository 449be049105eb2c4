"""From token bytes to text that may be shown: whole characters, stop strings never leaking.

Bytes of a character split over tokens wait for the rest; text that may be the beginning of a stop string
waits until it is known. The deltas joined are exactly the final text.
"""

import codecs


class AnswerText:
    """The text of one answer as it grows.

    `stopped` turns true when a stop string was met; what follows it, and itself, is not part of the text.
    With `single_line` the answer ends before the first line break that follows something visible.
    """

    def __init__(self, stops: tuple[str, ...] = (), *, single_line: bool = False) -> None:
        self.stopped = False
        self._stops = stops
        self._single_line = single_line
        self._seen_visible = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    def push(self, data: bytes) -> str:
        """Take a token's bytes and return the text that may be shown now."""
        if self.stopped:
            return ""
        return self._advance(self._decoder.decode(data))

    def finish(self) -> str:
        """Return what was still held back; bytes that never became a character show as U+FFFD."""
        if self.stopped:
            return ""
        shown = self._advance(self._decoder.decode(b"", final=True))
        shown, self._held = shown + self._held, ""
        return shown

    def _advance(self, text: str) -> str:
        self._held += text
        cut = self._first_stop()
        if cut is not None:
            self.stopped = True
            shown, self._held = self._held[:cut], ""
            return shown
        keep = self._possible_stop_length()
        boundary = len(self._held) - keep
        shown, self._held = self._held[:boundary], self._held[boundary:]
        self._seen_visible = self._seen_visible or not (shown == "" or shown.isspace())
        return shown

    def _first_stop(self) -> int | None:
        found = [position for stop in self._stops if (position := self._held.find(stop)) >= 0]
        if self._single_line:
            line_end = self._line_end()
            if line_end is not None:
                found.append(line_end)
        return min(found, default=None)

    def _line_end(self) -> int | None:
        start = 0
        if not self._seen_visible:
            start = len(self._held) - len(self._held.lstrip())
            if start == len(self._held):
                return None
        ends = [position for end in ("\n", "\r") if (position := self._held.find(end, start)) >= 0]
        return min(ends, default=None)

    def _possible_stop_length(self) -> int:
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:length]):
                    longest = length
                    break
        return longest

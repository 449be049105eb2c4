"""How far a suggestion reaches over what an editor has put right of the cursor.

With `sort(█)` and the suggestion `array) {`, the bracket is part of the suggestion: the range spans it. Where
the suggestion ends with what stands there, it is the suggestion that gives way, since plain insertions are
what editors show best.
"""

import msgspec

from andiron_daemon.completion.brackets import closers_behind
from andiron_daemon.completion.gap import Gap


class Insertion(msgspec.Struct, frozen=True):
    """A text, and how many characters right of the cursor it takes the place of."""

    text: str
    replaced: int = 0


def fit_to_closers(text: str, gap: Gap) -> Insertion:
    """Decide between giving way to the closers right of the cursor and taking their place."""
    closers = closers_behind(gap)
    if not closers or not text:
        return Insertion(text)
    rest_is_closers = gap.line_behind.strip() == closers
    for length in range(len(closers), 0, -1):
        if text.endswith(closers[:length]) and "\n" not in text:
            shorter = text[:-length]
            if _is_balanced_without(shorter, closers[:length]):
                return Insertion(shorter)
    if not rest_is_closers:
        return Insertion(text)
    return Insertion(text, _matched_in_order(text.partition("\n")[0], closers))


def _is_balanced_without(text: str, closers: str) -> bool:
    """Tell whether the closers at the text's end close what the text itself did not open."""
    pairs = {")": "(", "]": "[", "}": "{"}
    for closer in closers:
        opener = pairs.get(closer)
        if opener is None:
            if text.count(closer) % 2:
                return False
        elif text.count(opener) > text.count(closer):
            return False
    return True


def _matched_in_order(line: str, closers: str) -> int:
    """Count the closers that the line has too, in their order, beyond those its own openers need."""
    depth = {")": 0, "]": 0, "}": 0}
    opens = {"(": ")", "[": "]", "{": "}"}
    matched = 0
    for sign in line:
        if sign in opens:
            depth[opens[sign]] += 1
        elif depth.get(sign):
            depth[sign] -= 1
        elif matched < len(closers) and sign == closers[matched]:
            matched += 1
    return matched

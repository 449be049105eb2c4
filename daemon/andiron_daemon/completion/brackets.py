"""Brackets of a suggestion against those around it: none closed twice.

Brackets open before the cursor are counted from the last line that begins at the left margin, where nothing
can be open; those the text behind the cursor closes are counted up to the next such line.
"""

import re

import msgspec

from andiron_daemon.completion.gap import Gap
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.scan import CLOSERS, Scanned, scan

_MARGIN_LINE = re.compile(r"\n(?=[^\s)\]}#])")
_LEADING_CLOSERS = re.compile(r"[)\]}\"'`]+")
_SCANNED_CHARACTERS = 16 * 1024


class Enclosure(msgspec.Struct, frozen=True, kw_only=True):
    """What is open at the cursor, innermost last, and what the text behind it closes, innermost first."""

    opened: tuple[str, ...]
    closed_behind: tuple[str, ...]
    in_code: bool

    @property
    def missing(self) -> int:
        """How many brackets are open that nothing behind the cursor closes."""
        return max(0, len(self.opened) - len(self.closed_behind))


def enclosure_of(gap: Gap, language: Language | None) -> Enclosure:
    """Count the brackets around the cursor."""
    before = _scan_before(gap.prefix, language)
    behind = gap.suffix[:_SCANNED_CHARACTERS]
    margin = _MARGIN_LINE.search(behind)
    closed = scan(behind[: margin.start()] if margin else behind, language, Scanned(quote=before.quote))
    return Enclosure(
        opened=before.opened,
        closed_behind=tuple(unmatched.closer for unmatched in closed.unmatched),
        in_code=before.in_code,
    )


def _scan_before(prefix: str, language: Language | None) -> Scanned:
    kept = prefix[-_SCANNED_CHARACTERS:]
    start = 0
    for match in _MARGIN_LINE.finditer(kept):
        start = match.end()
    return scan(kept[start:], language)


def closers_behind(gap: Gap) -> str:
    """Return the closing brackets and quotes that stand right of the cursor, as an editor puts them there."""
    match = _LEADING_CLOSERS.match(gap.suffix)
    return match[0] if match else ""


def without_excess(text: str, gap: Gap, enclosure: Enclosure, language: Language | None) -> str:
    """Cut a text before the first bracket that closes what is closed already, or was never opened.

    Brackets right of the cursor may be closed by the text too: it is then put in their place (see `replace`).
    """
    if not enclosure.in_code:
        return text
    replaceable = sum(sign in CLOSERS for sign in closers_behind(gap))
    allowed = enclosure.missing + replaceable
    open_now = list(enclosure.opened)
    for count, unmatched in enumerate(scan(text, language).unmatched):
        fits = bool(open_now) and open_now[-1] == CLOSERS[unmatched.closer]
        if count >= allowed or not fits:
            return text[: unmatched.index]
        open_now.pop()
    return text

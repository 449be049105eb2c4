"""When enough has been generated: judged line by line while the text streams in.

    line        at the first line break behind text
    statement   behind a line that is whole, or where the statement's own block has ended
    block       where the indentation falls out of the block, or a new unit begins at the top level

and always where the text begins to say what the suffix says, or what it has said itself. The text up to the
cut is the suggestion; `finish` judges what is left when the backend ends by itself.
"""

import enum
import re

import msgspec

from andiron_daemon.completion.brackets import enclosure_of
from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.multiline import Extent, opening_above, opens_block
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.repetition import repeats_itself, repetition_start
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.scan import scan
from andiron_daemon.syntax.scopes import width_of

_CONTINUES = re.compile(
    r"^\s*[)\]}]*\s*(else|elif|elsif|except|finally|catch|rescue|ensure|case|default|when|while|then|and|or|until)\b"
)
_CLOSES = re.compile(r"^\s*([)\]}]+[;,)]*|end|fi|done|esac|</[\w.-]+>)\s*;?\s*$")
_LEADS = re.compile(r"^\s*([@#]|//|/\*|\*|--|\"\"\"|export\s*$|template\s*<)")
_FIRST_WORD = re.compile(r"[ \t]*(\w+[^\w\n]|[^\w\s)\]}<])")
_SUFFIX_LINES = 40
_WORD = re.compile(r"\w")


class Why(enum.Enum):
    """What ended a suggestion."""

    LINE_END = "line end"
    UNIT_END = "unit end"
    DEDENT = "dedent"
    SUFFIX = "suffix"
    REPETITION = "repetition"
    TOO_LONG = "too long"


class Verdict(msgspec.Struct, frozen=True):
    """Where the text is to be cut, and why."""

    length: int
    why: Why


class Watch:
    """Watches one suggestion grow.

    With `is_asked_for`, many lines are wanted and only the block's end counts; with `fills_blocks`, a line that
    opens an empty block takes the block along.
    """

    def __init__(
        self,
        gap: Gap,
        extent: Extent,
        language: Language | None,
        policy: CompletionPolicy,
        *,
        is_asked_for: bool = False,
        fills_blocks: bool = False,
    ) -> None:
        self.text = ""
        self._gap = gap
        self._extent = extent
        self._language = language
        self._policy = policy
        self._fills_blocks = fills_blocks
        self._line_start = 0
        self._lines: list[str] = []
        self._below = _line_below(gap)
        self._depth = _opening_width(gap, extent, language)
        self._goes_on_openly = extent is Extent.BLOCK and self._depth is None and not is_asked_for
        self._width = 0

    def feed(self, piece: str) -> Verdict | None:
        """Take more text; a verdict means it is enough."""
        self.text += piece
        while True:
            end = self.text.find("\n", self._line_start)
            if end < 0:
                break
            verdict = self._judge(self._line_start, end)
            if verdict is not None:
                return verdict
            self._line_start = end + 1
        if len(self.text) - self._line_start > 40 and repeats_itself(self.text):
            return Verdict(repetition_start(self.text), Why.REPETITION)
        return self._judge_beginning(self.text[self._line_start :])

    def _judge_beginning(self, line: str) -> Verdict | None:
        """Stop at the first word of a line that has fallen out of the block; waiting for its end costs time."""
        depth = self._depth
        if depth is None or not any(known.strip() for known in self._lines) or width_of(line) > depth:
            return None
        if _FIRST_WORD.match(line) is None or _CONTINUES.match(line) or self._is_led_in(width_of(line), self._lines):
            return None
        return Verdict(self._line_start, Why.DEDENT)

    def finish(self) -> Verdict | None:
        """Judge the last line, which has no end."""
        if self._line_start >= len(self.text):
            return None
        return self._judge(self._line_start, len(self.text))

    def _judge(self, start: int, end: int) -> Verdict | None:
        """Judge one line: cut before it, behind it, or go on."""
        line = self.text[start:end]
        whole = line if self._lines else self._gap.line_before + line
        is_first = not any(known.strip() for known in self._lines)
        self._lines.append(whole)
        if self._extent is Extent.LINE:
            return self._judge_line(whole, end)
        if not line.strip():
            return self._judge_blank(start)
        if not is_first or not self._gap.line_before.strip():
            verdict = self._judge_against_suffix(whole, start) or self._judge_repetition(start)
            if verdict is not None:
                return verdict
        return self._judge_depth(whole, start, end, is_first=is_first)

    def _judge_line(self, whole: str, end: int) -> Verdict | None:
        """End the line, or go on where it opens a block that nothing stands in yet: alone it would be broken."""
        if not self.text[:end].strip():
            return None
        if not self._fills_blocks or not self._opens_empty_block(whole):
            return Verdict(end, Why.LINE_END)
        self._extent, self._width, self._depth = Extent.STATEMENT, width_of(whole), width_of(whole)
        return None

    def _opens_empty_block(self, whole: str) -> bool:
        below = self._below
        return opens_block(whole, self._language) and (below is None or width_of(below) <= width_of(whole))

    def _judge_blank(self, start: int) -> Verdict | None:
        """Stop at a blank line where a block goes on, and between units at the margin."""
        texts = [line for line in self._lines if line.strip()]
        if not self._goes_on_openly or not texts or not self.text[:start].strip():
            return None
        if self._width > 0 or (width_of(texts[-1]) == 0 and self._is_whole(texts[-1])):
            return Verdict(start, Why.UNIT_END)
        return None

    def _judge_against_suffix(self, whole: str, start: int) -> Verdict | None:
        if self._below is None or len(self._below.strip()) < 4 or not _WORD.search(self._below):
            return None
        return Verdict(start, Why.SUFFIX) if whole.rstrip() == self._below.rstrip() else None

    def _judge_repetition(self, start: int) -> Verdict | None:
        lines = [line.strip() for line in self._lines]
        last = lines[-1]
        if len(last) >= 4 and _WORD.search(last) and lines.count(last) >= 3 and lines[-3:].count(last) >= 2:
            return Verdict(start, Why.REPETITION)
        for size in (2, 3, 4):
            if len(lines) >= 3 * size and lines[-size:] == lines[-2 * size : -size] == lines[-3 * size : -2 * size]:
                first = sum(len(line) + 1 for line in self.text.split("\n")[: len(lines) - 2 * size])
                return Verdict(first, Why.REPETITION)
        return None

    def _judge_depth(self, whole: str, start: int, end: int, *, is_first: bool) -> Verdict | None:
        width = width_of(whole)
        if is_first and self._depth is None:
            self._width = width
            self._depth = width if self._extent is Extent.STATEMENT or width == 0 else width - 1
        depth = self._depth or 0
        if not is_first and width <= depth and not _CONTINUES.match(whole):
            return self._judge_fallen_out(whole, start, end)
        if self._extent is Extent.STATEMENT and width <= depth and self._is_whole(whole):
            return Verdict(end, Why.UNIT_END)
        if self._extent is Extent.STATEMENT and self._has_its_block(whole):
            return Verdict(end, Why.UNIT_END)
        most = self._policy.open_block_lines
        if self._goes_on_openly and len(self._lines) >= most and self._is_whole(whole) and width > 0:
            return Verdict(end, Why.TOO_LONG)
        return None

    def _has_its_block(self, whole: str) -> bool:
        """Tell whether a line opens the very block that stands behind the cursor."""
        return (
            self._below is not None and width_of(self._below) > width_of(whole) and opens_block(whole, self._language)
        )

    def _judge_fallen_out(self, whole: str, start: int, end: int) -> Verdict | None:
        """Judge a line that is no longer part of the block: its closing bracket may be, what leads it in is."""
        width, depth = width_of(whole), self._depth or 0
        if _CLOSES.match(whole) and (width == depth or enclosure_of(self._gap, self._language).missing):
            return Verdict(end, Why.UNIT_END)
        return None if self._is_led_in(width, self._lines[:-1]) else Verdict(start, Why.DEDENT)

    def _is_led_in(self, width: int, lines: list[str]) -> bool:
        """Tell whether only comments and decorators came so far, which belong to what follows them."""
        earlier = [line for line in lines if line.strip()]
        return all(_LEADS.match(line) and width_of(line) == width for line in earlier)

    def _is_whole(self, whole: str) -> bool:
        if opens_block(whole, self._language) or _LEADS.match(whole):
            return False
        scanned = scan("\n".join(self._lines), self._language)
        return not scanned.opened and scanned.quote is None and not whole.rstrip().endswith(("\\", ","))


def _opening_width(gap: Gap, extent: Extent, language: Language | None) -> int | None:
    """Return the width of the line whose block is to be filled; None where the first line will tell."""
    if extent is not Extent.BLOCK:
        return None
    before = gap.line_before
    if before.strip():
        return width_of(before)
    opening = opening_above(gap, language)
    return width_of(opening) if opening is not None else None


def _line_below(gap: Gap) -> str | None:
    """Return the next line with text behind the cursor; the rest of its own line when it is to come before it."""
    if gap.line_behind.strip():
        return gap.line_behind if not gap.line_before.strip() else None
    lines = gap.suffix.split("\n", _SUFFIX_LINES)[1:_SUFFIX_LINES]
    return next((line for line in lines if line.strip()), None)

"""The part of a text that is sent to the model, and where it begins and ends.

A window begins where a reader would begin: at a top-level definition, else behind a blank line, else at a line.
What it leaves out above is stood for by the imports it uses and the lines that open the blocks around it.
"""

import re
from collections.abc import Iterator

import msgspec

from andiron_daemon.answers import characters_for, estimate_tokens
from andiron_daemon.completion.budget import Budget
from andiron_daemon.completion.policy import SuffixStart
from andiron_daemon.syntax.parse import Syntax
from andiron_daemon.syntax.scopes import enclosing_lines, import_lines
from andiron_models.types import ExtraFile

IDENTIFIER = re.compile(r"[^\W\d]\w{2,}")
_NAME = re.compile(r"[^\W\d]\w+")
_LEAD_CHARACTERS = 200
# A boundary is worth giving up to this share of the room for.
_BOUNDARY_SHARE = 0.4
_HEADER_LINE_CHARACTERS = 200
_CLOSERS_ONLY = re.compile(r"[)\]}>\"'`;,:\s]*")


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent for a place, as it was decided once; only the text typed at its end grows.

    `start` and `lead` say where in the prefix it begins, and what stands there.
    """

    start: int
    lead: str
    header: str
    suffix: str
    extra: tuple[ExtraFile, ...]
    characters: int

    @property
    def tokens(self) -> int:
        """Estimate what evaluating it costs."""
        extra = sum(estimate_tokens(file.content) for file in self.extra)
        return extra + -(-self.characters // 3) + estimate_tokens(self.suffix)

    def start_in(self, prefix: str) -> int | None:
        """Find where the window begins in a prefix as it is now; None if that text is gone."""
        if prefix.startswith(self.lead, self.start) and self.start <= len(prefix):
            return self.start
        if len(self.lead) < _LEAD_CHARACTERS:
            return None
        # The caller may cut the prefix at its own beginning, which moves everything.
        found = prefix.rfind(self.lead)
        return found if found >= 0 else None

    def text_for(self, prefix: str) -> str | None:
        """Return what is sent as prefix."""
        start = self.start_in(prefix)
        return None if start is None else self.header + prefix[start:]


def make_window(
    prefix: str,
    suffix: str,
    budget: Budget,
    header_share: float,
    syntax: Syntax | None,
    extra: tuple[ExtraFile, ...] = (),
) -> Window:
    """Decide a window; `suffix` is what `stable_suffix` left of it, `syntax` is of the whole prefix."""
    room = characters_for(budget.prefix)
    start, header = 0, ""
    if len(prefix) > room:
        header_room = int(room * header_share)
        start = boundary(prefix, room - header_room)
        header = _header(prefix, start, header_room, syntax)
    return Window(
        start=start,
        lead=prefix[start : start + _LEAD_CHARACTERS],
        header=header,
        suffix=cut_suffix(suffix, characters_for(budget.suffix)),
        extra=extra,
        characters=len(header) + len(prefix) - start,
    )


def boundary(prefix: str, room: int) -> int:
    """Find where the last `room` characters of a prefix are best cut."""
    if len(prefix) <= room:
        return 0
    earliest = len(prefix) - room
    latest = earliest + int(room * _BOUNDARY_SHARE)
    best, best_rank = -1, 0
    for start in _line_starts(prefix, earliest, latest):
        rank = _rank(prefix, start)
        if rank > best_rank:
            best, best_rank = start, rank
    if best >= 0:
        return best
    # No line begins there: the line itself is longer than the room.
    return earliest


def _line_starts(prefix: str, earliest: int, latest: int) -> Iterator[int]:
    found = prefix.find("\n", max(0, earliest - 1), latest)
    while found >= 0:
        yield found + 1
        found = prefix.find("\n", found + 1, latest)


def _rank(prefix: str, start: int) -> int:
    """Grade a line's beginning: 3 opens something at the top level, 2 follows a blank line, 1 is any other."""
    first = prefix[start : start + 1]
    follows_blank = not prefix[prefix.rfind("\n", 0, max(0, start - 1)) + 1 : start].strip()
    if follows_blank and first.strip() and first not in ")]}":
        return 3
    if follows_blank and first != "\n":
        return 2
    return 1


def _header(prefix: str, start: int, room: int, syntax: Syntax | None) -> str:
    """Quote the imports used behind the cut and the openings of the blocks it is in."""
    above = prefix[:start]
    lines = above.split("\n")
    behind = prefix[start:]
    used = set(_NAME.findall(behind))
    imports = [line for line in import_lines(above, syntax) if used & set(_NAME.findall(line))]
    first_line = len(lines) - 1
    openings = [lines[number] for number in enclosing_lines([*lines[:-1], *behind.split("\n", 40)], first_line)]
    kept_openings = _fitting(openings[::-1], room)[::-1]
    kept_imports = _fitting(imports, room - sum(len(line) + 1 for line in kept_openings))
    if not kept_imports and not kept_openings:
        return ""
    return "\n".join([*kept_imports, *kept_openings, ""])


def _fitting(lines: list[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        if len(line) <= _HEADER_LINE_CHARACTERS:
            kept.append(line)
    return kept


def stable_suffix(suffix: str, start: SuffixStart = "closers") -> str:
    """Return the part of a suffix that does not change while an editor adds and drops closing brackets."""
    line, line_end, rest = suffix.partition("\n")
    if start == "whole":
        return suffix
    if start == "next_line" or _CLOSERS_ONLY.fullmatch(line):
        return line_end + rest
    return suffix


def cut_suffix(suffix: str, room: int) -> str:
    """Keep the first `room` characters, up to a line's end where there is one in the second half."""
    if len(suffix) <= room:
        return suffix
    end = suffix.rfind("\n", room // 2, room)
    return suffix[: end + 1] if end >= 0 else suffix[:room]


def is_trivially_different(old: str, new: str, similarity: float) -> bool:
    """Tell whether two suffixes begin alike and have nearly all their lines in common."""
    if old == new:
        return True
    old_lines = [line.strip() for line in old.split("\n") if line.strip()]
    new_lines = [line.strip() for line in new.split("\n") if line.strip()]
    if not old_lines or not new_lines or old_lines[0] != new_lines[0]:
        return not old_lines and not new_lines
    shared = len(set(old_lines) & set(new_lines))
    return 2 * shared >= similarity * (len(set(old_lines)) + len(set(new_lines)))

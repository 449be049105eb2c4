"""What a suggestion says that the text around it says already."""

import difflib
import re

from andiron_daemon.completion.gap import Gap

_WORD = re.compile(r"\w")
_WORDS = re.compile(r"\w+")
_LOOKED_AT_LINES = 3
_NEXT_LINES = 12
_SHORTEST_OVERLAP = 3
_LONGEST_COMPARED = 300
_SHORTEST_LINE = 6


def is_alike(first: str, second: str, similarity: float) -> bool:
    """Tell whether two lines are the same one but for a slip of spacing, quotes or brackets.

    Lines that differ in a word are two lines: code is full of pairs that differ in nothing else.
    """
    first, second = first.strip(), second.strip()
    if first == second:
        return True
    if min(len(first), len(second)) < 8 or max(len(first), len(second)) > _LONGEST_COMPARED:
        return False
    if _WORDS.findall(first) != _WORDS.findall(second):
        return False
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= similarity


def duplicates_suffix(text: str, gap: Gap, similarity: float) -> bool:
    """Tell whether a text is nothing but what follows the cursor anyway."""
    lines = [line for line in (gap.line_before + text).split("\n") if line.strip()]
    behind = [line for line in _following(gap) if line.strip()]
    if not lines or not behind or not text.strip():
        return False
    looked_at = lines[:_LOOKED_AT_LINES]
    if not any(_WORD.search(line) for line in looked_at):
        return False
    pairs = list(zip(looked_at, behind, strict=False))
    return len(pairs) == len(looked_at) and all(is_alike(mine, theirs, similarity) for mine, theirs in pairs)


def repeats_line_above(text: str, gap: Gap) -> bool:
    """Tell whether a text's first line is the line above the cursor's once more."""
    above = [line.strip() for line in gap.prefix.split("\n")[:-1][-3:] if line.strip()]
    first = (gap.line_before + text).strip("\n").split("\n")[0].strip()
    return bool(above) and len(first) >= 4 and bool(_WORD.search(first)) and first == above[-1]


def without_line_rest(text: str, gap: Gap) -> str:
    """Cut from a text's end what stands right of the cursor on its line."""
    rest = gap.line_behind.rstrip()
    if not rest.strip():
        return text
    first, line_end, _ = text.partition("\n")
    if not gap.line_before.strip() and not line_end and first.strip() == rest.strip():
        return ""
    if len(rest.strip()) >= _SHORTEST_OVERLAP and rest in first:
        return first[: first.rindex(rest)]
    for length in range(min(len(rest), len(first)), 0, -1):
        if first.endswith(rest[:length]) and (length >= _SHORTEST_OVERLAP or not _WORD.search(rest[:length])):
            return first[: len(first) - length]
    return text


def without_following_lines(text: str, gap: Gap) -> str:
    """Cut the lines at a text's end that are the next lines behind the cursor, closing brackets among them."""
    lines = text.split("\n")
    following = [line.rstrip() for line in _following(gap)]
    while following and not following[0]:
        following.pop(0)
    if following and len(following[0].strip()) >= _SHORTEST_LINE and lines[-1].endswith(" " + following[0].strip()):
        return text[: -len(following[0].strip())].rstrip()
    for count in range(min(len(lines) - 1, len(following)), 0, -1):
        tail = [line.rstrip() for line in lines[-count:]]
        if tail == following[:count] and any(tail):
            return "\n".join(lines[:-count]).rstrip()
    return text


def _following(gap: Gap) -> list[str]:
    """Return the lines behind the cursor's; with nothing before the cursor, the rest of its own counts too."""
    lines = gap.suffix.split("\n", _NEXT_LINES)[:_NEXT_LINES]
    return lines if not gap.line_before.strip() and gap.line_behind.strip() else lines[1:]

"""From one text to another: the smallest edits by lines and characters, and a unified diff.

Edits never overlap, stand in the order of the text, and never part a line end of two characters.
"""

import difflib
import re
from collections.abc import Sequence

from andiron_daemon.analysis.types import Edit
from andiron_daemon.positions import Range, position_after

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_NO_END = "\n\\ No newline at end of file\n"


def edits_between(old: str, new: str) -> tuple[Edit, ...]:
    """Return the edits that make one text of another."""
    before, after = _LINES.findall(old), _LINES.findall(new)
    edits: list[Edit] = []
    starts = _starts(before)
    for tag, first, last, new_first, new_last in _opcodes(before, after):
        if tag != "equal":
            replaced = "".join(before[first:last])
            edits.append(_trimmed(old, starts[first], replaced, "".join(after[new_first:new_last])))
    return tuple(edits)


def unified_diff(old: str, new: str, path: str) -> str:
    """Return a diff as `patch` and `git apply` take it; empty if nothing differs."""
    name = path.replace("\\", "/").lstrip("/")
    lines = difflib.unified_diff(_LINES.findall(old), _LINES.findall(new), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else line + _NO_END for line in lines)


def _opcodes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """Compare what lies between the lines both begin and end with."""
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    inner_before, inner_after = before[head : len(before) - tail], after[head : len(after) - tail]
    matcher = difflib.SequenceMatcher(None, inner_before, inner_after, autojunk=False)
    return [
        (tag, first + head, last + head, new_first + head, new_last + head)
        for tag, first, last, new_first, new_last in matcher.get_opcodes()
    ]


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _trimmed(text: str, start: int, replaced: str, new_text: str) -> Edit:
    """Leave out what old and new have in common at both ends."""
    head = _shared(replaced, new_text)
    if _parts_line_end(text, start + head):
        head -= 1
    tail = _shared(replaced[head:][::-1], new_text[head:][::-1])
    end = start + len(replaced) - tail
    if _parts_line_end(text, end):
        tail -= 1
        end += 1
    at = Range(position_after(text[: start + head]), position_after(text[:end]))
    return Edit(range=at, new_text=new_text[head : len(new_text) - tail])


def _parts_line_end(text: str, offset: int) -> bool:
    return 0 < offset < len(text) and text[offset - 1] == "\r" and text[offset] == "\n"

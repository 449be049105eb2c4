"""Lines of code, of comment, and blank ones: every line of a text is one of the three.

A line with code on it is code, whatever else is on it; a docstring is comment; a blank line is blank anywhere.
"""

import re
from bisect import bisect_right

import msgspec

from andiron_daemon.analysis.marks import Mark
from andiron_daemon.analysis.places import Places
from andiron_daemon.syntax.languages import Language


class LineCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines there are of each kind."""

    lines: int
    code: int
    comment: int
    blank: int


def count_lines(marks: list[Mark], places: Places) -> LineCounts:
    """Count by the comments a tree has."""
    return _counted(places, [(mark.start, mark.end) for mark in marks if "comment" in mark.meanings])


def count_lines_without_tree(places: Places, language: Language | None) -> LineCounts:
    """Count by what begins a comment in a language; a string that looks like one is taken for one."""
    return _counted(places, _comment_stretches(places.data, language) if language is not None else [])


def _counted(places: Places, comments: list[tuple[int, int]]) -> LineCounts:
    starts = [start for start, _ in comments]
    comment = 0
    counted = -1
    for start, end in comments:
        first, last = places.line_of(start), places.line_of(max(start, end - 1))
        for number in range(max(first, counted + 1), last + 1):
            comment += _is_comment(number, places, comments, starts)
        counted = max(counted, last)
    lines = places.line_count
    blank = sum(not places.line(number).strip() for number in range(lines))
    return LineCounts(lines=lines, code=lines - comment - blank, comment=comment, blank=blank)


def _is_comment(number: int, places: Places, comments: list[tuple[int, int]], starts: list[int]) -> bool:
    """Tell whether comments are all there is on a line that has one, and that there is something."""
    begin = places.starts[number]
    line = places.line(number)
    if not line.strip():
        return False
    rest = bytearray(line)
    index = max(0, bisect_right(starts, begin) - 1)
    while index < len(comments) and comments[index][0] < begin + len(line):
        start, end = comments[index]
        low, high = max(start, begin) - begin, min(end, begin + len(line)) - begin
        if low < high:
            rest[low:high] = b" " * (high - low)
        index += 1
    return not rest.strip()


def _comment_stretches(data: bytes, language: Language) -> list[tuple[int, int]]:
    """Find comments that begin their line."""
    signs: list[bytes] = []
    if language.line_comments:
        words = b"|".join(re.escape(sign.encode()) for sign in language.line_comments)
        signs.append(rb"[ \t]*(?:" + words + rb")[^\r\n]*")
    if language.block_comment is not None:
        opener, closer = (re.escape(sign.encode()) for sign in language.block_comment)
        signs.append(rb"[ \t]*" + opener + rb"(?s:.*?)(?:" + closer + rb"|\Z)")
    if not signs:
        return []
    return [match.span() for match in re.finditer(rb"(?m)^(?:" + b"|".join(signs) + b")", data)]

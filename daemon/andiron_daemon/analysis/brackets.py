"""Which brackets of a text have no partner, by the tokens of its tree: strings and comments count for nothing.

Where one is missing, several could be meant. Indentation tells which: a `}` that begins its line further left than
the line its `{` stands on closes another one.
"""

from collections.abc import Sequence

import msgspec

from andiron_daemon.analysis.places import Places
from andiron_daemon.syntax.scan import CLOSERS

# What is not closed is closed at the end of the text at the latest.
_MOST_UNMATCHED = 100


class Bracket(msgspec.Struct, frozen=True):
    """One bracket and the byte it stands at."""

    sign: str
    byte: int


class Unmatched(msgspec.Struct, frozen=True, kw_only=True):
    """Brackets without a partner."""

    openers: tuple[Bracket, ...] = ()
    closers: tuple[Bracket, ...] = ()


def unmatched(brackets: Sequence[Bracket], places: Places) -> Unmatched:
    """Find the brackets without a partner, in the order of the text, and no more than are worth telling."""
    found = _matched(brackets, places, by_indentation=False)
    if found.openers or found.closers:
        by_indentation = _matched(brackets, places, by_indentation=True)
        # Indentation explains it when it needs no more to do so.
        if len(by_indentation.openers) + len(by_indentation.closers) <= len(found.openers) + len(found.closers):
            found = by_indentation
    return Unmatched(openers=found.openers[:_MOST_UNMATCHED], closers=found.closers[:_MOST_UNMATCHED])


def _matched(brackets: Sequence[Bracket], places: Places, *, by_indentation: bool) -> Unmatched:
    stack: list[Bracket] = []
    openers: list[Bracket] = []
    closers: list[Bracket] = []
    for bracket in brackets:
        wanted = CLOSERS.get(bracket.sign)
        if wanted is None:
            stack.append(bracket)
            continue
        depth = _depth_of_partner(stack, bracket, wanted, places, by_indentation=by_indentation)
        if depth is None:
            closers.append(bracket)
            continue
        openers.extend(stack[depth + 1 :])
        del stack[depth:]
    openers.extend(stack)
    return Unmatched(openers=tuple(sorted(openers, key=_byte)), closers=tuple(closers))


def _byte(bracket: Bracket) -> int:
    return bracket.byte


def _depth_of_partner(
    stack: list[Bracket], closer: Bracket, wanted: str, places: Places, *, by_indentation: bool
) -> int | None:
    """Find what a closer closes: the innermost of its kind, with only brackets of other kinds left open inside."""
    begins_line = by_indentation and closer.sign == "}" and _begins_its_line(closer, places)
    column = places.indentation_of(closer.byte) if begins_line else 0
    for depth in range(len(stack) - 1, max(-1, len(stack) - 50), -1):
        opener = stack[depth]
        if opener.sign != wanted:
            if opener.sign == "{":
                return None  # a `)` does not reach over a block
            continue
        if begins_line and places.indentation_of(opener.byte) > column:
            continue
        return depth
    return None


def _begins_its_line(bracket: Bracket, places: Places) -> bool:
    start = places.starts[places.line_of(bracket.byte)]
    return not places.data[start : bracket.byte].strip()

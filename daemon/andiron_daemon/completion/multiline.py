"""How much the gap is worth: the rest of a line, one statement, or a block.

line        inside an expression, a string, a comment; after code; before code; an existing line follows at
            the same depth where one line is missing
statement   on an empty line with more of the same block behind: one statement, over several lines if its
            brackets or its own block need them
block       behind the opening of a block that is still empty, or at the end of a block
"""

import enum
import re

from andiron_daemon.completion.gap import Gap
from andiron_daemon.syntax.cursor import Surroundings
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.scopes import width_of

_OPENERS = ("{", "(", "[", "=>", "->")
# A clause's head, or the last line of a signature that goes over several; not a slice or an annotation.
_PYTHON_OPENING = re.compile(
    r"^\s*((async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*|\)( ->.*)?):$"
)
_DOCSTRING_QUOTES = ('"""', "'''")
_LOOKED_THROUGH_LINES = 80
_WORD_OPENERS = ("do", "then", "begin", "else")


class Extent(enum.Enum):
    """How much is to be filled."""

    LINE = "line"
    STATEMENT = "statement"
    BLOCK = "block"


def extent_of(gap: Gap, asked: bool | str, surroundings: Surroundings, language: Language | None) -> Extent:
    """Decide the extent; `asked` true or false overrides what the syntax says."""
    if asked is False:
        return Extent.LINE
    found = _by_syntax(gap, surroundings, language)
    if asked is True and found is Extent.LINE:
        return Extent.BLOCK
    return found


def opens_block(line: str, language: Language | None) -> bool:
    """Tell whether a block begins behind a line."""
    stripped = line.rstrip()
    if not stripped or stripped.endswith(_OPENERS):
        return bool(stripped)
    name = language.name if language is not None else ""
    if name == "python":
        return bool(_PYTHON_OPENING.search(stripped))
    if name in ("yaml", ""):
        return stripped.endswith(":")
    return name in ("ruby", "bash", "sql") and _opens_with_words(stripped)


def _opens_with_words(line: str) -> bool:
    words = line.split()
    first, last = words[0], words[-1]
    return last in _WORD_OPENERS or first in ("def", "class", "module", "if", "unless", "while", "case", "else", "for")


def opening_above(gap: Gap, language: Language | None) -> str | None:
    """Return the line that opens the block the cursor's empty line is in, if nothing but words stands in it yet.

    Comments and a docstring are looked through: they say what the block is to do.
    """
    lines = gap.prefix.split("\n")[-_LOOKED_THROUGH_LINES:-1]
    quote: str | None = None
    for line in reversed(lines):
        stripped = line.strip()
        if quote is not None:
            quote = None if stripped.startswith(quote) else quote
            continue
        ends = next((sign for sign in _DOCSTRING_QUOTES if stripped.endswith(sign)), None)
        if not stripped or (language is not None and stripped.startswith(language.line_comments)):
            continue
        if ends is None or language is None or ends not in language.quotes:
            return line if opens_block(line, language) else None
        quote = None if stripped.startswith(ends) and len(stripped) > len(ends) else ends
    return None


def _by_syntax(gap: Gap, surroundings: Surroundings, language: Language | None) -> Extent:
    before, behind = gap.line_before, gap.line_behind.strip()
    if surroundings is Surroundings.STRING:
        return Extent.LINE
    if surroundings is Surroundings.COMMENT and before.strip():
        return Extent.LINE
    if before.strip():
        can_open = surroundings is Surroundings.CODE and not behind.strip(")]};,")
        if can_open and opens_block(before, language) and _block_is_empty(gap, before):
            return Extent.BLOCK
        return Extent.LINE
    if behind:
        # A line is there already. At its margin a statement may come before it, elsewhere no more than a line.
        return Extent.STATEMENT if not before and surroundings is Surroundings.CODE else Extent.LINE
    return _on_empty_line(gap, surroundings, language)


def _on_empty_line(gap: Gap, surroundings: Surroundings, language: Language | None) -> Extent:
    above, below = _neighbours(gap)
    if surroundings is Surroundings.BRACKETS:
        return Extent.LINE
    opening = opening_above(gap, language)
    if opening is not None and _block_is_empty(gap, opening):
        return Extent.BLOCK
    line_below_touches = bool(gap.suffix[1:].partition("\n")[0].strip())
    if not below:
        return Extent.BLOCK
    width_here = width_of(gap.line_before) if gap.line_before else width_of(above)
    if width_of(below) >= width_here and line_below_touches:
        return Extent.STATEMENT
    return Extent.BLOCK if width_of(below) < width_here else Extent.STATEMENT


def _neighbours(gap: Gap) -> tuple[str, str]:
    """Return the nearest lines with text above and below the cursor's."""
    above = next((line for line in reversed(gap.prefix.split("\n")[:-1][-40:]) if line.strip()), "")
    below = next((line for line in gap.suffix.split("\n", 41)[1:41] if line.strip()), "")
    return above, below


def _block_is_empty(gap: Gap, opening: str) -> bool:
    """Tell whether nothing stands in the block yet: what follows is not deeper than its opening."""
    _, below = _neighbours(gap)
    return not below or width_of(below) <= width_of(opening)

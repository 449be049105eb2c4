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
        return Extent.LINE  # a line is there already; one is to come before it
    return _on_empty_line(gap, surroundings, language)


def _on_empty_line(gap: Gap, surroundings: Surroundings, language: Language | None) -> Extent:
    above, below = _neighbours(gap)
    if surroundings is Surroundings.BRACKETS:
        return Extent.LINE
    if opens_block(above, language) and _block_is_empty(gap, above):
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

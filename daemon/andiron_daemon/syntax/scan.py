"""A quick look at brackets, strings and comments, without a grammar.

For text that no grammar can make sense of yet, such as the half of a statement that was generated so far.
A string in single-character quotes ends with its line at the latest, so that an apostrophe costs one line.
"""

import functools
import re

import msgspec

from andiron_daemon.syntax.languages import Language

CLOSERS = {")": "(", "]": "[", "}": "{"}
OPENERS = {opener: closer for closer, opener in CLOSERS.items()}
_PLAIN = Language(name="", extensions=(), line_comments=(), block_comment=None, quotes=('"',))
_MULTILINE_QUOTES = ('"""', "'''", "`")


class Unmatched(msgspec.Struct, frozen=True):
    """A closer nothing before it in the text opened."""

    closer: str
    index: int


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """How a text ends: brackets left open, innermost last, and the string or comment it ends in.

    `unmatched` are closers of brackets opened before the text.
    """

    opened: tuple[str, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    quote: str | None = None
    in_line_comment: bool = False
    in_block_comment: bool = False

    @property
    def in_code(self) -> bool:
        """Whether what follows is code."""
        return self.quote is None and not self.in_line_comment and not self.in_block_comment


def scan(text: str, language: Language | None, before: Scanned | None = None) -> Scanned:
    """Scan a text, from a line's beginning or from where `before` ended."""
    return _Scanner(language or _PLAIN, before or Scanned()).run(text)


class _Scanner:
    def __init__(self, language: Language, before: Scanned) -> None:
        self._language = language
        self._opened = list(before.opened)
        self._unmatched: list[Unmatched] = []
        self._quote = before.quote
        self._in_line_comment = before.in_line_comment
        self._in_block_comment = before.in_block_comment

    def run(self, text: str) -> Scanned:
        for match in _pattern(self._language).finditer(text):
            self._take(match[0], match.start())
        return Scanned(
            opened=tuple(self._opened),
            unmatched=tuple(self._unmatched),
            quote=self._quote,
            in_line_comment=self._in_line_comment,
            in_block_comment=self._in_block_comment,
        )

    def _take(self, sign: str, index: int) -> None:
        if sign == "\n":
            self._in_line_comment = False
            if self._quote is not None and self._quote not in _MULTILINE_QUOTES:
                self._quote = None
        elif self._in_line_comment:
            return
        elif self._in_block_comment:
            block = self._language.block_comment
            self._in_block_comment = block is None or sign != block[1]
        elif self._quote is not None:
            if sign == self._quote:
                self._quote = None
        else:
            self._take_in_code(sign, index)

    def _take_in_code(self, sign: str, index: int) -> None:
        language = self._language
        if sign in language.line_comments:
            self._in_line_comment = True
        elif language.block_comment is not None and sign == language.block_comment[0]:
            self._in_block_comment = True
        elif sign in language.quotes:
            self._quote = sign
        elif sign in OPENERS:
            self._opened.append(sign)
        elif sign in CLOSERS:
            if self._opened and self._opened[-1] == CLOSERS[sign]:
                self._opened.pop()
            else:
                self._unmatched.append(Unmatched(sign, index))


@functools.cache
def _pattern(language: Language) -> re.Pattern[str]:
    """Match whatever may change the state; longer signs first, and an escaped character as one."""
    signs = [*language.line_comments, *language.quotes, *(language.block_comment or ()), *OPENERS, *CLOSERS]
    ordered = sorted(set(signs), key=len, reverse=True)
    return re.compile(r"\\.|\n|" + "|".join(re.escape(sign) for sign in ordered))

"""From a text to its syntax tree, within a time limit.

Tree-sitter holds the interpreter's lock while it parses, except when it asks how it is getting on; so that is
how it is both bounded and made to let the event loop run while it works in a thread. Positions in a tree are
bytes of UTF-8; `Syntax` takes and gives characters.
"""

import asyncio
import time
from bisect import bisect_right
from typing import TYPE_CHECKING

from andiron_daemon.syntax.grammars import grammar_of, is_loaded
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.pieces import Pieces

if TYPE_CHECKING:
    import tree_sitter

# About five milliseconds of parsing; more is done in a thread.
INLINE_CHARACTERS = 8 * 1024
LIMIT_SECONDS = 0.25


class Syntax:
    """A text and its tree."""

    def __init__(self, text: str, language: Language, tree: "tree_sitter.Tree", data: bytes) -> None:
        self.text = text
        self.language = language
        self.tree = tree
        self._data = data
        self._is_ascii = len(data) == len(text)
        self._starts: list[int] = []

    @property
    def root(self) -> "tree_sitter.Node":
        """The whole text's node."""
        return self.tree.root_node

    def byte_of(self, character: int) -> int:
        """Say at which byte a character is."""
        return character if self._is_ascii else len(self.text[:character].encode("utf-8", "replace"))

    def character_of(self, byte: int) -> int:
        """Say which character is at a byte."""
        if self._is_ascii:
            return byte
        return len(self._data[:byte].decode("utf-8", "replace"))

    def node_at(self, character: int) -> "tree_sitter.Node":
        """Return the smallest node around a place between two characters."""
        byte = self.byte_of(character)
        return self.root.descendant_for_byte_range(byte, byte) or self.root

    def around(self, node: "tree_sitter.Node") -> "list[tree_sitter.Node]":
        """Return a node and all it stands in, the innermost first.

        Found from the root downwards: to ask each for its parent would take as long again for each, which ten
        thousand brackets make seconds of.
        """
        chain: list[tree_sitter.Node] = []
        current: tree_sitter.Node | None = self.root
        while current is not None:
            chain.append(current)
            current = current.child_with_descendant(node) if current != node else None
        return chain[::-1]

    def text_of(self, node: "tree_sitter.Node") -> str:
        """Return a node's text."""
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line_of(self, character: int) -> int:
        """Say on which line, from zero, a character is."""
        if not self._starts:
            self._starts = [0]
            for line in self.text.split("\n")[:-1]:
                self._starts.append(self._starts[-1] + len(line) + 1)
        return bisect_right(self._starts, character) - 1


def parse(text: str, language: Language | None, *, limit_seconds: float = LIMIT_SECONDS) -> Syntax | None:
    """Parse a text; None without a grammar, or when it takes too long."""
    grammar = grammar_of(language) if language is not None else None
    if grammar is None or language is None:
        return None
    import tree_sitter

    data = text.encode("utf-8", "replace")
    deadline = time.monotonic() + limit_seconds

    def is_late(_byte: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    parser = tree_sitter.Parser(grammar)
    pieces = Pieces(data)
    try:
        tree = parser.parse(pieces, progress_callback=is_late)
    except ValueError:
        return None  # out of time
    finally:
        pieces.close()
    return Syntax(text, language, tree, data)


async def parse_aside(text: str, language: Language | None, *, limit_seconds: float = LIMIT_SECONDS) -> Syntax | None:
    """Parse a text without holding the event loop up."""
    if language is None or (len(text) <= INLINE_CHARACTERS and is_loaded(language)):
        return parse(text, language, limit_seconds=limit_seconds)
    return await asyncio.to_thread(parse, text, language, limit_seconds=limit_seconds)

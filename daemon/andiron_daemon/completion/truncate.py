"""Cutting a suggestion back to what stands on its own: whole lines, and no more broken than it has to be."""

import re
from typing import TYPE_CHECKING

from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.multiline import Extent
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import parse

if TYPE_CHECKING:
    import tree_sitter

_SENTENCE_END = re.compile(r"[.!?](?=\s)")
_PREFIX_CHARACTERS = 6000
_SUFFIX_CHARACTERS = 2000
_PARSE_SECONDS = 0.05
_MOST_CUTS = 6


def drop_unfinished(text: str, extent: Extent, language: Language | None) -> str:
    """Drop the line the token limit broke off, or in prose the sentence, where whole ones stand before it."""
    if language is not None and language.is_prose:
        sentences = list(_SENTENCE_END.finditer(text))
        return text[: sentences[-1].end()] if sentences else text
    if extent is Extent.LINE and "\n" not in text.strip("\n"):
        return text
    kept, line_end, _ = text.rpartition("\n")
    return kept if line_end and kept.strip() else text


def least_broken(text: str, gap: Gap, language: Language | None) -> str:
    """Cut lines from the end while that leaves the file with fewer syntax errors.

    A text that breaks nothing stays as it is, and so does one of a single line: half-typed code is broken
    whatever is suggested for it.
    """
    lines = text.split("\n")
    if len([line for line in lines if line.strip()]) < 2:
        return text
    prefix, suffix = _around(gap)
    errors = _errors(prefix + text + suffix, language)
    if not errors or errors <= (_errors(prefix + suffix, language) or 0):
        return text
    best, fewest = text, errors
    for count in range(len(lines) - 1, max(0, len(lines) - 1 - _MOST_CUTS), -1):
        shorter = "\n".join(lines[:count])
        if not shorter.strip():
            break
        found = _errors(prefix + shorter + suffix, language)
        if found is not None and found < fewest:
            best, fewest = shorter, found
        if not fewest:
            break
    return best


def breaks(text: str, gap: Gap, language: Language | None) -> bool:
    """Tell whether a text on a line of its own breaks what was whole without it."""
    prefix, suffix = _around(gap)
    errors = _errors(prefix + text + suffix, language) or 0
    return errors > 0 and errors > (_errors(prefix + suffix, language) or 0)


def _around(gap: Gap) -> tuple[str, str]:
    prefix, suffix = gap.prefix, gap.suffix
    if len(prefix) > _PREFIX_CHARACTERS:
        start = prefix.find("\n", len(prefix) - _PREFIX_CHARACTERS)
        prefix = prefix[start + 1 :]
    if len(suffix) > _SUFFIX_CHARACTERS:
        suffix = suffix[: suffix.rfind("\n", 0, _SUFFIX_CHARACTERS) + 1]
    return prefix, suffix


def _errors(text: str, language: Language | None) -> int | None:
    """Count what the parser could not make sense of; None without a tree."""
    syntax = parse(text, language, limit_seconds=_PARSE_SECONDS)
    return None if syntax is None else _count(syntax.root)


def _count(node: "tree_sitter.Node") -> int:
    if not node.has_error:
        return 0
    own = int(node.is_error or node.is_missing)
    return own + sum(_count(child) for child in node.children if child.has_error or child.is_missing)

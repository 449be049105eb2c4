"""Looks for what the rules know in a tree, in bounded time, and leaves out what a comment lets pass.

A comment `andiron: ignore[RULE]`, or `andiron: ignore` for every rule, counts for its own line, and, standing
alone, for the next.
"""

import functools
import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.analysis.linters.linter import Found
from andiron_daemon.analysis.linters.places import Places
from andiron_daemon.analysis.rules.conditions import Condition, conditions_of
from andiron_daemon.analysis.rules.predicates import NAMES, Predicates, is_inside
from andiron_daemon.analysis.rules.rule import Rule, all_rules
from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.positions import split_lines
from andiron_daemon.syntax.grammars import grammar_of
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax

if TYPE_CHECKING:
    import tree_sitter

SOURCE = "andiron"
LIMIT_SECONDS = 2.0
# How many half-found matches tree-sitter keeps; the rules need a few dozen at most.
_MATCH_LIMIT = 4096
_MOST_A_RULE = 200
_SLICE_BYTES = 64 * 1024
# No hit that a rule looks for is longer.
_OVERLAP_BYTES = 1024
_NEAR_BYTES = 4096
_NEAR_LEVELS = 8
_MOST_WINDOWS = 500
_WIDEST_BYTES = 512 * 1024
_LONGEST_LINE = 5000
_IGNORE = re.compile(r"(?:#|//|--|/\*|<!--|;)[^\n]*?\bandiron:\s*ignore(?:\[([\w\-, ]*)\])?")
_REPORT = "report"


class Compiled(msgspec.Struct, frozen=True):
    """A rule's query for one language, and what its patterns ask of their nodes."""

    rule: Rule
    query: "tree_sitter.Query"
    conditions: tuple[tuple[Condition, ...], ...]


def search(syntax: Syntax, *, limit_seconds: float = LIMIT_SECONDS) -> Found:
    """Find what the rules know; `note` says when there was not time for all of them."""
    deadline = time.monotonic() + limit_seconds
    data = syntax.text.encode("utf-8", "replace")
    late: list[str] = []
    nodes: list[tuple[Rule, tree_sitter.Node]] = []
    for compiled in rules_of(syntax.language):
        # A query about all of a thing's parts takes as long for each slice of it as for the whole.
        is_too_wide = len(data) > _WIDEST_BYTES and "#repeats?" in compiled.rule.queries[syntax.language.name]
        found = None if is_too_wide else _found(compiled, syntax, data, deadline)
        if found is None:
            late.append(compiled.rule.id)
        else:
            nodes.extend((compiled.rule, node) for node in found)
    note = f"there was no time for {', '.join(late)}" if late else None
    return Found(diagnostics=_diagnostics(nodes, syntax) if nodes else (), note=note)


def _found(compiled: Compiled, syntax: Syntax, data: bytes, deadline: float) -> "list[tree_sitter.Node] | None":
    windows = _windows(compiled.rule, syntax, data, deadline)
    return _matches(compiled, syntax, windows, deadline) if windows else []


def _windows(rule: Rule, syntax: Syntax, data: bytes, deadline: float) -> list[tuple[int, int]]:
    """Say in which stretches of a text a rule can find something."""
    everything = list(_slices(0, len(data) + 1))
    if rule.near is None:
        return everything if rule.when is None or next(_hits(rule.when, data), None) is not None else []
    windows: list[tuple[int, int]] = []
    for match in _hits(rule.near, data):
        if windows and match.end() <= windows[-1][1]:
            continue
        # To find what is around a place takes as long as its surroundings are wide: many of them cost more than all.
        if len(windows) >= _MOST_WINDOWS or time.monotonic() > deadline:
            return everything
        start, end = _surroundings(syntax.root, match.start(), match.end())
        if windows and start < windows[-1][1]:
            start = min(start, windows.pop()[0])
        windows.append((start, end))
    return [piece for window in windows for piece in _slices(*window)]


def _hits(pattern: re.Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
    """Search in stretches, since a search holds the interpreter's lock; what lies where two overlap may come twice."""
    for start in range(0, len(data), _SLICE_BYTES):
        yield from pattern.finditer(data, max(0, start - _OVERLAP_BYTES), start + _SLICE_BYTES)


def _surroundings(root: "tree_sitter.Node", start: int, end: int) -> tuple[int, int]:
    """Widen a stretch to what it is a part of: a few levels up, as far as that stays small."""
    node = root.descendant_for_byte_range(start, end) or root
    for _ in range(_NEAR_LEVELS):
        around = node.parent
        if around is None or around.end_byte - around.start_byte > _NEAR_BYTES:
            break
        node = around
    return min(start, node.start_byte), max(end, node.end_byte)


def _slices(start: int, end: int) -> Iterator[tuple[int, int]]:
    for begin in range(start, end, _SLICE_BYTES):
        yield begin, min(begin + _SLICE_BYTES, end)


@functools.cache
def rules_of(language: Language) -> tuple[Compiled, ...]:
    """Compile the rules for a language; none where it has no grammar that works here."""

    grammar = grammar_of(language)
    if grammar is None:
        return ()
    chosen = [rule for rule in all_rules() if language.name in rule.queries]
    return tuple(compile_rule(rule, rule.queries[language.name], grammar) for rule in chosen)


def compile_rule(rule: Rule, text: str, grammar: "tree_sitter.Language") -> Compiled:
    """Compile one rule's query.

    Raises:
        ValueError: for what the grammar or nobody knows, by the rule's name.
    """
    import tree_sitter

    try:
        query = tree_sitter.Query(grammar, text)
        conditions = conditions_of(query, text)
    except (tree_sitter.QueryError, ValueError) as error:
        raise ValueError(f"{rule.id}: {error}") from error
    unknown = {condition.name for pattern in conditions for condition in pattern} - NAMES
    if unknown:
        raise ValueError(f"{rule.id}: there is no predicate {', '.join(sorted(unknown))}")
    return Compiled(rule, query, conditions)


def _matches(
    compiled: Compiled, syntax: Syntax, windows: Sequence[tuple[int, int]], deadline: float
) -> "list[tree_sitter.Node] | None":
    """Return what a query reports in some stretches, each node once; None when time ran out.

    A query holds the interpreter's lock, and py-tree-sitter's progress callback crashes; so the clock is looked at
    between small stretches.
    """
    import tree_sitter

    predicates = Predicates(syntax.text_of)
    cursor = tree_sitter.QueryCursor(compiled.query, match_limit=_MATCH_LIMIT)
    found: dict[tuple[int, int], tree_sitter.Node] = {}
    for start, end in windows:
        if time.monotonic() > deadline:
            return None
        cursor.set_byte_range(start, end)
        for pattern, captures in cursor.matches(syntax.root):
            if all(predicates.hold(condition, captures) for condition in compiled.conditions[pattern]):
                for node in captures.get(_REPORT, []):
                    if not _is_broken(node):
                        found.setdefault((node.start_byte, node.end_byte), node)
        if len(found) >= _MOST_A_RULE:
            break
    return list(found.values())[:_MOST_A_RULE]


def _is_broken(node: "tree_sitter.Node") -> bool:
    """Tell whether a tree is only a guess here, the text around not being as the grammar wants it."""
    around = node.parent or node
    if node.has_error or around.has_error:
        return True
    return is_inside(node, ("ERROR",))


def _diagnostics(nodes: "list[tuple[Rule, tree_sitter.Node]]", syntax: Syntax) -> tuple[Diagnostic, ...]:
    places = Places(syntax.text)
    ignored = _ignored(syntax.text)
    diagnostics: list[Diagnostic] = []
    for rule, node in nodes:
        place = places.byte_range(node.start_byte, node.end_byte)
        if places.length_of(place.start.line) > _LONGEST_LINE:
            continue  # no person wrote that line, and none will mend it
        if not ignored.get(place.start.line, frozenset()) & {rule.id, ""}:
            diagnostics.append(
                Diagnostic(source=SOURCE, rule=rule.id, severity=rule.severity, message=rule.message, range=place)
            )
    return tuple(diagnostics)


def _ignored(text: str) -> dict[int, frozenset[str]]:
    """Say which rules each line is let pass by; an empty name stands for all."""
    if "andiron:" not in text:
        return {}
    found: dict[int, frozenset[str]] = {}
    for number, line in enumerate(split_lines(text)):
        match = _IGNORE.search(line)
        if match is None:
            continue
        names = frozenset(name.strip() for name in (match[1] or "").split(","))
        found[number] = found.get(number, frozenset()) | names
        if not line[: match.start()].strip():
            found[number + 1] = found.get(number + 1, frozenset()) | names
    return found

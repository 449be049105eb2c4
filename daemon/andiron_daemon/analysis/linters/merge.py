"""One list out of what several sources found: no duplicates, and always in the same order.

Two findings are one if they are of different sources, of the same matter, and at the same place. The matter is
the rule's own name (ESLint's rules are named alike in oxlint) or what the table below says. The same place is
where the ranges touch, or, between sources that do not agree on where a thing stands, the same line; each finding
stands for one other at most, so that two faults on a line stay two.
"""

from collections.abc import Iterable, Sequence

import msgspec

from andiron_daemon.analysis.types import Diagnostic, Severity
from andiron_daemon.positions import Position

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2, "hint": 3}
# What each name of a rule is about; a name that is not here is its own matter.
_MATTERS = {
    "comparison-with-itself": ("PLR0124", "no-self-compare", "clippy::eq_op", "duplicateExpression"),
    "empty-catch": ("S110", "S112", "no-empty"),
    "eval-on-input": ("S307", "S102", "no-eval", "SC2294"),
    "sql-from-strings": ("S608",),
    "shell-from-strings": ("S602", "S604", "S605"),
    "dangerous-deserialisation": ("S301", "S302", "S506", "cert-msc50-cpp"),
    "tls-verification-off": ("S501", "S323"),
    "weak-password-hash": ("S303", "S324"),
    "hard-coded-secret": ("S105", "S106", "S107"),
    "unreachable-code": ("no-unreachable", "unreachable_code", "unreachableCode", "SC2317"),
    "assignment-in-condition": (
        "no-cond-assign",
        "bugprone-assignment-in-if-condition",
        "bugprone-assignment-in-selection-statement",
        "clang-diagnostic-parentheses",
        "SC2209",
    ),
    "duplicate-key": ("F601", "no-dupe-keys", "key-duplicates", "no-duplicate-case"),
    "division-by-zero": ("zerodiv", "clang-analyzer-core.DivideZero", "clang-diagnostic-division-by-zero"),
    "out-of-bounds": (
        "arrayIndexOutOfBounds",
        "clang-diagnostic-array-bounds",
        "clang-analyzer-security.ArrayBound",
        "clang-analyzer-core.uninitialized.ArraySubscript",
    ),
    "null-dereference": ("nullPointer", "clang-analyzer-core.NullDereference"),
    "unread-value": (
        "unreadVariable",
        "clang-analyzer-deadcode.DeadStores",
        "clang-diagnostic-unused-but-set-variable",
    ),
    "uninitialised": (
        "uninitvar",
        "legacyUninitvar",
        "clang-diagnostic-uninitialized",
        "clang-analyzer-core.uninitialized.Assign",
        "clang-analyzer-core.UndefinedBinaryOperatorResult",
        "clang-analyzer-core.CallAndMessage",
    ),
    "leak": ("memleak", "resourceLeak", "clang-analyzer-unix.Malloc", "clang-analyzer-cplusplus.NewDeleteLeaks"),
    "use-after-free": ("deallocuse", "doubleFree", "clang-analyzer-cplusplus.NewDelete"),
    "unused-variable": ("unusedVariable", "clang-diagnostic-unused-variable", "no-unused-vars", "unused_variables"),
}
_MATTER_OF = {rule: matter for matter, rules in _MATTERS.items() for rule in rules}
# Sources that know where a thing begins at most; what they find is compared by its line.
_KNOW_LINES = frozenset({"cppcheck", "clang-tidy", "golangci-lint", "hadolint", "yamllint"})
_Place = tuple[int, int]


def merged(groups: Iterable[Sequence[Diagnostic]]) -> tuple[Diagnostic, ...]:
    """Join what sources found, the most trusted source first; each group is of one source."""
    kept: list[Diagnostic] = []
    for group in groups:
        # Within one source nothing is a duplicate but the very same thing said twice.
        news = list(dict.fromkeys(group))
        partners = _by_matter(kept)
        for diagnostic in news:
            index = _partner(diagnostic, kept, partners.get(matter_of(diagnostic), []))
            if index is None:
                kept.append(diagnostic)
            else:
                kept[index] = _joined(kept[index], diagnostic)
    return tuple(sorted(kept, key=_order))


def matter_of(diagnostic: Diagnostic) -> str:
    """Say what a finding is about, whoever found it."""
    name = diagnostic.rule
    if name in _MATTER_OF:
        return _MATTER_OF[name]
    short = name.rpartition("/")[2]
    return _MATTER_OF.get(short, short)


def _by_matter(diagnostics: Sequence[Diagnostic]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, diagnostic in enumerate(diagnostics):
        found.setdefault(matter_of(diagnostic), []).append(index)
    return found


def _partner(diagnostic: Diagnostic, kept: Sequence[Diagnostic], candidates: list[int]) -> int | None:
    """Find which earlier finding says the same, and take it out of the candidates."""
    for is_same_place in (_touch, _share_line):
        for index in candidates:
            if is_same_place(diagnostic, kept[index]):
                candidates.remove(index)
                return index
    return None


def _touch(one: Diagnostic, other: Diagnostic) -> bool:
    first, second = one.range, other.range
    return _place(first.start) <= _place(second.end) and _place(second.start) <= _place(first.end)


def _share_line(one: Diagnostic, other: Diagnostic) -> bool:
    knows_lines_only = one.source in _KNOW_LINES or other.source in _KNOW_LINES
    return knows_lines_only and one.range.start.line == other.range.start.line


def _joined(kept: Diagnostic, duplicate: Diagnostic) -> Diagnostic:
    """Keep the first, with the graver severity and whatever it lacks."""
    return msgspec.structs.replace(
        kept,
        severity=min(kept.severity, duplicate.severity, key=_ORDER.__getitem__),
        fix=kept.fix or duplicate.fix,
        url=kept.url or duplicate.url,
    )


def _order(diagnostic: Diagnostic) -> tuple[_Place, _Place, int, str, str, str]:
    place = diagnostic.range
    severity = _ORDER[diagnostic.severity]
    return _place(place.start), _place(place.end), severity, diagnostic.source, diagnostic.rule, diagnostic.message


def _place(position: Position) -> _Place:
    return position.line, position.character

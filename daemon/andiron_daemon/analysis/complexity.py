"""Cyclomatic and cognitive complexity, nesting, length and parameters of every function.

Cyclomatic complexity is McCabe's, one and the decisions, with `and` and `or` as decisions. Cognitive complexity is
SonarSource's: a break in the linear flow costs one, and one more for each level it is nested in; what is nested in
a function inside a function counts for both. A function that calls itself by its name costs one; recursion by way of
others is not looked for. What a node means stands in the queries of its language.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.analysis.marks import Mark
from andiron_daemon.analysis.parameters import count_parameters
from andiron_daemon.syntax.parse import Syntax

if TYPE_CHECKING:
    import tree_sitter

_NESTING = frozenset({"branch", "choice", "lambda"})
_LOGIC = {"&&": "and", "||": "or", "and": "and", "or": "or"}
_BRACKETED = frozenset({"parenthesized_expression", "parenthesized_statements"})


class Unit(msgspec.Struct, kw_only=True):
    """One function in numbers; `level` is the nesting its body begins at."""

    mark: Mark
    name: str
    outer: "Unit | None"
    level: int
    depth: int
    parameters: int
    complexity: int = 1
    cognitive: int = 0
    max_nesting: int = 0
    is_recursive: bool = False


class _Frame(msgspec.Struct, kw_only=True):
    """What holds until a byte: the function, the level of nesting, and how many blocks are nested in it."""

    end: int
    unit: Unit | None
    level: int
    depth: int


def units_of(marks: list[Mark], syntax: Syntax) -> dict[int, Unit]:
    """Measure every function; by the id of its node."""
    return _Measuring(marks, syntax).run()


class _Measuring:
    def __init__(self, marks: list[Mark], syntax: Syntax) -> None:
        self._marks = marks
        self._syntax = syntax
        self._names = {
            mark.function_id: syntax.text_of(mark.declared.name)
            for mark in marks
            if mark.declared is not None and mark.function_id is not None
        }
        self._continued = _continued_logic(mark.node for mark in marks if "logic" in mark.meanings)
        self._units: dict[int, Unit] = {}
        self._frames = [_Frame(end=len(syntax.text) * 4 + 1, unit=None, level=0, depth=0)]

    def run(self) -> dict[int, Unit]:
        for mark in self._marks:
            while self._frames[-1].end <= mark.start:
                self._frames.pop()
            if "header" in mark.meanings:
                frame = self._frames[-1]
                self._frames.append(_Frame(end=mark.end, unit=frame.unit, level=frame.level - 1, depth=frame.depth))
            self._count(mark, self._frames[-1])
            self._enter(mark, self._frames[-1])
        return self._units

    def _enter(self, mark: Mark, frame: _Frame) -> None:
        """Open what nests."""
        meanings = mark.meanings
        if "function" in meanings:
            is_deeper = frame.unit is not None and "closure" not in meanings
            unit = self._unit(mark, frame, frame.level + is_deeper)
            self._frames.append(_Frame(end=mark.end, unit=unit, level=unit.level, depth=unit.depth))
        elif not meanings.isdisjoint(_NESTING) and not _is_continued(meanings):
            depth = frame.depth + ("branch" in meanings)
            if frame.unit is not None:
                frame.unit.max_nesting = max(frame.unit.max_nesting, depth - frame.unit.depth)
            self._frames.append(_Frame(end=mark.end, unit=frame.unit, level=frame.level + 1, depth=depth))

    def _unit(self, mark: Mark, frame: _Frame, level: int) -> Unit:
        unit = Unit(
            mark=mark,
            name=self._names.get(mark.node.id, "").rpartition(".")[2],
            outer=frame.unit,
            level=level,
            depth=frame.depth,
            parameters=max(mark.parameter_count, count_parameters(mark.node, mark.parameters)),
        )
        self._units[mark.node.id] = unit
        return unit

    def _count(self, mark: Mark, frame: _Frame) -> None:
        unit = frame.unit
        if unit is None:
            return
        meanings = mark.meanings
        if "decision" in meanings or ("case" in meanings and not mark.takes_all):
            unit.complexity += 1
        if "exhaustive" in meanings:
            unit.complexity -= 1
        if "call" in meanings and not unit.is_recursive and self._syntax.text_of(mark.node) == unit.name:
            unit.is_recursive = True
            _add(unit, 1)
        if "logic" in meanings and mark.node.id not in self._continued:
            _add(unit, 1)
        if "else" in meanings or "jump" in meanings:
            _add(unit, 1)
        elif "more" in meanings:
            _add(unit, 1, frame.level - 1)
        elif not _is_continued(meanings) and ("branch" in meanings or "choice" in meanings):
            _add(unit, 1, frame.level)


def _is_continued(meanings: set[str]) -> bool:
    """Tell whether a branch only goes on with the one before it."""
    return "else" in meanings or "chained" in meanings


def _add(unit: Unit, cost: int, level: int | None = None) -> None:
    """Add a cost to a function and to those around it, with the nesting each sees it at."""
    current: Unit | None = unit
    while current is not None:
        current.cognitive += cost + (level - current.level if level is not None else 0)
        current = current.outer


def _continued_logic(nodes: "Iterable[tree_sitter.Node]") -> set[int]:
    """Find the operators that only go on with a sequence of the same around them."""
    continued: set[int] = set()
    for node in nodes:
        operator = _operator(node)
        for child in node.named_children:
            inner = _unwrapped(child)
            if operator is not None and _operator(inner) == operator:
                continued.add(inner.id)
    return continued


def _operator(node: "tree_sitter.Node") -> str | None:
    for child in node.children:
        if not child.is_named and child.type in _LOGIC:
            return _LOGIC[child.type]
    return None


def _unwrapped(node: "tree_sitter.Node") -> "tree_sitter.Node":
    while node.type in _BRACKETED and node.named_child_count == 1:
        inner = node.named_child(0)
        assert inner is not None
        node = inner
    return node

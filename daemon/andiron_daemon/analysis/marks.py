"""The nodes of a tree that mean something, in the order they are read; what they mean is said in `queries`."""

import time
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.analysis.queries import query_of
from andiron_daemon.syntax.parse import Syntax

if TYPE_CHECKING:
    import tree_sitter

# What is looked through at once: tree-sitter lets nothing else run in the meantime, and its own way of being
# interrupted, `progress_callback`, crashes in the releases there are (0.25 and 0.26).
STRETCH_BYTES = 32 * 1024
# A bound on memory; a JSON file of 5 MB has more keys than an outline could show.
MOST_MARKS = 100_000
# Searching a tree deeper than 65535 takes tree-sitter minutes, and finds nothing below.
DEEPEST = 30_000
_DEPTH_SAMPLES = 64
_SYMBOL = "symbol."
# Captures that belong to the declaration they are matched with.
_PARTS = frozenset({"name", "parameters", "parameter", "pattern", "receiver"})
# What an object calls itself.
_SELF = frozenset({"self", "cls", "$this"})

# What a declaration is only if no pattern says better.
_VAGUE = frozenset({"constant", "field", "type", "variable"})


class Declared(msgspec.Struct, kw_only=True):
    """What a pattern found of a declaration; `function` is the node its complexity is counted for, if any."""

    kind: str
    name: "tree_sitter.Node"


class Mark(msgspec.Struct, kw_only=True):
    """A node and what it means; the parts are those matched with it."""

    node: "tree_sitter.Node"
    start: int
    end: int
    meanings: set[str]
    declared: Declared | None = None
    function_id: int | None = None
    parameters: "tree_sitter.Node | None" = None
    parameter_count: int = 0
    takes_all: bool = False


class Marks(msgspec.Struct, kw_only=True):
    """Marks, outer before inner; `is_cut` when there were too many, or time ran out before all were found."""

    marks: list[Mark]
    is_cut: bool


def is_too_deep(syntax: Syntax) -> bool:
    """Tell whether a tree is nested too deep to be searched, by samples of its nodes.

    A stretch that deep has so many nodes itself that one of the samples falls into it.
    """
    count = syntax.root.descendant_count
    if count < DEEPEST:
        return False
    cursor = syntax.tree.walk()
    for number in range(1, _DEPTH_SAMPLES):
        cursor.goto_descendant(count * number // _DEPTH_SAMPLES)
        if cursor.depth > DEEPEST:
            return True
    return False


def marks_of(syntax: Syntax, *, limit_seconds: float) -> Marks:
    """Find what means something in a tree."""
    import tree_sitter

    query = query_of(syntax.language)
    if query is None:
        return Marks(marks=[], is_cut=False)
    deadline = time.monotonic() + limit_seconds
    found: dict[int, Mark] = {}
    cursor = tree_sitter.QueryCursor(query)
    is_cut = False
    for start in range(0, max(1, syntax.root.end_byte), STRETCH_BYTES):
        is_cut = time.monotonic() > deadline or len(found) > MOST_MARKS
        if is_cut:
            break
        # What reaches over a stretch comes again with the next, and is the same mark.
        cursor.set_byte_range(start, start + STRETCH_BYTES)
        for _, captures in cursor.matches(syntax.root):
            # What another object is asked for is no call of one's own.
            if all(syntax.text_of(node) in _SELF for node in captures.get("receiver", ())):
                _take(captures, found, syntax)
    ordered = sorted(found.values(), key=lambda mark: (mark.start, -mark.end))
    return Marks(marks=ordered, is_cut=is_cut)


def _take(captures: "dict[str, list[tree_sitter.Node]]", found: dict[int, Mark], syntax: Syntax) -> None:
    """Enter one match; the most telling pattern says what is declared."""
    function: Mark | None = None
    symbol: Mark | None = None
    for name, nodes in captures.items():
        if name in _PARTS:
            continue
        for node in nodes:
            mark = _mark(node, found)
            if name.startswith(_SYMBOL):
                symbol = mark
                kind = name.removeprefix(_SYMBOL)
                if mark.declared is None or (mark.declared.kind in _VAGUE and kind not in _VAGUE):
                    mark.declared = Declared(kind=kind, name=captures.get("name", [node])[0])
            else:
                mark.meanings.add(name)
                if name == "function":
                    function = mark
                elif name == "case":
                    mark.takes_all = syntax.text_of(captures["pattern"][0]).strip() == "_"
    if function is not None:
        _take_parameters(captures, function)
        if symbol is not None and symbol.function_id is None:
            symbol.function_id = function.node.id


def _take_parameters(captures: "dict[str, list[tree_sitter.Node]]", function: Mark) -> None:
    if function.parameters is None and "parameters" in captures:
        function.parameters = captures["parameters"][0]
    function.parameter_count = max(function.parameter_count, len(captures.get("parameter", ())))


def _mark(node: "tree_sitter.Node", found: dict[int, Mark]) -> Mark:
    mark = found.get(node.id)
    if mark is None:
        mark = found[node.id] = Mark(node=node, start=node.start_byte, end=node.end_byte, meanings=set())
    return mark

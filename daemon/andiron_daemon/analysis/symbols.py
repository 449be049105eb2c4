"""What a text declares, as an outline: names, kinds, ranges, who is in whom, and the figures of functions."""

from typing import cast

import msgspec

from andiron_daemon.analysis.complexity import Unit
from andiron_daemon.analysis.marks import Declared, Mark
from andiron_daemon.analysis.places import Places
from andiron_daemon.analysis.types import Symbol, SymbolKind
from andiron_daemon.syntax.parse import Syntax

# More than an outline can show; a large JSON file has hundreds of thousands.
MOST_SYMBOLS = 5000
_LONGEST_NAME = 200
TYPES_WITH_METHODS = frozenset({"class", "interface", "struct", "trait", "enum"})
_CONSTRUCTORS = frozenset({"__init__", "constructor", "initialize", "__construct"})
_CONSTANT_CASE = frozenset({"python", "bash"})


class Outline(msgspec.Struct, kw_only=True):
    """The symbols, and how many there would have been."""

    symbols: tuple[Symbol, ...]
    count: int


class _Open(msgspec.Struct, kw_only=True):
    """A symbol that what follows may be in."""

    end: int
    index: int
    kind: str
    name: str


def outline_of(marks: list[Mark], units: dict[int, Unit], syntax: Syntax, places: Places) -> Outline:
    """List what is declared, outer before inner."""
    symbols: list[Symbol] = []
    stack: list[_Open] = []
    seen: set[tuple[int | None, str, str]] = set()
    count = 0
    for mark in marks:
        declared = mark.declared
        if declared is None:
            continue
        while stack and stack[-1].end <= mark.start:
            stack.pop()
        around = stack[-1] if stack else None
        name = _name(declared, syntax)
        kind = _kind(declared.kind, name, around, syntax)
        # A variable is where it is first given a value.
        key = (around.index if around else None, kind, name)
        if not name or (kind in ("variable", "constant", "field") and key in seen):
            continue
        seen.add(key)
        count += 1
        if len(symbols) < MOST_SYMBOLS:
            symbols.append(_symbol(mark, name, kind, around, units.get(mark.function_id or 0), places))
            stack.append(_Open(end=mark.end, index=len(symbols) - 1, kind=kind, name=name))
    return Outline(symbols=tuple(symbols), count=count)


def _name(declared: Declared, syntax: Syntax) -> str:
    text = " ".join(syntax.text_of(declared.name).split())
    if declared.kind == "key" and len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _kind(declared: str, name: str, around: _Open | None, syntax: Syntax) -> str:
    is_member = around is not None and around.kind in TYPES_WITH_METHODS
    if declared in ("function", "method") and (is_member or "::" in name):
        is_constructor = name in _CONSTRUCTORS or (around is not None and name == around.name)
        return "constructor" if is_constructor else "method"
    if declared == "method" and syntax.language.name == "ruby":
        return "function"
    is_shouted = name.isupper() and syntax.language.name in _CONSTANT_CASE
    return "constant" if declared in ("variable", "field") and is_shouted else declared


def _symbol(mark: Mark, name: str, kind: str, around: _Open | None, unit: Unit | None, places: Places) -> Symbol:
    assert mark.declared is not None
    whole = places.range_of(mark.start, mark.end)
    named = mark.declared.name
    symbol = Symbol(
        name=name,
        kind=cast("SymbolKind", kind),
        range=whole,
        selection_range=places.range_of(named.start_byte, named.end_byte),
        parent=around.index if around else None,
    )
    if unit is None:
        return symbol
    return msgspec.structs.replace(
        symbol,
        complexity=unit.complexity,
        cognitive_complexity=unit.cognitive,
        max_nesting=unit.max_nesting,
        lines=lines_of(unit, places),
        parameters=unit.parameters,
    )


def lines_of(unit: Unit, places: Places) -> int:
    """Count the lines of a function, from its first to its last."""
    return places.line_of(max(unit.mark.start, unit.mark.end - 1)) - places.line_of(unit.mark.start) + 1

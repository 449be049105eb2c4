"""What the patterns of a query ask of their nodes, as its text says; `predicates.py` answers it, once there is a match.

Tree-sitter knows these predicates only by a callback, and py-tree-sitter (0.25 and 0.26.1) never lets go of what it
asks that about: the nodes, and with them their whole tree. So they are read here, and it is never given a callback.
"""

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import tree_sitter

_ARGUMENT = r"""@[\w.-]+|"(?:\\.|[^"\\])*"|[\w.-]+"""
_CONDITION = re.compile(rf"\(#([\w-]+\?)((?:\s+(?:{_ARGUMENT}))*)\s*\)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# As tree-sitter reads its strings.
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class Condition(msgspec.Struct, frozen=True):
    """One predicate of one pattern: the captures it is about, and the words behind them."""

    name: str
    captures: tuple[str, ...]
    words: tuple[str, ...]


def conditions_of(query: "tree_sitter.Query", text: str) -> tuple[tuple[Condition, ...], ...]:
    """Read what each pattern asks.

    Raises:
        ValueError: for a predicate that cannot be read, or is about no capture.
    """
    data = text.encode()
    spans = [
        data[query.start_byte_for_pattern(index) : query.end_byte_for_pattern(index)].decode()
        for index in range(query.pattern_count)
    ]
    found = tuple(tuple(_condition(match) for match in _CONDITION.finditer(span)) for span in spans)
    if sum(map(len, found)) != text.count("(#"):
        raise ValueError("there is a predicate in it that cannot be read")
    return found


def _condition(match: re.Match[str]) -> Condition:
    arguments: list[str] = re.findall(_ARGUMENT, match[2])
    captures = tuple(argument[1:] for argument in arguments if argument.startswith("@"))
    words = tuple(_word(argument) for argument in arguments if not argument.startswith("@"))
    if not captures:
        raise ValueError(f"{match[0]} is about no capture")
    return Condition(match[1], captures, words)


def _word(argument: str) -> str:
    if not argument.startswith('"'):
        return argument
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), argument[1:-1])

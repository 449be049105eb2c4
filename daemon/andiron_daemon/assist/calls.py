"""Whether tests call what they are for in a way that can work, as far as the code itself says: by tree, never run.

In JavaScript a promise that nobody waits for is never the value it stands for, and a name declared anew is no longer
the one that was imported; in Go a call gives as many values as its function declares. Python has `python_tests`.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from andiron_daemon.assist.validation import Problem
from andiron_daemon.syntax.parse import Syntax

if TYPE_CHECKING:
    import tree_sitter

_WAITS = re.compile(r"\b(?:resolves|rejects|doesNotReject|Promise|then|catch)\b")
_STATEMENTS = frozenset({"expression_statement", "lexical_declaration", "return_statement"})
_GO_ASSIGNMENTS = frozenset({"short_var_declaration", "assignment_statement"})


def problems_of_calls(tests: Syntax, code: Syntax, names: set[str]) -> list[Problem]:
    """List what cannot work; empty for languages of which nothing is known."""
    if tests.language.name in ("javascript", "typescript", "tsx"):
        found = [*_declared_anew(tests, names), *_not_awaited(tests, _asynchronous(code) & names)]
    elif tests.language.name == "go":
        found = list(_miscounted(tests, _results(code)))
    else:
        found = []
    return [Problem(kind="call", message=message) for message in dict.fromkeys(found)]


def _nodes(syntax: Syntax, *types: str) -> "Iterator[tree_sitter.Node]":
    waiting = [syntax.root]
    while waiting:
        node = waiting.pop()
        if node.type in types:
            yield node
        waiting.extend(reversed(node.named_children))


def _field(node: "tree_sitter.Node", name: str, syntax: Syntax) -> str:
    child = node.child_by_field_name(name)
    return syntax.text_of(child) if child is not None else ""


def _declared_anew(tests: Syntax, names: set[str]) -> Iterator[str]:
    for node in _nodes(tests, "variable_declarator", "function_declaration", "class_declaration"):
        name = _field(node, "name", tests)
        if name in names:
            yield f"`{name}` is declared anew in the tests, so it is not the one to be tested"


def _asynchronous(code: Syntax) -> set[str]:
    declared = _nodes(code, "function_declaration", "variable_declarator")
    return {
        _field(node, "name", code)
        for node in declared
        if code.text_of(node).startswith("async ") or _field(node, "value", code).startswith("async ")
    }


def _not_awaited(tests: Syntax, asynchronous: set[str]) -> Iterator[str]:
    for node in _nodes(tests, "call_expression"):
        name = _field(node, "function", tests)
        parent = node.parent
        is_given = name in asynchronous and parent is not None and parent.type == "arguments"
        if is_given and not _WAITS.search(tests.text_of(_statement(node))):
            yield f"`{name}` is async, and its result is compared without `await`"


def _statement(node: "tree_sitter.Node") -> "tree_sitter.Node":
    while node.type not in _STATEMENTS and node.parent is not None:
        node = node.parent
    return node


def _results(code: Syntax) -> dict[str, int]:
    """Say how many values each function of a file gives."""
    found: dict[str, int] = {}
    for node in _nodes(code, "function_declaration"):
        result = node.child_by_field_name("result")
        if result is None:
            count = 0
        elif result.type == "parameter_list":
            count = sum(max(1, len(one.children_by_field_name("name"))) for one in result.named_children)
        else:
            count = 1
        found[_field(node, "name", code)] = count
    return found


def _miscounted(tests: Syntax, results: dict[str, int]) -> Iterator[str]:
    for node in _nodes(tests, "call_expression"):
        name = _field(node, "function", tests)
        taken = _taken(node)
        if name in results and taken is not None and taken != results[name]:
            yield f"`{name}` returns {results[name]} values, and is called as if it returned {taken}"


def _taken(call: "tree_sitter.Node") -> int | None:
    """Say how many values are taken of a call; None where it cannot be told, or any number will do."""
    parent = call.parent
    if parent is None:
        return None
    if parent.type == "binary_expression":
        return 1
    around = parent.parent
    if parent.type == "expression_list" and parent.named_child_count == 1 and around is not None:
        left = around.child_by_field_name("left")
        if around.type in _GO_ASSIGNMENTS and left is not None:
            return left.named_child_count
    return None

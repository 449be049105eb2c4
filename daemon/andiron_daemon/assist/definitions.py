"""What a text defines, by its tree: names, where they stand, and which of them others may use.

Of a node it is known only what most grammars agree on: a definition has a `name`, or a declarator that ends in
one. What is not recognised is simply no definition; nothing is ever guessed from text.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from andiron_daemon.syntax.parse import Syntax
from andiron_daemon.syntax.scopes import CLASSES, FUNCTIONS

if TYPE_CHECKING:
    import tree_sitter

DefinitionKind = Literal["function", "class", "value"]

_VALUES = frozenset({"assignment", "variable_declarator", "var_spec", "const_spec", "const_item", "static_item"})
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "function", "lambda"})
_NAME_FIELDS = ("name", "left", "declarator", "type")
_NAMES = re.compile(r"^[\w$]*[^\W\d][\w$]*[?!]?$")
_PRIVATE_IN_PYTHON = re.compile(r"^_(?!_init__$)")


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A named part of a text, in characters; `parent` is the index of the enclosing one in the same list."""

    name: str
    kind: DefinitionKind
    start: int
    end: int
    name_start: int
    signature: str
    parent: int | None = None


def definitions_of(syntax: Syntax) -> tuple[Definition, ...]:
    """List what a text defines, outer before inner, in the order of the text."""
    found: list[Definition] = []
    root = syntax.root
    waiting: list[tuple[tree_sitter.Node, int | None, bool]] = [(root, None, True)]
    while waiting:
        node, parent, is_outside = waiting.pop()
        # To ask each node for its parent would take as long as it is deep.
        definition = _definition(node, parent, is_outside, syntax) if node != root else None
        if definition is not None:
            found.append(definition)
            parent = len(found) - 1
            is_outside = definition.kind == "class"
        waiting.extend((child, parent, is_outside) for child in reversed(node.named_children))
    return tuple(found)


def enclosing(definitions: tuple[Definition, ...], start: int, end: int) -> Definition | None:
    """Return the smallest function or class around a stretch."""
    around = [one for one in definitions if one.kind != "value" and one.start <= start and end <= one.end]
    return min(around, key=lambda one: one.end - one.start, default=None)


def full_name(definitions: tuple[Definition, ...], definition: Definition) -> str:
    """Return a name with those of the classes around it, joined by dots."""
    names = [definition.name]
    while definition.parent is not None:
        definition = definitions[definition.parent]
        names.append(definition.name)
    return ".".join(reversed(names))


def exported_names(definitions: tuple[Definition, ...], language: str) -> frozenset[str]:
    """Name what other files may use: what stands at the top level or in a class that does, private names left out."""
    found: set[str] = set()
    for definition in definitions:
        if all(one.kind == "class" for one in _parents(definitions, definition)):
            name = full_name(definitions, definition)
            is_private = language == "python" and any(_PRIVATE_IN_PYTHON.match(part) for part in name.split("."))
            if not is_private:
                found.add(name)
    return frozenset(found)


def identifiers_in(syntax: Syntax, start: int, end: int) -> set[str]:
    """Name what a stretch of a text mentions outside comments and strings."""
    return {name for name, _ in identifiers(syntax, start, end)}


def identifiers(syntax: Syntax, start: int, end: int) -> Iterator[tuple[str, "tree_sitter.Node"]]:
    """Yield each identifier of a stretch with its node, in the order of the text."""
    first, last = syntax.byte_of(start), syntax.byte_of(end)
    waiting = [syntax.root]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= first or node.start_byte >= last or "comment" in node.type:
            continue
        if not node.named_children:
            if "identifier" in node.type or node.type in ("name", "constant", "word"):
                yield syntax.text_of(node), node
            continue
        waiting.extend(reversed(node.named_children))


def _parents(definitions: tuple[Definition, ...], definition: Definition) -> Iterator[Definition]:
    while definition.parent is not None:
        definition = definitions[definition.parent]
        yield definition


def _definition(node: "tree_sitter.Node", parent: int | None, is_outside: bool, syntax: Syntax) -> Definition | None:
    kind = _kind_of(node)
    if kind is None or (kind == "value" and not is_outside):
        return None
    name = _name_of(node)
    if name is None or not _NAMES.match(syntax.text_of(name)):
        return None
    if kind == "value" and _is_function_value(node):
        kind = "function"
    outer = _with_decorators(node)
    start, end = syntax.character_of(outer.start_byte), syntax.character_of(outer.end_byte)
    return Definition(
        name=syntax.text_of(name),
        kind=kind,
        start=start,
        end=end,
        name_start=syntax.character_of(name.start_byte),
        signature=_signature(node, syntax),
        parent=parent,
    )


def _kind_of(node: "tree_sitter.Node") -> DefinitionKind | None:
    if node.type in FUNCTIONS:
        return "function"
    if node.type in CLASSES:
        return "class"
    return "value" if node.type in _VALUES else None


def _name_of(node: "tree_sitter.Node") -> "tree_sitter.Node | None":
    """Find the node that is the name, down a chain of declarators where need be."""
    current: tree_sitter.Node | None = node
    while current is not None:
        inner = None
        for field in _NAME_FIELDS:
            inner = current.child_by_field_name(field)
            if inner is not None and not (field == "type" and current.type != "impl_item"):
                break
            inner = None
        if inner is None:
            if current is node:
                return next((child for child in node.named_children if "identifier" in child.type), None)
            return current if not current.named_children else None
        current = inner
    return None


def _is_function_value(node: "tree_sitter.Node") -> bool:
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    return value is not None and value.type in _FUNCTION_VALUES


def _with_decorators(node: "tree_sitter.Node") -> "tree_sitter.Node":
    """Return the node with what belongs to it: decorators, `export`, `const`."""
    outer = node
    while outer.parent is not None and (
        outer.parent.type in ("decorated_definition", "export_statement", "template_declaration", "type_declaration")
        or (outer.parent.type == "expression_statement" and node.type == "assignment")
        or (
            outer.parent.type in ("lexical_declaration", "variable_declaration")
            and len(outer.parent.named_children) == 1
        )
    ):
        outer = outer.parent
    return outer


def _signature(node: "tree_sitter.Node", syntax: Syntax) -> str:
    body = node.child_by_field_name("body")
    text = syntax.text_of(node)
    if body is not None:
        text = text[: len(syntax.text_of(node)) - len(_tail(node, body, syntax))]
    return " ".join(text.split("\n")[0:4]).strip().rstrip("{").strip()[:300]


def _tail(node: "tree_sitter.Node", body: "tree_sitter.Node", syntax: Syntax) -> str:
    whole = syntax.text_of(node).encode("utf-8", "replace")
    return whole[body.start_byte - node.start_byte :].decode("utf-8", "replace")

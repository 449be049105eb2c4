"""What a text declares: imports, definitions and their signatures, and where a block could be cut.

By tree where there is one, else by indentation; both answer with lines of the text itself.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.syntax.parse import Syntax

if TYPE_CHECKING:
    import tree_sitter

IMPORTS = frozenset(
    {
        "import_statement",
        "import_from_statement",
        "future_import_statement",
        "import_declaration",
        "import_header",
        "import",
        "use_declaration",
        "preproc_include",
        "using_directive",
        "namespace_use_declaration",
        "package_clause",
        "package_declaration",
        "package_header",
    }
)
FUNCTIONS = frozenset(
    {
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "function_item",
        "method_definition",
        "method_declaration",
        "method",
        "singleton_method",
        "constructor_declaration",
        "init_declaration",
        "local_function_statement",
    }
)
# Whatever has members: types, modules and namespaces.
CLASSES = frozenset(
    {
        "class_definition",
        "class_declaration",
        "abstract_class_declaration",
        "class_specifier",
        "class",
        "module",
        "struct_item",
        "struct_specifier",
        "struct_declaration",
        "enum_item",
        "enum_specifier",
        "enum_declaration",
        "union_specifier",
        "trait_item",
        "trait_declaration",
        "interface_declaration",
        "type_alias_declaration",
        "type_spec",
        "protocol_declaration",
        "object_declaration",
        "record_declaration",
        "namespace_definition",
        "namespace_declaration",
        "internal_module",
        "mod_item",
        "impl_item",
    }
)
DEFINITIONS = (
    FUNCTIONS
    | CLASSES
    | {"type_declaration", "decorated_definition", "template_declaration", "create_table", "rule_set"}
)
_WRAPPERS = frozenset({"export_statement", "decorated_definition", "template_declaration", "lexical_declaration"})
_BODIES = frozenset(
    {
        "block",
        "statement_block",
        "class_body",
        "function_body",
        "declaration_list",
        "field_declaration_list",
        "compound_statement",
        "body_statement",
        "constructor_body",
        "enum_body",
        "interface_body",
        "enum_class_body",
    }
)
_IMPORT_LINE = re.compile(
    r"^(import\b|from \S+ import\b|use [\w:{]|#include\b|using [\w.]+;|package [\w.]+;?$|require(_relative)?\b)"
)
_INDENTATION = re.compile(r"[ \t]*")
_OPENS_BLOCK = re.compile(r"([{(\[:]|\bdo|\bthen|=>|->)\s*$|^\s*(def|class|module|func|function|if|for|while|case)\b")


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of lines worth quoting whole, and the part of it that says what it is."""

    start: int
    end: int
    signature: str


def indentation_of(line: str) -> str:
    """Return the blanks a line begins with."""
    match = _INDENTATION.match(line)
    return match[0] if match else ""


def width_of(line: str, tab: int = 4) -> int:
    """Say how far a line is indented, in columns."""
    return len(indentation_of(line).expandtabs(tab))


def import_lines(text: str, syntax: Syntax | None) -> list[str]:
    """Return the imports at the top level, each as it stands."""
    if syntax is not None:
        return [syntax.text_of(node).strip() for node in syntax.root.named_children if node.type in IMPORTS]
    return [line for line in text.split("\n") if _IMPORT_LINE.match(line)]


def enclosing_lines(lines: list[str], line: int) -> list[int]:
    """Number the lines that open the blocks around a line, outermost first.

    By indentation, which holds in code that does not parse too.
    """
    limit = _first_width(lines, line)
    found: list[int] = []
    for number in range(min(line, len(lines)) - 1, -1, -1):
        text = lines[number]
        if not text.strip():
            continue
        width = width_of(text)
        if width < limit and _OPENS_BLOCK.search(text):
            found.append(number)
            limit = width
        elif width < limit and text.strip()[0] not in ")]}":
            limit = width
        if limit == 0:
            break
    return found[::-1]


def _first_width(lines: list[str], line: int) -> int:
    for text in lines[line:]:
        if text.strip():
            return width_of(text)
    return 0


def declarations(text: str, syntax: Syntax | None) -> list[Declaration]:
    """Cut a text into what it declares; without a tree, into paragraphs."""
    if syntax is None:
        return list(_paragraphs(text))
    found: list[Declaration] = []
    for node in syntax.root.named_children:
        found.extend(_declared(node, syntax))
    return found


def _declared(node: "tree_sitter.Node", syntax: Syntax) -> Iterator[Declaration]:
    if node.type not in DEFINITIONS and node.type not in _WRAPPERS:
        if node.type not in IMPORTS and "comment" not in node.type:
            yield _declaration(node, syntax, None)
        return
    body = body_of(node)
    yield _declaration(node, syntax, body)


def _declaration(node: "tree_sitter.Node", syntax: Syntax, body: "tree_sitter.Node | None") -> Declaration:
    start = syntax.character_of(node.start_byte)
    end = syntax.character_of(node.end_byte)
    until = syntax.character_of(body.start_byte) if body is not None else end
    return Declaration(start=start, end=end, signature=syntax.text[start:until].strip())


def body_of(node: "tree_sitter.Node") -> "tree_sitter.Node | None":
    """Return the block of a definition, looking through decorators and exports."""
    body = node.child_by_field_name("body")
    if body is not None:
        return body
    for child in node.named_children:
        if child.type in _BODIES:
            return child
        if child.type in DEFINITIONS | _WRAPPERS or child.type in ("variable_declarator", "arrow_function"):
            inner = body_of(child)
            if inner is not None:
                return inner
    return None


def _paragraphs(text: str) -> Iterator[Declaration]:
    start = 0
    for part in re.split(r"(\n\s*\n)", text):
        if part.strip():
            yield Declaration(start=start, end=start + len(part), signature=part.strip().split("\n")[0])
        start += len(part)

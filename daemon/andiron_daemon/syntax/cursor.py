"""What a cursor stands in: code, a string, a comment, or between the brackets of an expression."""

import enum
from typing import TYPE_CHECKING

from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax
from andiron_daemon.syntax.scan import Scanned, scan

if TYPE_CHECKING:
    import tree_sitter

_CODE_IN_STRING = frozenset({"interpolation", "template_substitution", "string_interpolation", "jsx_expression"})
_LISTS = frozenset(
    {
        "argument_list",
        "arguments",
        "call_arguments",
        "value_arguments",
        "parameters",
        "parameter_list",
        "formal_parameters",
        "function_value_parameters",
        "array",
        "array_literal",
        "collection_literal",
        "list",
        "tuple",
        "set",
        "parenthesized_expression",
        "subscript",
    }
)
_BLOCKS = frozenset(
    {
        "block",
        "statement_block",
        "compound_statement",
        "class_body",
        "function_body",
        "declaration_list",
        "field_declaration_list",
        "do_block",
        "body_statement",
        "lambda_literal",
    }
)
_SCANNED_LINES = 60


class Surroundings(enum.Enum):
    """Where a cursor is."""

    CODE = "code"
    BRACKETS = "brackets"
    STRING = "string"
    COMMENT = "comment"


def surroundings(prefix: str, suffix: str, language: Language | None, syntax: Syntax | None) -> Surroundings:
    """Tell what the place between `prefix` and `suffix` is; `syntax` is of both joined, if there is one.

    A tree is asked only about strings and comments that go over lines; within a line the scan of the text
    before the cursor is surer than a tree of half-typed code.
    """
    line = prefix.rpartition("\n")[2]
    nodes = syntax.around(syntax.node_at(len(prefix))) if syntax is not None else []
    kind = _kind_of(nodes, syntax, len(prefix)) if syntax is not None else None
    if kind in (Surroundings.STRING, Surroundings.COMMENT):
        return kind
    if _is_interpolated(nodes):
        return kind or Surroundings.CODE
    scanned = scan(line, language) if kind is None and syntax is not None else _scan_lines(prefix, language)
    if scanned.in_line_comment or scanned.in_block_comment:
        return Surroundings.COMMENT
    if scanned.quote is not None:
        return Surroundings.STRING
    if kind is Surroundings.BRACKETS or (scanned.opened and scanned.opened[-1] in "(["):
        return Surroundings.BRACKETS
    return Surroundings.CODE


def _scan_lines(prefix: str, language: Language | None) -> Scanned:
    """Scan the last lines; what an earlier line opened is not known then, which errs towards code."""
    return scan("\n".join(prefix.split("\n")[-_SCANNED_LINES:]), language)


def _kind_of(nodes: "list[tree_sitter.Node]", syntax: Syntax, character: int) -> Surroundings | None:
    byte = syntax.byte_of(character)
    found: Surroundings | None = None
    for current in nodes:
        is_inside = current.start_byte < byte < current.end_byte
        if current.type in _CODE_IN_STRING:
            return found
        if is_inside and _is_string(current.type):
            return Surroundings.STRING
        if "comment" in current.type and current.start_byte < byte <= current.end_byte:
            return Surroundings.COMMENT if is_inside or "\n" not in syntax.text_of(current)[-1:] else found
        if found is None and is_inside and current.type in _LISTS:
            found = Surroundings.BRACKETS
        elif found is None and is_inside and current.type in _BLOCKS:
            found = Surroundings.CODE
    return found


def _is_interpolated(nodes: "list[tree_sitter.Node]") -> bool:
    """Tell whether the innermost of nodes is code inside a string."""
    for node in nodes:
        if _is_string(node.type):
            return False
        if node.type in _CODE_IN_STRING:
            return True
    return False


def _is_string(node_type: str) -> bool:
    return "string" in node_type or node_type in ("char_literal", "heredoc_body", "character_literal")

"""How many parameters a function takes, as they are written: `self` counts, and so does `...` behind a name."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

# Named nodes of a list of parameters that are none.
_NO_PARAMETERS = frozenset(
    {
        "attribute_item",
        "attribute_list",
        "block_comment",
        "comment",
        "keyword_separator",
        "line_comment",
        "modifier",
        "parameter_modifiers",
        "positional_separator",
        "predefined_type",
        "array_type",
    }
)
# Swift has its parameters directly in the function.
_BARE = "parameter"


def count_parameters(function: "tree_sitter.Node", parameters: "tree_sitter.Node | None") -> int:
    """Count a list's parameters; without a list, those that stand in the function itself."""
    if parameters is None:
        return sum(child.type == _BARE for child in function.named_children)
    count = 0
    is_default = False
    for child in parameters.children:
        if child.is_named and not is_default and child.type not in _NO_PARAMETERS:
            count += _names_in(child)
        is_default = child.type == "="
    return count


def _names_in(parameter: "tree_sitter.Node") -> int:
    """Count the names that share one type, as in Go; C's lone `void` is none."""
    if parameter.type != "parameter_declaration":
        return 1
    if parameter.text == b"void":
        return 0
    return max(1, len(parameter.children_by_field_name("name")))

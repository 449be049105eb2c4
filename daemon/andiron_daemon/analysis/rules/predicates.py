"""What queries can ask of nodes.

    #text? @x REGEX        the regular expression is found in its text
    #word? @x TEXT…        its text is one of these
    #same? @x @y           both have the same text
    #empty? @x             nothing is in it, not even a comment
    #kind? @x TYPE…        it is of one of these types
    #inside? @x TYPE…      something around it is of one of these types
    #steady? @x            reading it twice gives the same: no call, no increment, no random thing in it
    #varies? @x            something in it is not written out: a name, a call, an interpolation
    #repeats? @key @owner  a key of the same text stands earlier in the same owner
    #secret? @string       it looks like a password or key, not like a word or a placeholder

Each has its contrary, `#not-empty?` and so on. Tree-sitter's own `#eq?` and `#match?` would read the text out of the
tree, which was parsed in pieces, and copy all the rest of it for each node. So these stand alone, and their names are
checked when a query is compiled.
"""

import functools
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andiron_daemon.analysis.rules.conditions import Condition
from andiron_daemon.analysis.rules.secrets import looks_secret

if TYPE_CHECKING:
    import tree_sitter

Captures = dict[str, "list[tree_sitter.Node]"]
_NAMES = frozenset(
    {"text?", "word?", "same?", "empty?", "kind?", "inside?", "steady?", "varies?", "repeats?", "secret?"}
)
NAMES = _NAMES | {f"not-{name}" for name in _NAMES}
# A subtree larger than this is not looked through.
_MOST_NODES = 2000
_HIGHEST = 200
_UNSTEADY = re.compile(
    r"call|invocation|creation|new_expression|update|increment|await|yield|assignment|macro|subshell"
)
_UNSTEADY_TYPES = frozenset({"object_creation_expression", "prefix_unary_expression", "postfix_unary_expression"})
_VARYING = re.compile(
    r"^(identifier|variable_name|simple_identifier|instance_variable|global_variable|constant|field_access|"
    r"member_expression|member_access_expression|selector_expression|attribute|subscript(_expression)?|"
    r"element_access_expression|index_expression|interpolation|template_substitution|string_interpolation|"
    r".*call.*|invocation_expression|method_invocation|interpolated_expression|simple_expansion|expansion|"
    r"command_substitution|dynamic_variable_name)$"
)


class Predicates:
    """The predicates for one search; what they remember is of its tree."""

    def __init__(self, text_of: Callable[["tree_sitter.Node"], str]) -> None:
        self._text_of = text_of
        self._seen_keys: dict[int, dict[str, int]] = {}
        self._known: dict[str, Callable[[tree_sitter.Node, Sequence[str]], bool]] = {
            "text?": lambda node, words: _pattern(words[0]).search(text_of(node)) is not None,
            "word?": lambda node, words: text_of(node) in words,
            "empty?": lambda node, _: node.named_child_count == 0,
            "kind?": lambda node, types: node.type in types,
            "inside?": is_inside,
            "steady?": lambda node, _: not _any_within(node, _is_unsteady),
            "varies?": lambda node, _: _any_within(node, _is_varying),
            "secret?": lambda node, _: looks_secret(text_of(node)),
        }

    def hold(self, condition: Condition, captures: Captures) -> bool:
        """Answer one condition of one match; all nodes of its capture must agree."""
        capture = condition.captures[0]
        name = condition.name.removeprefix("not-")
        is_wanted = name == condition.name
        if name == "same?":
            texts = {self._text_of(node) for other in condition.captures for node in captures.get(other, [])}
            return (len(texts) == 1) == is_wanted
        if name == "repeats?":
            return self._repeats(captures[capture][0], captures[condition.captures[1]][0]) == is_wanted
        holds = self._known[name]
        return all(holds(node, condition.words) == is_wanted for node in captures.get(capture, []))

    def _repeats(self, key: "tree_sitter.Node", owner: "tree_sitter.Node") -> bool:
        """Tell whether an owner had this key before; to ask a key for its owner would take as long as that is wide."""
        seen = self._seen_keys.setdefault(owner.id, {})
        return seen.setdefault(self._text_of(key), key.start_byte) != key.start_byte


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def is_inside(node: "tree_sitter.Node", types: Sequence[str]) -> bool:
    """Tell whether something around a node is of one of some types."""
    parent = node.parent
    for _ in range(_HIGHEST):
        if parent is None or parent.type in types:
            return parent is not None
        parent = parent.parent
    return False


def _is_unsteady(node: "tree_sitter.Node") -> bool:
    return _UNSTEADY.search(node.type) is not None or node.type in _UNSTEADY_TYPES


def _is_varying(node: "tree_sitter.Node") -> bool:
    return _VARYING.match(node.type) is not None


def _any_within(node: "tree_sitter.Node", holds: Callable[["tree_sitter.Node"], bool]) -> bool:
    waiting = [node]
    for _ in range(_MOST_NODES):
        if not waiting:
            return False
        inner = waiting.pop()
        if holds(inner):
            return True
        waiting.extend(inner.named_children)
    return False

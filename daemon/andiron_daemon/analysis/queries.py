"""What is looked for in a tree: one file of tree-sitter queries a language, in the folder `queries`.

The captures say what a node means, and all that is computed knows only these:

    @symbol.KIND    it declares something; @name is its name
    @function       a function: complexities are counted for it; @parameters is their list, @parameter a single one
    @lambda         a function that counts for the one around it, and nests in it
    @closure        a function that does not nest, being all there is of the one around it
    @decision       a way to branch off: one more in the cyclomatic complexity
    @case           a decision, unless its @pattern takes everything
    @exhaustive     one of the decisions in it is always taken, which leaves one less
    @branch         a statement that branches: cognitive complexity one and its nesting, and it nests what is inside
    @choice         the same as a part of an expression: no block is nested in it
    @header         what is decided by, or gone through: it is not nested in what it heads
    @more           costs what the choice it stands in costs
    @else           cognitive complexity one, whatever its nesting
    @chained        a branch right behind an `else`: it costs and nests nothing of its own
    @jump           cognitive complexity one
    @logic          an operator like `and`: one a sequence of the same
    @call           a name that is called, by which recursion is told; @receiver is whose, if not the object itself
    @comment        a comment

There are no predicates (`#eq?`): tree-sitter would read the text out of the tree, and copy all the rest for each node.
"""

import functools
from importlib.resources import files
from typing import TYPE_CHECKING

from andiron_daemon.syntax.grammars import grammar_of
from andiron_daemon.syntax.languages import Language

if TYPE_CHECKING:
    import tree_sitter

# Languages that are made of more than the file of their own name.
_FILES = {
    "javascript": ("javascript", "javascript_only"),
    "typescript": ("javascript", "typescript"),
    "tsx": ("javascript", "typescript"),
    "cpp": ("c", "cpp"),
}
_BRACKETS = frozenset("()[]{}")
# Where every bracket has a partner; in a shell, `a)` begins a case.
_BRACKETED = frozenset(
    {
        *("c", "cpp", "csharp", "css", "go", "java", "javascript", "json", "kotlin", "php", "python", "rust", "swift"),
        *("tsx", "typescript"),
    }
)


@functools.cache
def query_of(language: Language) -> "tree_sitter.Query | None":
    """Compile what is looked for in a language; None where it has no grammar that works here, or no file."""
    import tree_sitter

    grammar = grammar_of(language)
    if grammar is None:
        return None
    folder = files(__package__) / "queries"
    texts = [
        file.read_text(encoding="utf-8")
        for name in _FILES.get(language.name, (language.name,))
        if (file := folder / f"{name}.scm").is_file()
    ]
    return tree_sitter.Query(grammar, "\n".join(texts)) if texts else None


@functools.cache
def fault_query_of(language: Language) -> "tree_sitter.Query | None":
    """Compile what a tree says of errors, and where brackets are."""
    import tree_sitter

    grammar = grammar_of(language)
    if grammar is None:
        return None
    lines = ["(ERROR) @error", "(MISSING) @missing"]
    signs = _bracket_signs(grammar) if language.name in _BRACKETED else []
    if signs:
        lines.append("[" + " ".join(f'"{sign}"' for sign in signs) + "] @bracket")
    return tree_sitter.Query(grammar, "\n".join(lines))


def _bracket_signs(grammar: "tree_sitter.Language") -> list[str]:
    """List the tokens that are brackets or have some, such as the `${` of a template."""
    kinds = {grammar.node_kind_for_id(number) for number in range(grammar.node_kind_count)}
    return sorted(
        kind.replace("\\", "\\\\")
        for kind in kinds
        if kind and not _BRACKETS.isdisjoint(kind) and '"' not in kind and not kind[-1].isalnum() and kind[0] != "_"
        if grammar.id_for_node_kind(kind, False) is not None
    )

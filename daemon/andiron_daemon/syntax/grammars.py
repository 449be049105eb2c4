"""Tree-sitter's grammars, each imported on first use.

A wheel that is missing or does not fit the installed tree-sitter costs that language its syntax rules and one
line in the log; everything else goes on by indentation.
"""

import functools
import importlib
import logging
from typing import TYPE_CHECKING

from andiron_daemon.syntax.languages import Language

if TYPE_CHECKING:
    import tree_sitter

_log = logging.getLogger(__name__)


_loaded: set[str] = set()


def is_loaded(language: Language) -> bool:
    """Tell whether a language's grammar is at hand already; loading one reads files."""
    return language.name in _loaded or language.grammar is None


@functools.cache
def grammar_of(language: Language) -> "tree_sitter.Language | None":
    """Load a language's grammar; None where there is none that works here."""
    _loaded.add(language.name)
    if language.grammar is None:
        return None
    import tree_sitter

    module_name, _, function = language.grammar.partition(":")
    try:
        module = importlib.import_module(module_name)
        return tree_sitter.Language(getattr(module, function)())
    except (ImportError, AttributeError, ValueError) as error:
        _log.warning("%s has no syntax rules: %s", language.name, error)
        return None

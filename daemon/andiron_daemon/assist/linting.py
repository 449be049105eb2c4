"""The seam to the linters: a callable, so that the assists need not know the desk behind it."""

from collections import Counter
from collections.abc import Awaitable, Callable

from andiron_daemon.analysis.types import Diagnostic, Linted
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax

Lint = Callable[[str, str | None, Language | None, Syntax | None], Awaitable[Linted]]


async def no_lint(_text: str, _path: str | None, _language: Language | None, _syntax: Syntax | None) -> Linted:
    """Find nothing, where there are no linters."""
    return Linted()


def new_errors(before: Linted, after: Linted) -> list[Diagnostic]:
    """List the errors that were not there before, wherever they stood."""
    known = Counter(_key(one) for one in before.diagnostics)
    found: list[Diagnostic] = []
    for one in after.diagnostics:
        if one.severity == "error":
            known[_key(one)] -= 1
            if known[_key(one)] < 0:
                found.append(one)
    return found


def _key(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.source, diagnostic.rule, diagnostic.message

"""Which definitions another file can get at, and so the tests of them: by what the language writes before them."""

import re
from collections.abc import Iterator

from andiron_daemon.assist.definitions import Definition
from andiron_daemon.assist.subject import Subject

_SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
_EXPORTS = re.compile(r"\bexports?\b")
_EXPORT_LIST = re.compile(r"\bexports?\b[\w.\s]*=?\s*(\{[^}]*\}|\w+)")
_RUST_PUBLIC = re.compile(r"pub\b|impl\b")


def is_public(subject: Subject, one: Definition) -> bool:
    """Tell whether tests in a file of their own can use something that is not inside a function."""
    chain = list(_chain(subject, one))
    if any(each.name.startswith("_") for each in chain):
        return False
    if subject.language.name == "rust":
        return all(_RUST_PUBLIC.match(subject.text, each.start) for each in chain)
    if subject.language.name in _SCRIPTS and _EXPORTS.search(subject.text):
        outermost = chain[-1]
        return subject.text.startswith("export", outermost.start) or outermost.name in _listed(subject.text)
    return True


def _chain(subject: Subject, one: Definition) -> Iterator[Definition]:
    yield one
    while one.parent is not None:
        one = subject.definitions[one.parent]
        yield one


def _listed(text: str) -> set[str]:
    """Name what is exported by name: `export { a }`, `export default a`, `module.exports = { a }`, `exports.a = a`."""
    return {name for match in _EXPORT_LIST.finditer(text) for name in re.findall(r"\w+", match[0])}

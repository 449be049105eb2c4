"""Which imports a file of tests has beside those Andiron writes: of what a model wrote, what is right and new.

Imports of the code under test are never the model's to write. What a language refuses (a name imported twice, in Go an
import nobody uses) is left out; what tests use all the time and models forget is put in.
"""

import re
import sys
from collections.abc import Sequence

_PYTHON_MODULE = re.compile(r"(?:from|import)\s+(\w+)")
_PYTHON_TESTING = frozenset({"pytest", "hypothesis"})
_SCRIPT = re.compile(
    r"""^import\s+(?P<whole>[\w*\s]*?)\s*,?\s*(?:\{(?P<names>[^}]*)\})?\s*from\s*(?P<module>["'].*)$"""
)
_BESIDE = re.compile(r"""["']\.""")
_GO_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:(\w+)\s+)?"([^"]+)"', re.MULTILINE)
_GO_USED = re.compile(r"\b([a-z]\w*)\.[A-Z]")
_GO_STANDARD = frozenset(
    {"bytes", "context", "errors", "fmt", "io", "math", "os", "reflect", "slices", "sort", "strconv", "strings", "time"}
)
_RUST_STANDARD = re.compile(r"use\s+(?:::)?(?:std|core|alloc)\b")
_RUST_COLLECTIONS = ("BTreeMap", "BTreeSet", "HashMap", "HashSet", "VecDeque")


def needed_imports(
    written: Sequence[str], header: str, body: str, language: str, names: set[str], stem: str
) -> tuple[str, ...]:
    """Choose from what was written; `names` and `stem` are the code under test, which `header` imports already."""
    foreign = [one.strip() for one in written if not set(re.findall(r"\w+", one)) & {*names, stem}]
    have = {line.strip() for line in header.splitlines()}
    fresh = [one for one in foreign if one not in have]
    if language == "python":
        return _python(fresh, header, body)
    if language == "go":
        return _go(written, header, body)
    if language == "rust":
        return _rust(fresh, body)
    if language in ("javascript", "typescript", "tsx"):
        return tuple(kept for one in dict.fromkeys(fresh) if (kept := _script(one, header)))
    bound = {line.rstrip(";").rpartition(".")[2] for line in have}
    return tuple(
        one for one in dict.fromkeys(fresh) if "package" not in one and one.rstrip(";").rpartition(".")[2] not in bound
    )


def _python(fresh: list[str], header: str, body: str) -> tuple[str, ...]:
    known = {*sys.stdlib_module_names, *_PYTHON_TESTING}
    kept = [one for one in fresh if (module := _PYTHON_MODULE.match(one)) is not None and module[1] in known]
    if "pytest." in body and "unittest" not in header and "import pytest" not in kept:
        kept.insert(0, "import pytest")
    return tuple(dict.fromkeys(kept))


def _go(written: Sequence[str], header: str, body: str) -> tuple[str, ...]:
    """Import what is used: of the standard library whatever it is, of others what was written."""
    used = set(_GO_USED.findall(body)) - {"testing"}
    kept = {name: f'import "{name}"' for name in sorted(used & _GO_STANDARD)}
    for alias, path in _GO_IMPORT.findall("\n".join(written)):
        name = alias or path.rpartition("/")[2]
        if name in used and f'"{path}"' not in header:
            kept[name] = f'import {alias} "{path}"' if alias else f'import "{path}"'
    return tuple(kept.values())


def _rust(fresh: list[str], body: str) -> tuple[str, ...]:
    kept = [one for one in fresh if _RUST_STANDARD.match(one)]
    imported = set(re.findall(r"\w+", "\n".join(kept)))
    kept += [
        f"use std::collections::{name};"
        for name in _RUST_COLLECTIONS
        if name not in imported and re.search(rf"(?<!::)\b{name}\b", body)
    ]
    return tuple(dict.fromkeys(kept))


def _script(line: str, header: str) -> str | None:
    """Take the names out of an import that the header has; None where nothing is left, or it is of a file beside."""
    if _BESIDE.search(line):
        return None
    bound = set(re.findall(r"\w+", re.sub(r"""["'].*?["']""", "", header)))
    match = _SCRIPT.match(line)
    if match is None:
        # `require` and imports for their effects.
        words = set(re.findall(r"\w+", line.partition("=")[0])) - {"const", "let", "var", "import"}
        return None if words & bound else line
    whole = match["whole"].split()[-1:]
    parts = [match["whole"].strip()] if whole and whole[0] not in bound else []
    names = [name.strip() for name in (match["names"] or "").split(",") if name.strip()]
    fresh = [name for name in names if name.split()[-1] not in bound]
    parts += [f"{{ {', '.join(fresh)} }}"] if fresh else []
    return f"import {', '.join(parts)} from {match['module']}" if parts else None

"""Where a tree's errors are the grammar's fault, not the text's: macros, dialects, notations a grammar does not know.

An error that is none costs more trust than one that is not told. What is doubted is counted and said, not shown.
"""

import json
import re

import msgspec

from andiron_daemon.analysis.places import Places
from andiron_daemon.analysis.types import ParseError
from andiron_daemon.syntax.parse import Syntax


class _Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Errors to doubt: those near a match of `near`, or all of them where the text matches `anywhere`."""

    why: str
    near: re.Pattern[bytes] | None = None
    anywhere: re.Pattern[bytes] | None = None
    paths: tuple[str, ...] = ()


_PREPROCESSED = _Doubt(
    why="could not be read without the preprocessor",
    near=re.compile(
        rb"\b_*[A-Z][A-Z0-9_]{2,}\b|\b__\w+|\b[A-Z]\w*_[A-Z_]{3,}\w*|^\s*#|\bva_arg\b|\w+\s*\\\r?$", re.MULTILINE
    ),
    # Branches of the preprocessor may each have a bracket of their own.
    anywhere=re.compile(rb"^\s*#\s*(else|elif)\b", re.MULTILINE),
)
# Types of an imported module, and expressions for characters by their number.
_ECMA = _Doubt(why="are of a notation that is not known here", near=re.compile(rb"\bimport\(|\\u\{?[0-9a-fA-F]"))
_DOUBTS: dict[str, tuple[_Doubt, ...]] = {
    "c": (_PREPROCESSED,),
    "cpp": (_PREPROCESSED,),
    "javascript": (_ECMA,),
    "typescript": (_ECMA,),
    "tsx": (_ECMA,),
    "csharp": (_Doubt(why="could not be read without the preprocessor", near=re.compile(rb"^\s*#", re.MULTILINE)),),
    "sql": (_Doubt(why="are of a dialect that is not known here", anywhere=re.compile(rb"")),),
    "css": (
        _Doubt(why="are of a dialect of CSS that is not known here", paths=("scss", "less", "sass")),
        _Doubt(
            why="are of a notation that is not known here",
            near=re.compile(
                rb"@(?!media|import|font-face|keyframes|supports|charset)[\w-]+|url\(|\\|[:&]\w*\(|\*\w|>="
            ),
        ),
    ),
    "html": (
        _Doubt(why="belong to a template", paths=("vue", "svelte"), near=re.compile(rb"<\?|\{[{%#]|<%")),
        _Doubt(why="are of XML", near=re.compile(rb"<\?|\{[{%#]|<%|<!\[")),
    ),
    "json": (_Doubt(why="are of a dialect of JSON", paths=("jsonc", "json5", "code-workspace")),),
    "bash": (
        _Doubt(
            why="are of another shell, or a notation that is not known here",
            near=re.compile(rb"\$\{[^}]*[({#%^,@/]|\(\(|\$#|=\(|\[\[.*=~|<<|\\\\|`"),
        ),
    ),
}
_ROUND_LINES = 2


class Believed(msgspec.Struct, frozen=True, kw_only=True):
    """The errors that are believed, and what is to be said of the others."""

    errors: tuple[ParseError, ...]
    note: str | None = None


def believed(errors: tuple[ParseError, ...], syntax: Syntax, places: Places, path: str | None) -> Believed:
    """Take out the errors that are likely to be none."""
    if not errors:
        return Believed(errors=())
    if syntax.language.is_prose or (syntax.language.name == "json" and _is_json(syntax.text)):
        return Believed(errors=())
    kept = errors
    why = ""
    for doubt in _DOUBTS.get(syntax.language.name, ()):
        left = tuple(error for error in kept if not _is_doubted(error, doubt, places, path))
        why = doubt.why if len(left) < len(kept) else why
        kept = left
    count = len(errors) - len(kept)
    note = f"{count} place{'s' if count > 1 else ''} {why}" if count else None
    return Believed(errors=kept, note=note)


def _is_doubted(error: ParseError, doubt: _Doubt, places: Places, path: str | None) -> bool:
    if doubt.paths:
        return path is not None and path.lower().endswith(tuple(f".{ending}" for ending in doubt.paths))
    if doubt.anywhere is not None and doubt.anywhere.search(places.data):
        return True
    if doubt.near is None:
        return False
    first = max(0, error.range.start.line - _ROUND_LINES)
    last = min(len(places.starts) - 1, error.range.end.line + _ROUND_LINES)
    around = b"".join(places.line(number)[:2000] for number in range(first, last + 1))
    return doubt.near.search(around) is not None


def _is_json(text: str) -> bool:
    """Ask the standard library, which knows every notation of a number."""
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True

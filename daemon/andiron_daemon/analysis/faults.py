"""What is wrong with a text, out of the places its tree marks as errors: where it is, and what it is.

A tree says that something is wrong, not what. Brackets without a partner explain most; then what the parser had to
put in to go on, then strings and comments that do not end; what is left is told by the first word of it.
"""

import re
import time
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.analysis.brackets import Bracket, Unmatched, unmatched
from andiron_daemon.analysis.places import Places
from andiron_daemon.analysis.queries import fault_query_of
from andiron_daemon.analysis.types import ParseError
from andiron_daemon.syntax.parse import Syntax
from andiron_daemon.syntax.scan import CLOSERS, OPENERS

if TYPE_CHECKING:
    import tree_sitter

# More errors than this tell nothing more.
MOST_FAULTS = 50
_MOST_ERRORS = 2000
_STRETCH_BYTES = 32 * 1024
_LONGEST_QUOTE = 30
# Signs that something has to come behind.
_WANT_MORE = frozenset({b"=", b"+", b"-", b"*", b"/", b"%", b",", b".", b":", b"&&", b"||", b"->", b"=>", b":=", b"=="})
_COLON_LINE = re.compile(
    rb"[ \t]*(async[ \t]+)?(if|elif|else|for|while|def|class|with|try|except|finally|match|case)\b(?![ \t]*=[^=])"
)
_WORD = re.compile(rb"\w+|\S")
_NAMES = {
    "identifier": "a name",
    "property_identifier": "a name",
    "field_identifier": "a name",
    "type_identifier": "the name of a type",
    "simple_identifier": "a name",
    "word": "a word",
    "number_literal": "a number",
    "_automatic_semicolon": "`;`",
    "_newline": "a line break",
    "_dedent": "the end of the block",
    "block": "a block",
}


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The errors found; `more` that there were others, or no time to look for them."""

    errors: tuple[ParseError, ...] = ()
    more: bool = False


class _Fault(msgspec.Struct, kw_only=True):
    start: int
    end: int
    message: str


class _Found(msgspec.Struct, kw_only=True):
    """What a tree has of interest here, each in the order of the text."""

    errors: "list[tree_sitter.Node]"
    missing: "list[tree_sitter.Node]"
    brackets: list[Bracket]
    is_cut: bool


def faults_of(syntax: Syntax, places: Places, *, limit_seconds: float) -> Faults:
    """Say what is wrong with a text, if anything is."""
    if not syntax.root.has_error:
        return Faults()
    found = _find(syntax, limit_seconds)
    loose = unmatched(found.brackets, places)
    faults = _missing_faults(found.missing, loose, syntax, places)
    told = {fault.start for fault in faults}
    faults.extend(fault for fault in _bracket_faults(loose, faults, places) if fault.start not in told)
    for node in _outermost(found.errors):
        if len(faults) > MOST_FAULTS:
            break
        if not _is_explained(node, faults, loose):
            faults.append(_error_fault(node, syntax, places))
    ordered = sorted(faults, key=lambda fault: (fault.start, fault.end))
    errors = tuple(
        ParseError(range=places.range_of(fault.start, fault.end), message=fault.message)
        for fault in ordered[:MOST_FAULTS]
    )
    return Faults(errors=errors, more=len(ordered) > MOST_FAULTS or found.is_cut)


def _find(syntax: Syntax, limit_seconds: float) -> _Found:
    import tree_sitter

    query = fault_query_of(syntax.language)
    assert query is not None
    cursor = tree_sitter.QueryCursor(query)
    found: dict[str, dict[int, tree_sitter.Node]] = {"error": {}, "missing": {}, "bracket": {}}
    deadline = time.monotonic() + limit_seconds
    is_cut = False
    for start in range(0, max(1, syntax.root.end_byte), _STRETCH_BYTES):
        is_cut = time.monotonic() > deadline or len(found["error"]) > _MOST_ERRORS
        if is_cut:
            break
        cursor.set_byte_range(start, start + _STRETCH_BYTES + 1)
        for name, nodes in cursor.captures(syntax.root).items():
            found[name].update((node.id, node) for node in nodes)
    brackets = (
        {}
        if is_cut
        else {
            node.start_byte + offset: sign
            for node in found["bracket"].values()
            if not node.is_missing
            for offset, sign in enumerate(node.type)
            if sign in OPENERS or sign in CLOSERS
        }
    )
    return _Found(
        errors=sorted(found["error"].values(), key=lambda node: (node.start_byte, -node.end_byte)),
        missing=sorted(found["missing"].values(), key=lambda node: node.start_byte),
        brackets=[Bracket(sign, byte) for byte, sign in sorted(brackets.items())],
        is_cut=is_cut,
    )


def _missing_faults(
    missing: "list[tree_sitter.Node]", loose: Unmatched, syntax: Syntax, places: Places
) -> list[_Fault]:
    """Tell what the parser had to put in; where a bracket is, it closes the nearest one left open before."""
    faults: list[_Fault] = []
    used: set[int] = set()
    for node in missing:
        start, end = _behind_what_is_there(node.start_byte, places.data)
        opener = _opener_for(node, loose, used)
        message = f"{_named(node.type)} is missing"
        if opener is not None:
            used.add(opener.byte)
            line = places.line_of(opener.byte)
            if line != places.line_of(start):
                # The parser went on until it had to give up; the bracket is where to look.
                faults.append(_Fault(start=opener.byte, end=opener.byte + 1, message=_never_closed(opener)))
                continue
            message += f": the `{opener.sign}` of line {line + 1} is never closed"
        faults.append(_Fault(start=start, end=end, message=message))
    return faults


def _never_closed(opener: Bracket) -> str:
    return f"this `{opener.sign}` is never closed"


def _opener_for(node: "tree_sitter.Node", loose: Unmatched, used: set[int]) -> Bracket | None:
    wanted = CLOSERS.get(node.type)
    candidates = [
        each for each in loose.openers if each.sign == wanted and each.byte < node.start_byte and each.byte not in used
    ]
    return candidates[-1] if candidates else None


def _bracket_faults(loose: Unmatched, faults: list[_Fault], places: Places) -> list[_Fault]:
    """Tell the brackets without a partner that no missing one explains."""
    explained = " ".join(fault.message for fault in faults)
    found = [
        _Fault(start=each.byte, end=each.byte + 1, message=_never_closed(each))
        for each in loose.openers
        if f"`{each.sign}` of line {places.line_of(each.byte) + 1} is never closed" not in explained
    ]
    found.extend(
        _Fault(
            start=each.byte,
            end=each.byte + 1,
            message=f"unexpected `{each.sign}`: there is no `{CLOSERS[each.sign]}` that it could close",
        )
        for each in loose.closers
    )
    return found


def _outermost(errors: "list[tree_sitter.Node]") -> "list[tree_sitter.Node]":
    """Leave out errors inside of others; an error that is nearly everything stands for those inside it."""
    kept: list[tree_sitter.Node] = []
    end = -1
    for node in errors:
        if node.start_byte >= end or node.end_byte > end:
            kept.append(node)
            end = node.end_byte
    return kept


def _is_explained(node: "tree_sitter.Node", faults: list[_Fault], loose: Unmatched) -> bool:
    """Tell whether what was told already is why the parser lost its way here."""
    if any(node.start_byte <= fault.start <= node.end_byte for fault in faults):
        return True
    # After a bracket that is never closed, nothing can be trusted.
    return any(opener.byte <= node.start_byte for opener in loose.openers)


def _error_fault(node: "tree_sitter.Node", syntax: Syntax, places: Places) -> _Fault:
    colon = _missing_colon(node, syntax, places)
    if colon is not None:
        return colon
    inner = next((child for child in node.children if child.type == "ERROR"), node)
    leaf = _leaf(inner, 0)
    unended = _unended(leaf, syntax, places)
    if unended is not None:
        return unended
    last = _leaf(node, node.child_count - 1)
    if inner is node and last.end_byte > leaf.end_byte:
        return _broken_off(leaf, last, syntax, places)
    if syntax.language.name == "html":
        return _unexpected(node.start_byte, node.end_byte, places)
    if places.data[leaf.start_byte : leaf.end_byte] in _WANT_MORE and _ends_here(leaf.end_byte, places.data):
        return _nothing_follows(leaf, places)
    return _unexpected(leaf.start_byte, max(leaf.end_byte, leaf.start_byte + 1), places)


def _missing_colon(node: "tree_sitter.Node", syntax: Syntax, places: Places) -> _Fault | None:
    """Tell of a line that has to end in a colon, and does not: the error's, or the one before it."""
    if syntax.language.name != "python":
        return None
    first = places.line_of(node.start_byte)
    for number in (first, first - 1):
        line = places.line(number).split(b"#")[0].rstrip() if number >= 0 else b""
        if _COLON_LINE.match(line) and not line.endswith((b":", b",", b"\\", b"(", b"[", b"{")) and b": " not in line:
            end = places.starts[number] + len(line)
            return _Fault(start=end - 1, end=end, message="`:` is missing")
    return None


def _unended(leaf: "tree_sitter.Node", syntax: Syntax, places: Places) -> _Fault | None:
    """Tell of a string or a comment that goes on to the end."""
    comment = syntax.language.block_comment
    rest = places.data[leaf.start_byte : leaf.start_byte + 4]
    if comment is not None and rest.startswith(comment[0].encode()):
        end = leaf.start_byte + len(comment[0])
        return _Fault(
            start=leaf.start_byte, end=end, message=f"this comment is never closed: `{comment[1]}` is missing"
        )
    for quote in (b'"""', b"'''", b'"', b"'", b"`"):
        if rest.startswith(quote):
            line_end = len(places.data) if len(quote) == 3 or quote == b"`" else _line_end(leaf.start_byte, places)
            if quote in places.data[leaf.start_byte + len(quote) : line_end]:
                return None
            start, sign = leaf.start_byte, quote.decode()
            return _Fault(
                start=start, end=start + len(quote), message=f"this string is never closed: {sign} is missing"
            )
    return None


def _line_end(byte: int, places: Places) -> int:
    number = places.line_of(byte)
    return places.starts[number] + len(places.line(number))


def _broken_off(leaf: "tree_sitter.Node", last: "tree_sitter.Node", syntax: Syntax, places: Places) -> _Fault:
    """Tell of something begun that what follows does not go on with."""
    if places.data[last.start_byte : last.end_byte] in _WANT_MORE and _ends_here(last.end_byte, places.data):
        return _nothing_follows(last, places)
    rest = places.data[last.end_byte :]
    blank = len(rest) - len(rest.lstrip())
    word = places.data[leaf.start_byte : leaf.end_byte]
    if blank == len(rest) and word.isalpha() and syntax.language.name == "ruby":
        message = f"this `{word.decode()}` has no `end`"
        return _Fault(start=leaf.start_byte, end=leaf.end_byte, message=message)
    if blank == len(rest) or b"\n" in rest[:blank] or b"\r" in rest[:blank]:
        where = "text" if blank == len(rest) else "line"
        return _Fault(start=last.start_byte, end=last.end_byte, message=f"unexpected end of the {where} after this")
    follows = _WORD.match(rest, blank)
    return _unexpected(last.end_byte + blank, last.end_byte + (follows.end() if follows else blank + 1), places)


def _nothing_follows(node: "tree_sitter.Node", places: Places) -> _Fault:
    sign = places.data[node.start_byte : node.end_byte].decode("utf-8", "replace")
    return _Fault(start=node.start_byte, end=node.end_byte, message=f"nothing follows this `{sign}`")


def _ends_here(byte: int, data: bytes) -> bool:
    """Tell whether a statement, a bracket or a line ends behind a place."""
    rest = data[byte : byte + 200].lstrip(b" \t")
    return not rest or rest[:1] in b";)]}\r\n"


def _unexpected(start: int, end: int, places: Places) -> _Fault:
    text = places.data[start:end].decode("utf-8", "replace")
    if "\0" in text:
        return _Fault(start=start, end=start + 1, message="unexpected NUL byte")
    quote = text.split("\n")[0].strip()
    shown = quote if len(quote) <= _LONGEST_QUOTE else quote[: _LONGEST_QUOTE - 1] + "…"
    message = f"unexpected `{shown}`" if shown else "this cannot be read"
    return _Fault(start=start, end=start + max(1, len(text.split("\n")[0].rstrip().encode())), message=message)


def _leaf(node: "tree_sitter.Node", index: int) -> "tree_sitter.Node":
    """Find the first word of a node, or the last one for any other index than 0."""
    current = node
    while current.child_count:
        child = current.child(0 if index == 0 else current.child_count - 1)
        assert child is not None
        current = child
    return current


def _behind_what_is_there(byte: int, data: bytes) -> tuple[int, int]:
    """Return the last character before a place, since a range without width cannot be seen."""
    end = len(data[:byte].rstrip())
    if end == 0:
        return 0, min(1, len(data))
    start = end - 1
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    return start, end


def _named(kind: str) -> str:
    if kind in _NAMES:
        return _NAMES[kind]
    if kind in OPENERS or not kind.replace("_", "").isalpha():
        return f"`{kind}`"
    return f"`{kind}`" if kind.islower() and "_" not in kind else kind.replace("_", " ").strip()

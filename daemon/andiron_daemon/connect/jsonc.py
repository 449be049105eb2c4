"""Values put into JSON with comments, every other character left where it is.

Comments and trailing commas are blanked, byte for byte; what is left is parsed for where things stand, and the text
is changed only there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andiron_daemon.connect.errors import ConnectError

if TYPE_CHECKING:
    from tree_sitter import Node

_Edit = tuple[int, int, bytes]


def merged(text: str, wanted: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """Put values into a document: tables into tables, rows of lists by their `name`, all else in place of what was.

    Raises:
        ConnectError: the text is no JSON, or holds something else where a table is wanted.
    """
    if not text.strip():
        return json.dumps(wanted, indent=2, ensure_ascii=False) + "\n"
    data = text.encode("utf-8")
    plain = _blanked(data)
    try:
        json.loads(plain)
    except ValueError as error:
        raise ConnectError(
            f"the file is no JSON: {error}", hint="Mend it, or put in by hand what is printed."
        ) from error
    root = next(node for node in _parsed(plain).named_children if node.type != "comment")
    unit = _indent_unit(text)
    for start, end, new in sorted(_edits(root, wanted, unit, 0, plain), reverse=True):
        data = data[:start] + new + data[end:]
    return data.decode("utf-8")


def _parsed(data: bytes) -> "Node":
    import tree_sitter
    import tree_sitter_json

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_json.language())).parse(data).root_node


def _edits(node: "Node", wanted: Any, unit: str, depth: int, plain: bytes) -> Iterator[_Edit]:
    """Yield what is to be changed for a value to stand in a node's place."""
    if isinstance(wanted, Mapping) and node.type == "object":
        yield from _edits_of_object(node, wanted, unit, depth, plain)
    elif _has_names(wanted) and node.type == "array":
        yield from _edits_of_array(node, wanted, unit, depth, plain)
    elif depth == 0:
        kind = "a table" if isinstance(wanted, Mapping) else "a list"
        raise ConnectError(f"the file does not hold {kind}", hint="Put in by hand what is printed.")
    elif json.loads(plain[node.start_byte : node.end_byte]) != wanted:
        yield node.start_byte, node.end_byte, _rendered(wanted, unit, depth)


def _edits_of_object(node: "Node", wanted: Mapping[str, Any], unit: str, depth: int, plain: bytes) -> Iterator[_Edit]:
    values = {
        json.loads(plain[key.start_byte : key.end_byte]): value
        for pair in node.named_children
        if pair.type == "pair"
        and (key := pair.child_by_field_name("key")) is not None
        and (value := pair.child_by_field_name("value")) is not None
    }
    added: list[bytes] = []
    for name, value in wanted.items():
        if name in values:
            yield from _edits(values[name], value, unit, depth + 1, plain)
        else:
            added.append(json.dumps(name).encode() + b": " + _rendered(value, unit, depth + 1))
    yield from _insertion(node, added, unit, depth, plain)


def _edits_of_array(
    node: "Node", wanted: Sequence[Mapping[str, Any]], unit: str, depth: int, plain: bytes
) -> Iterator[_Edit]:
    rows = {
        row.get("name"): child
        for child in node.named_children
        if child.type == "object" and isinstance(row := json.loads(plain[child.start_byte : child.end_byte]), dict)
    }
    added: list[bytes] = []
    for value in wanted:
        if value["name"] in rows:
            yield from _edits(rows[value["name"]], value, unit, depth + 1, plain)
        else:
            added.append(_rendered(value, unit, depth + 1))
    yield from _insertion(node, added, unit, depth, plain)


def _insertion(node: "Node", added: Sequence[bytes], unit: str, depth: int, plain: bytes) -> Iterator[_Edit]:
    """Put entries behind the last one, each on a line of its own."""
    if not added:
        return
    line = b"\n" + unit.encode() * (depth + 1)
    entries = line + (b"," + line).join(added)
    children = node.named_children
    closing = node.end_byte - 1
    if not children:
        yield closing, closing, entries + b"\n" + unit.encode() * depth
        return
    last = children[-1].end_byte
    # Directly behind the value, so that a comment after it stays the value's; a comma that is there stays too.
    yield last, last, b"," + entries


def _rendered(value: Any, unit: str, depth: int) -> bytes:
    text = json.dumps(value, indent=unit, ensure_ascii=False)
    return text.replace("\n", "\n" + unit * depth).encode()


def _has_names(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(row, Mapping) and "name" in row for row in value)
    )


def _indent_unit(text: str) -> str:
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if indent and line.strip():
            return "\t" if indent.startswith("\t") else indent
    return "  "


def _blanked(data: bytes) -> bytes:
    """Put spaces for comments and trailing commas."""
    plain = bytearray(data)
    place, comma = 0, -1
    while place < len(plain):
        start = place
        pair = bytes(plain[place : place + 2])
        if plain[place] == ord('"'):
            place = _end_of_text(plain, place)
            comma = -1
            continue
        if pair == b"//":
            place = _found(plain, b"\n", place)
        elif pair == b"/*":
            place = _found(plain, b"*/", place + 2) + 2
        else:
            if plain[place] in b"}]" and comma >= 0:
                plain[comma] = ord(" ")
            if not plain[place : place + 1].isspace():
                comma = place if plain[place] == ord(",") else -1
            place += 1
            continue
        plain[start:place] = bytes(10 if sign == 10 else 32 for sign in plain[start:place])
    return bytes(plain)


def _end_of_text(plain: bytearray, place: int) -> int:
    place += 1
    while place < len(plain) and plain[place] != ord('"'):
        place += 2 if plain[place] == ord("\\") else 1
    return place + 1


def _found(plain: bytearray, what: bytes, place: int) -> int:
    found = plain.find(what, place)
    return len(plain) if found < 0 else found

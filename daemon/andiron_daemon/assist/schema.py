"""Schemas made of structs, and answers read back into them.

One description serves three: the grammar of the local engine, OpenAI's structured outputs, and decoding. So
nothing but objects, arrays, enumerations and strings is used; what is bounded is the number of items, since a
grammar writes the length of a string out character by character. An answer that was cut at its longest length
is mended by closing what is open: what came whole counts.
"""

import json
import re
from typing import Any, TypeVar

import msgspec

Told = TypeVar("Told", bound=msgspec.Struct)

# No answer that is asked for nests deeper.
_DEEPEST = 16
# A string, also one without its end, or a bracket.
_SIGN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\]]', re.DOTALL)
_TITLES = ("title", "description", "default")


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of a struct, with everything in place and nothing optional."""
    whole = msgspec.json.schema(kind)
    definitions = whole.pop("$defs", {})
    plain: dict[str, Any] = _plain(whole, definitions)
    return plain


def read_answer(text: str, kind: type[Told]) -> Told | None:
    """Decode an answer, also one that broke off; None where nothing can be made of it."""
    for candidate in (text, _closed(text)):
        try:
            return msgspec.json.decode(candidate, type=kind)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            continue
    return None


def string_so_far(text: str, field: str) -> str:
    """Return what has come of a string field of an object that is still being written."""
    at = text.find(f'"{field}"')
    if at < 0:
        return ""
    start = text.find('"', at + len(field) + 2)
    if start < 0:
        return ""
    end = start + 1
    last_whole = end
    while end < len(text) and text[end] != '"':
        end += (6 if text[end + 1 : end + 2] == "u" else 2) if text[end] == "\\" else 1
        if end <= len(text):
            last_whole = end
    try:
        told: str = json.loads(text[start:last_whole] + '"', strict=False)
    except ValueError:
        return ""
    # Half a pair of surrogates may still become a character.
    return told.encode("utf-8", "ignore").decode("utf-8")


def _plain(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_plain(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    plain = {name: value for name, value in schema.items() if name not in _TITLES}
    if "properties" in plain:
        fields = {name: _plain(value, definitions) for name, value in plain["properties"].items()}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {name: _plain(value, definitions) for name, value in plain.items()}


def _closed(text: str) -> str:
    """Cut a broken JSON text behind its last whole value, and close what is open."""
    opened: list[str] = []
    best, closers = 0, ""
    for match in _SIGN.finditer(text):
        sign = match[0]
        if sign.startswith('"'):
            continue
        if sign in "{[":
            opened.append("}" if sign == "{" else "]")
        elif opened:
            opened.pop()
        else:
            break
        if len(opened) > _DEEPEST:
            break
        if sign != "{":
            best, closers = match.end(), "".join(reversed(opened))
    return text[:best] + closers

"""What a field of a body may be, for the error that says it is something else."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

_STEP = re.compile(r"\.?([^.\[\]]+)|\[[^\]]*\]")


def choices_at(kind: Any, path: str) -> tuple[str, ...]:
    """List the words that may stand at a path as msgspec tells it, `role` or `messages[...].role`.

    A field that has no fixed words, or a path that leads nowhere, has none.
    """
    kinds = [msgspec.inspect.type_info(kind)]
    for step in _STEP.finditer(path):
        kinds = [below for one in kinds for below in _below(one, step[1])]
    return tuple(dict.fromkeys(word for one in kinds for word in _words(one)))


def _below(kind: msgspec.inspect.Type, name: str | None) -> Iterator[msgspec.inspect.Type]:
    """Go down to a field, or without a name to what a collection holds."""
    match _plain(kind):
        case msgspec.inspect.UnionType(types=types):
            for one in types:
                yield from _below(one, name)
        case msgspec.inspect.StructType(fields=fields) if name is not None:
            yield from (field.type for field in fields if field.encode_name == name)
        case msgspec.inspect.CollectionType(item_type=item) | msgspec.inspect.DictType(value_type=item) if name is None:
            yield item


def _words(kind: msgspec.inspect.Type) -> Iterator[str]:
    match _plain(kind):
        case msgspec.inspect.UnionType(types=types):
            for one in types:
                yield from _words(one)
        case msgspec.inspect.LiteralType(values=values):
            yield from (str(value) for value in values)
        case msgspec.inspect.BoolType():
            yield from ("true", "false")


def _plain(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind

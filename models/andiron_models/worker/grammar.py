"""What a grammar or a schema may not be, told before llama.cpp meets it.

Its grammar parser calls itself for every open bracket and gives no reasons when it refuses; the converter of
schemas writes a rule out as often as a number says. Everything else is theirs to judge (see `engine`).
"""

import re
from typing import Any

from andiron_models.errors import InvalidRequestError
from andiron_models.types import Sampling

NESTING_LIMIT = 200
REPETITION_LIMIT = 2000
_COUNTS = ("maxItems", "maxLength", "minItems", "minLength")
_DATA = frozenset(("const", "default", "enum", "examples"))
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|#[^\n]*', re.DOTALL)


def check_grammar(sampling: Sampling) -> None:
    """Refuse a grammar or a schema that would harm the engine.

    Raises:
        InvalidRequestError: naming what is too much.
    """
    if sampling.grammar is not None:
        _check_source(sampling.grammar)
    if sampling.json_schema is not None:
        _check_schema(sampling.json_schema)


def _check_source(source: str) -> None:
    if not source.strip() or "\0" in source:
        raise InvalidRequestError("the grammar is empty or holds a NUL", hint="It must be GBNF text.")
    depth = deepest = 0
    for character in _QUOTED.sub("", source):
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > NESTING_LIMIT:
        raise InvalidRequestError(
            f"the grammar nests {deepest} brackets, more than {NESTING_LIMIT}", hint="Give the inner parts rules."
        )


def _check_schema(schema: dict[str, Any]) -> None:
    parts: list[Any] = [schema]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            for name in _COUNTS:
                count = part.get(name)
                if isinstance(count, int) and count > REPETITION_LIMIT:
                    raise InvalidRequestError(
                        f"{name} is {count}, more than {REPETITION_LIMIT}", hint="Lower it, or leave it out."
                    )
            parts += [value for name, value in part.items() if name not in _DATA]

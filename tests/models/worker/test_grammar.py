"""Grammars and schemas that would harm the engine are refused before it sees them."""

from typing import Any

import pytest

from andiron_models.errors import InvalidRequestError
from andiron_models.types import Sampling
from andiron_models.worker.grammar import NESTING_LIMIT, REPETITION_LIMIT, check_grammar


def _nested(depth: int) -> str:
    return "root ::= " + "(" * depth + '"a"' + ")" * depth


@pytest.mark.parametrize("source", ["", " \n", 'root ::= "a"\0 and more'])
def test_a_grammar_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_grammar(Sampling(grammar=source))
    assert caught.value.hint


def test_brackets_are_nested_only_so_deep() -> None:
    check_grammar(Sampling(grammar=_nested(NESTING_LIMIT)))
    with pytest.raises(InvalidRequestError, match="nests 201"):
        check_grammar(Sampling(grammar=_nested(NESTING_LIMIT + 1)))


@pytest.mark.parametrize("filler", ['"((("', "[(((]", r'"\"((("', r"[\](((]", "# ((((\n", '"[((("'])
def test_brackets_that_are_text_do_not_count(filler: str) -> None:
    check_grammar(Sampling(grammar="root ::= " + f"{filler} " * 200))


@pytest.mark.parametrize("name", ["maxLength", "minLength", "maxItems", "minItems"])
@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"properties": {"a": s}}, lambda s: {"anyOf": [{}, s]}])
def test_a_schema_repeats_only_so_often(name: str, wrap: Any) -> None:
    check_grammar(Sampling(json_schema=wrap({name: REPETITION_LIMIT})))
    with pytest.raises(InvalidRequestError, match=f"{name} is 1000000000") as caught:
        check_grammar(Sampling(json_schema=wrap({name: 10**9})))
    assert caught.value.hint


def test_a_property_or_a_value_of_such_a_name_is_no_count() -> None:
    check_grammar(Sampling(json_schema={"properties": {"maxLength": {"type": "integer"}}}))
    check_grammar(Sampling(json_schema={"enum": [{"maxLength": 10**9}]}))


def test_a_schema_of_any_depth_is_looked_through() -> None:
    schema: dict[str, Any] = {"maxItems": 10**9}
    for _ in range(5000):
        schema = {"items": schema}
    with pytest.raises(InvalidRequestError):
        check_grammar(Sampling(json_schema=schema))


def test_no_grammar_is_fine() -> None:
    check_grammar(Sampling())

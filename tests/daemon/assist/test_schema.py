import json
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andiron_daemon.assist.schema import read_answer, schema_of, string_so_far


class Item(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    kind: Literal["a", "b"]


class Items(msgspec.Struct, frozen=True, kw_only=True):
    items: Annotated[tuple[Item, ...], msgspec.Meta(max_length=3)]


def test_a_schema_has_everything_in_place_and_nothing_optional() -> None:
    item = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "kind": {"enum": ["a", "b"]}},
        "required": ["title", "kind"],
        "additionalProperties": False,
    }
    assert schema_of(Items) == {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item, "maxItems": 3}},
        "required": ["items"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "cut", ['{"items": [{"title": "x", "kind": "a"}, {"title": "y', '{"items": [{"title": "x", "kind": "a"}']
)
def test_of_an_answer_that_was_cut_the_whole_items_count(cut: str) -> None:
    answer = read_answer(cut, Items)
    assert answer is not None
    assert [item.title for item in answer.items] == ["x"]


@pytest.mark.parametrize("text", ["", "I will not", '{"items": 7}', "[" * 100_000, '{"items": [{"kind": "c"}]}', "}{"])
def test_an_answer_nothing_can_be_made_of_is_none(text: str) -> None:
    assert read_answer(text, Items) is None


@given(st.text(max_size=30), st.integers(0, 200))
def test_a_string_that_is_still_written_is_a_beginning_of_the_whole(text: str, cut: int) -> None:
    whole = json.dumps({"summary": "s", "explanation": text})
    assert text.encode("utf-8", "ignore").decode().startswith(string_so_far(whole[:cut], "explanation"))
    assert string_so_far(whole, "explanation") == text

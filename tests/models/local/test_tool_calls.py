"""Calls of tools read out of what a model writes."""

import json
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from andiron_models.errors import InvalidRequestError
from andiron_models.local.tool_calls import CallReader, with_call_required, with_calls
from andiron_models.types import ChatRequest, Delta, Finish, Message, Sampling, Timings, Tool, Usage

WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
CLOCK = Tool(name="clock")
TAGGED = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'


def read(*pieces: str) -> tuple[str, list[tuple[str, str]]]:
    reader = CallReader((WEATHER, CLOCK))
    told = [*map(reader.push, pieces), reader.finish()]
    calls = [(call.name, call.arguments) for _, found in told for call in found]
    return "".join(text for text, _ in told), calls


async def told_by(request: ChatRequest, *pieces: str) -> list[str]:
    """Name the calls a backend tells of an answer that comes in these pieces."""

    async def answer() -> AsyncGenerator[Delta, None]:
        for piece in pieces:
            yield Delta(backend="local", model="a", text=piece)
        yield Delta(backend="local", model="a", finish=Finish(reason="stop", usage=Usage(), timings=Timings()))

    return [call.name async for delta in with_calls(answer(), request) for call in delta.tool_calls]


ROME = ("weather", '{"city":"Rome"}')
CLOCK_CALL = '<tool_call>{"name": "clock"}'
CLOSED = f"{CLOCK_CALL}</tool_call>"


@pytest.mark.parametrize("pieces", [(TAGGED, CLOSED), (TAGGED + CLOSED,), (TAGGED, CLOCK_CALL)])
async def test_no_more_than_one_call_is_told_where_no_more_are_wanted(pieces: tuple[str, ...]) -> None:
    assert await told_by(a_request(), *pieces) == ["weather", "clock"]
    assert await told_by(a_request(parallel_tool_calls=False), *pieces) == ["weather"]


@pytest.mark.parametrize(
    "answer",
    [
        TAGGED,
        '{"name": "weather", "arguments": {"city": "Rome"}}',
        '```json\n{"name": "weather", "arguments": {"city": "Rome"}}\n```',
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}',
    ],
    ids=["tagged", "bare", "fenced", "unclosed"],
)
def test_a_call_is_found_however_it_is_written(answer: str) -> None:
    assert read(answer) == ("", [ROME])


def test_text_around_calls_stays_text() -> None:
    text, calls = read(f"Let me see.\n{TAGGED}\n<tool_call>", '{"name": "clock"}</tool_call>')
    assert (text, calls) == ("Let me see.", [ROME, ("clock", "{}")])


@pytest.mark.parametrize(
    "answer",
    [
        "There is no <tool here.",
        "<tool_call>not json</tool_call>",
        '<tool_call>{"name": "unknown", "arguments": {}}</tool_call>',
        '{"name": "Rome", "population": 3}',
        "```python\nprint(1)\n```",
        "{",
        "a < b",
    ],
)
def test_what_is_no_call_stays_text(answer: str) -> None:
    assert read(answer) == (answer, [])


def test_text_is_not_held_back_longer_than_it_may_be_a_call() -> None:
    reader = CallReader((WEATHER,))
    assert reader.push("Hello ")[0] == "Hello "
    assert reader.push("a <to")[0] == "a "
    assert reader.push("ken>")[0] == "<token>"


@given(
    some.lists(some.integers(1, 12), max_size=20), some.sampled_from([f"Yes. {TAGGED}", TAGGED, "no < <tool_call> x"])
)
def test_it_does_not_matter_how_an_answer_is_cut(sizes: list[int], answer: str) -> None:
    pieces, rest = [], answer
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert read(*pieces, rest) == read(answer)


def a_request(**more: object) -> ChatRequest:
    fields: dict[str, object] = {"tools": (WEATHER, CLOCK)} | more
    return ChatRequest(messages=(Message(role="user", content="Rome?"),), **fields)  # type: ignore[arg-type]  # test shorthand


def test_a_required_call_leaves_nothing_else_to_write() -> None:
    schema = with_call_required(a_request(tool_choice="weather")).sampling.json_schema
    assert schema is not None
    assert schema["properties"]["name"] == {"const": "weather"}
    either = with_call_required(a_request(tool_choice="required")).sampling.json_schema
    assert [part["properties"]["name"]["const"] for part in (either or {})["anyOf"]] == ["weather", "clock"]
    assert json.dumps(schema)


def test_without_tools_or_need_a_request_stays_as_it_is() -> None:
    for request in (a_request(), a_request(tools=(), tool_choice="required")):
        assert with_call_required(request) is request


def test_a_choice_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="no tool 'umbrella'"):
        with_call_required(a_request(tool_choice="umbrella"))


def test_a_required_call_and_a_schema_exclude_each_other() -> None:
    with pytest.raises(InvalidRequestError, match="exclude each other"):
        with_call_required(a_request(tool_choice="required", sampling=Sampling(json_schema={"type": "object"})))

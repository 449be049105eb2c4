"""Tools, calls of them and images on their way to OpenAI and back."""

from types import SimpleNamespace
from typing import Any

import pytest

from andiron_models.openai.wire import Answer, chat_arguments
from andiron_models.types import Message, Sampling, Tool, ToolCall

CALL = ToolCall(id="call_1", name="weather", arguments='{"city":"Rome"}')
WEATHER = Tool(name="weather", description="of a city", parameters={"type": "object"})
ROME = Message(role="user", content="Rome?")


def arguments(*messages: Message, **more: Any) -> dict[str, Any]:
    return chat_arguments(messages or (ROME,), "stub-1", 9, Sampling(), is_openai=True, **more)


def test_a_plain_message_is_sent_plainly() -> None:
    sent = arguments()
    assert sent["messages"] == [{"role": "user", "content": "Rome?"}]
    assert "tools" not in sent


def test_calls_and_their_results_are_sent_as_turns() -> None:
    sent = arguments(
        ROME,
        Message(role="assistant", content="", tool_calls=(CALL,)),
        Message(role="tool", content="rain", tool_call_id="call_1"),
    )["messages"]
    function = {"name": "weather", "arguments": '{"city":"Rome"}'}
    assert sent[1]["tool_calls"] == [{"id": "call_1", "type": "function", "function": function}]
    assert sent[2] == {"role": "tool", "content": "rain", "tool_call_id": "call_1"}


def test_images_are_parts_behind_the_text() -> None:
    (message,) = arguments(Message(role="user", content="What is it?", images=("data:x",)))["messages"]
    assert message["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:x"}},
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ("weather", {"type": "function", "function": {"name": "weather"}}),
    ],
)
def test_tools_are_sent_with_the_choice_among_them(choice: str, sent: Any) -> None:
    asked = arguments(tools=(WEATHER,), tool_choice=choice)
    function = {"name": "weather", "description": "of a city", "parameters": {"type": "object"}}
    assert asked["tools"] == [{"type": "function", "function": function}]
    assert asked["tool_choice"] == sent


def test_one_call_at_most_is_asked_for_only_where_it_was() -> None:
    assert "parallel_tool_calls" not in arguments(tools=(WEATHER,))
    assert arguments(tools=(WEATHER,), parallel_tool_calls=False)["parallel_tool_calls"] is False
    assert "parallel_tool_calls" not in arguments(parallel_tool_calls=False)


def chunk(*pieces: Any, finish: str | None = None) -> Any:
    delta = SimpleNamespace(content=None, refusal=None, tool_calls=list(pieces) or None)
    return SimpleNamespace(usage=None, choices=[SimpleNamespace(delta=delta, finish_reason=finish, logprobs=None)])


def piece(index: int, **fields: Any) -> Any:
    function = SimpleNamespace(name=fields.get("name"), arguments=fields.get("arguments"))
    return SimpleNamespace(index=index, id=fields.get("id"), function=function)


def test_a_call_that_comes_in_pieces_is_whole_at_the_end() -> None:
    answer = Answer("the stub")
    answer.take(chunk(piece(0, id="call_1", name="weather", arguments="")))
    answer.take(chunk(piece(0, arguments='{"city":'), piece(1, id="call_2", name="clock", arguments="{}")))
    assert answer.take(chunk(piece(0, arguments='"Rome"}'), finish="tool_calls")) == ("", ())
    assert answer.calls() == (CALL, ToolCall(id="call_2", name="clock", arguments="{}"))
    assert answer.reason() == "stop"

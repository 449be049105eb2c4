"""OpenAI's own client against `/v1`: whatever it reads, it must find."""

import asyncio
import base64
import struct
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from andiron_models.errors import BackendUnavailableError, ContextTooLongError, RateLimitedError
from andiron_models.types import ChatRequest, ToolCall
from andiron_testing.daemons import TOKEN
from andiron_testing.dialects import Place

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
UMBRELLA = {"type": "function", "function": {"name": "umbrella"}}
CALL = ToolCall(id="call_1", name="weather", arguments='{"city":"Rome"}')


@pytest.fixture
async def client(place: Place) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{place.url}/v1", api_key=TOKEN, max_retries=0) as made:
        yield made


def chat_asked(place: Place, number: int = -1) -> ChatRequest:
    asked = place.backend.requests[number]
    assert isinstance(asked, ChatRequest)
    return asked


async def test_models_are_listed_and_found(client: openai.AsyncOpenAI) -> None:
    models = [model async for model in client.models.list()]
    assert [(model.id, model.object) for model in models] == [("scripted-1", "model")]
    assert (await client.models.retrieve("scripted-1")).created > 0
    with pytest.raises(openai.NotFoundError) as caught:
        await client.models.retrieve("gpt-9")
    assert (caught.value.code, caught.value.type) == ("model_not_found", "not_found_error")


async def test_a_chat_is_answered_with_everything_the_client_reads(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue("Good day")
    answer = await client.chat.completions.create(
        model="scripted-1",
        messages=[{"role": "developer", "content": "Be kind."}, *HELLO],
        temperature=0.5,
        top_p=0.8,
        seed=7,
        stop=["\n\n", "END"],
        max_completion_tokens=50,
        frequency_penalty=0.1,
    )
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content == "Good day"
    assert (answer.choices[0].message.role, answer.choices[0].finish_reason) == ("assistant", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    asked = chat_asked(place)
    assert [(message.role, message.content) for message in asked.messages] == [
        ("system", "Be kind."),
        ("user", "Hello"),
    ]
    sampling = asked.sampling
    assert (sampling.temperature, sampling.top_p, sampling.seed, sampling.stop) == (0.5, 0.8, 7, ("\n\n", "END"))
    assert (sampling.frequency_penalty, asked.max_tokens) == (0.1, 50)


async def test_a_stream_is_role_text_end_and_usage(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue("one two three")
    stream = await client.chat.completions.create(
        model="scripted-1", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two three"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-2:] == [None, "stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3
    assert len({chunk.id for chunk in chunks}) == 1


async def test_several_answers_come_side_by_side(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue("a b", "c d")
    answer = await client.chat.completions.create(model="scripted-1", messages=HELLO, n=2, seed=3)
    assert sorted(choice.message.content or "" for choice in answer.choices) == ["a b", "c d"]
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert sorted(chat_asked(place, number).sampling.seed or 0 for number in (0, 1)) == [3, 4]
    place.backend.enqueue("a b", "c d")
    stream = await client.chat.completions.create(model="scripted-1", messages=HELLO, n=2, stream=True)
    texts = {0: "", 1: ""}
    async for chunk in stream:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert sorted(texts.values()) == ["a b", "c d"]


async def test_a_tool_is_called_and_its_result_comes_back(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue([CALL], "It rains.")
    answer = await client.chat.completions.create(model="scripted-1", messages=HELLO, tools=[WEATHER])
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    call: Any = choice.message.tool_calls[0]
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Rome"}')
    said: Any = choice.message.model_dump(exclude_none=True)
    result: ChatCompletionMessageParam = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    again = await client.chat.completions.create(
        model="scripted-1", messages=[*HELLO, said, result], tools=[WEATHER], tool_choice="auto"
    )
    assert again.choices[0].message.content == "It rains."
    asked = chat_asked(place)
    assert [tool.name for tool in asked.tools] == ["weather"]
    assert asked.messages[1].tool_calls == (CALL,)
    assert (asked.messages[2].role, asked.messages[2].tool_call_id) == ("tool", "call_1")


async def test_a_streamed_tool_call_is_whole_and_ends_the_answer(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue(["Let me see. ", CALL, CALL])
    async with client.chat.completions.stream(model="scripted-1", messages=HELLO, tools=[WEATHER]) as stream:
        async for _ in stream:
            pass
        final = await stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    assert calls is not None
    assert [call.function.name for call in calls] == ["weather", "weather"]
    assert (final.choices[0].message.content, final.choices[0].finish_reason) == ("Let me see. ", "tool_calls")


@pytest.mark.parametrize(
    ("choice", "tools", "word"),
    [
        ("none", [], "auto"),
        ("required", ["weather"], "required"),
        ({"type": "function", "function": {"name": "weather"}}, ["weather"], "weather"),
    ],
)
async def test_the_choice_of_tools_is_passed_on(
    client: openai.AsyncOpenAI, place: Place, choice: Any, tools: list[str], word: str
) -> None:
    await client.chat.completions.create(model="scripted-1", messages=HELLO, tools=[WEATHER], tool_choice=choice)
    asked = chat_asked(place)
    assert ([tool.name for tool in asked.tools], asked.tool_choice) == (tools, word)


@pytest.mark.parametrize(("given", "passed_on"), [({}, True), ({"parallel_tool_calls": False}, False)])
async def test_whether_several_calls_are_wanted_is_passed_on(
    client: openai.AsyncOpenAI, place: Place, given: dict[str, Any], passed_on: bool
) -> None:
    await client.chat.completions.create(model="scripted-1", messages=HELLO, tools=[WEATHER], **given)
    assert chat_asked(place).parallel_tool_calls is passed_on
    response = await client.responses.create(model="scripted-1", input="hello", **given)
    assert chat_asked(place).parallel_tool_calls is response.parallel_tool_calls is passed_on


async def test_a_bias_of_tokens_reaches_the_backend(client: openai.AsyncOpenAI, place: Place) -> None:
    await client.chat.completions.create(model="scripted-1", messages=HELLO, logit_bias={"7": -100})
    assert chat_asked(place).sampling.logit_bias == {7: -100}


@pytest.mark.parametrize(("choice", "given"), [("auto", {}), ("none", {}), ("none", {"tools": [WEATHER]})])
async def test_a_choice_that_asks_for_no_call_needs_no_tools(
    client: openai.AsyncOpenAI, place: Place, choice: Any, given: dict[str, Any]
) -> None:
    await client.chat.completions.create(model="scripted-1", messages=HELLO, tool_choice=choice, **given)
    assert (chat_asked(place).tools, chat_asked(place).tool_choice) == ((), "auto")


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array"}}}, {"type": "array"}),
    ],
)
async def test_the_form_of_the_answer_is_a_schema(
    client: openai.AsyncOpenAI, place: Place, form: Any, schema: dict[str, str] | None
) -> None:
    await client.chat.completions.create(model="scripted-1", messages=HELLO, response_format=form)
    assert chat_asked(place).sampling.json_schema == schema


async def test_images_are_passed_on(client: openai.AsyncOpenAI, place: Place) -> None:
    parts: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    await client.chat.completions.create(model="scripted-1", messages=[{"role": "user", "content": parts}])
    message = chat_asked(place).messages[0]
    assert (message.content, message.images) == ("What is it?", ("data:x",))


async def test_a_conversation_keeps_its_place_while_it_grows(client: openai.AsyncOpenAI, place: Place) -> None:
    await client.chat.completions.create(model="scripted-1", messages=HELLO)
    grown: list[ChatCompletionMessageParam] = [
        *HELLO,
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "More"},
    ]
    await client.chat.completions.create(model="scripted-1", messages=grown)
    await client.chat.completions.create(model="scripted-1", messages=[{"role": "user", "content": "Other"}])
    first, second, third = (chat_asked(place, number).place for number in range(3))
    assert first == second != third


async def test_a_client_that_leaves_cancels_its_answer(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue(["first", asyncio.Event()])
    stream = await client.chat.completions.create(model="scripted-1", messages=HELLO, stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    await stream.close()
    await place.backend.was_cancelled()


async def test_a_text_is_continued(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue(" upon a time")
    answer = await client.completions.create(model="scripted-1", prompt="Once", echo=True, max_tokens=9)
    assert (answer.object, answer.choices[0].text) == ("text_completion", "Once upon a time")
    assert answer.usage is not None
    assert (place.backend.texts[0].prompt, place.backend.texts[0].max_tokens) == ("Once", 9)
    place.backend.enqueue("x", "y")
    several = await client.completions.create(model="scripted-1", prompt=["a", "b"])
    assert [choice.index for choice in several.choices] == [0, 1]
    tokens = await client.completions.create(model="scripted-1", prompt=[72, 105])
    assert tokens.choices[0].text.startswith("You said: Hi")


async def test_a_suffix_makes_a_gap_of_a_prompt(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue("a + b")
    answer = await client.completions.create(
        model="scripted-1", prompt="def add(a, b):\n    return ", suffix="\n\nprint(add(1, 2))\n"
    )
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("a + b", "stop")
    place.backend.enqueue("a * b")
    stream = await client.completions.create(model="scripted-1", prompt="x = ", suffix="\n", stream=True)
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].text for chunk in chunks) == "a * b"
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_vectors_come_as_floats_and_in_base64(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="scripted-1", input=["aab", "c"])
    assert [row.embedding for row in answer.data] == [[3.0, 2.0], [1.0, 0.0]]
    assert answer.usage.prompt_tokens == 2
    raw: Any = await client.embeddings.create(model="scripted-1", input="aab", encoding_format="base64")
    assert struct.unpack("<2f", base64.b64decode(raw.data[0].embedding)) == (3.0, 2.0)


async def test_a_response_is_answered(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue("Good day")
    answer = await client.responses.create(model="scripted-1", input="Hello", instructions="Be kind.")
    assert (answer.output_text, answer.status) == ("Good day", "completed")
    assert answer.usage is not None
    assert answer.usage.output_tokens == 2
    assert [message.role for message in chat_asked(place).messages] == ["system", "user"]


async def test_the_events_of_a_response_come_in_their_order(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue("one two")
    stream = await client.responses.create(model="scripted-1", input="Hello", stream=True)
    events = [event async for event in stream]
    assert [event.type.removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event.sequence_number for event in events] == list(range(10))


async def test_a_response_calls_functions_and_takes_their_results(client: openai.AsyncOpenAI, place: Place) -> None:
    function: Any = {"type": "function", **WEATHER["function"], "strict": False}
    place.backend.enqueue([CALL])
    async with client.responses.stream(model="scripted-1", input="Rome?", tools=[function]) as stream:
        async for _ in stream:
            pass
        final = await stream.get_final_response()
    call = final.output[0]
    assert call.type == "function_call"
    assert (call.call_id, call.arguments) == ("call_1", '{"city":"Rome"}')
    await client.responses.create(
        model="scripted-1",
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "Rome?"}]},
            {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
        ],
    )
    assert [message.role for message in chat_asked(place).messages] == ["user", "assistant", "tool"]


async def test_a_wrong_key_is_an_authentication_error(place: Place) -> None:
    async with openai.AsyncOpenAI(base_url=f"{place.url}/v1", api_key="wrong", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as caught:
            await stranger.models.list()
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("failure", "expected", "code"),
    [
        (ContextTooLongError("too long"), openai.BadRequestError, "context_length_exceeded"),
        (RateLimitedError("slow down"), openai.RateLimitError, "rate_limited"),
        (BackendUnavailableError("gone"), openai.InternalServerError, "backend_unavailable"),
    ],
)
async def test_failures_are_the_clients_own(
    client: openai.AsyncOpenAI, place: Place, failure: Any, expected: type[openai.APIStatusError], code: str
) -> None:
    place.backend.enqueue(failure)
    with pytest.raises(expected) as caught:
        await client.chat.completions.create(model="scripted-1", messages=HELLO)
    assert caught.value.code == code
    assert failure.message in caught.value.message


async def test_a_failure_in_a_stream_is_raised_there(client: openai.AsyncOpenAI, place: Place) -> None:
    place.backend.enqueue(["first", BackendUnavailableError("gone")])
    stream = await client.chat.completions.create(model="scripted-1", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match="gone"):
        async for _ in stream:
            pass


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": HELLO, "n": 99}, "n"),
        ({"messages": HELLO, "temperature": 99}, "temperature"),
        ({"messages": HELLO, "tool_choice": "perhaps"}, "tool_choice"),
        ({"messages": HELLO, "tool_choice": "required"}, "tool_choice"),
        ({"messages": HELLO, "tool_choice": UMBRELLA}, "tool_choice"),
        ({"messages": HELLO, "tools": [WEATHER], "tool_choice": UMBRELLA}, "tool_choice"),
        ({"messages": HELLO, "logit_bias": {"7": 101}}, "logit_bias"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content"),
    ],
)
async def test_what_cannot_be_meant_names_its_field(
    client: openai.AsyncOpenAI, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="scripted-1", **body)
    assert (caught.value.type, caught.value.param) == ("invalid_request_error", param)

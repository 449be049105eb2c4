"""Ollama's own client against `/api`: whatever it reads, it must find."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import ollama
import pytest

from andiron_models.errors import BackendUnavailableError
from andiron_models.types import ChatRequest, ToolCall
from andiron_testing.daemons import TOKEN
from andiron_testing.dialects import Place

HELLO = [{"role": "user", "content": "Hello"}]
CALL = ToolCall(id="call_1", name="weather", arguments='{"city":"Rome"}')
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@pytest.fixture
async def client(place: Place) -> AsyncIterator[ollama.AsyncClient]:
    made = ollama.AsyncClient(host=place.url, headers={"Authorization": f"Bearer {TOKEN}"})
    yield made
    inner: httpx.AsyncClient = made._client  # noqa: SLF001 -- it has no way to be closed
    await inner.aclose()


async def test_models_are_listed_and_shown(client: ollama.AsyncClient) -> None:
    listed = (await client.list()).models
    assert [model.model for model in listed] == ["scripted-1:latest"]
    for name in ("scripted-1", "scripted-1:latest"):
        shown = await client.show(name)
        assert shown.capabilities == ["completion", "insert"]
        assert shown.template is not None
        assert ".Suffix" in shown.template
        assert shown.modelinfo is not None
        assert shown.modelinfo["unknown.context_length"] == 4096
        assert shown.parameters == "num_ctx 4096"


async def test_what_is_in_memory_is_listed(client: ollama.AsyncClient) -> None:
    running = (await client.ps()).models
    assert [(model.model, model.context_length) for model in running] == [("scripted-1:latest", 4096)]
    assert running[0].expires_at is not None


async def test_a_chat_is_answered_and_counted(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue("Good day")
    options = {"temperature": 0.5, "num_predict": 9, "stop": ["END"], "seed": 3, "top_k": 5}
    answer = await client.chat("scripted-1", HELLO, options=options)
    assert (answer.message.role, answer.message.content) == ("assistant", "Good day")
    assert (answer.done, answer.done_reason, answer.eval_count, answer.prompt_eval_count) == (True, "stop", 2, 1)
    assert answer.total_duration is not None
    asked = place.backend.requests[0]
    assert isinstance(asked, ChatRequest)
    sampling = asked.sampling
    assert (sampling.temperature, sampling.stop, sampling.seed, sampling.top_k) == (0.5, ("END",), 3, 5)
    assert asked.max_tokens == 9


async def test_a_chat_comes_in_pieces(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue("one two three")
    parts = [part async for part in await client.chat("scripted-1", HELLO, stream=True)]
    assert "".join(part.message.content or "" for part in parts) == "one two three"
    assert [part.done for part in parts] == [False, False, False, True]


async def test_tools_are_called_with_objects(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue([CALL], "It rains.")
    answer = await client.chat("scripted-1", HELLO, tools=[WEATHER])
    assert answer.message.tool_calls is not None
    function = answer.message.tool_calls[0].function
    assert (function.name, function.arguments) == ("weather", {"city": "Rome"})
    said: list[Any] = [*HELLO, answer.message, {"role": "tool", "tool_name": "weather", "content": "rain"}]
    await client.chat("scripted-1", said, tools=[WEATHER])
    asked = place.backend.requests[1]
    assert isinstance(asked, ChatRequest)
    assert asked.messages[1].tool_calls[0].arguments == '{"city":"Rome"}'
    assert asked.messages[2].tool_call_id == asked.messages[1].tool_calls[0].id


@pytest.mark.parametrize(("form", "schema"), [("json", {"type": "object"}), ({"type": "array"}, {"type": "array"})])
async def test_a_format_is_a_schema(client: ollama.AsyncClient, place: Place, form: Any, schema: Any) -> None:
    await client.generate("scripted-1", "A pet", format=form)
    assert place.backend.requests[0].sampling.json_schema == schema


async def test_a_prompt_is_a_chat_unless_it_is_raw(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue("chatted", "continued")
    assert (await client.generate("scripted-1", "Hello", system="Be kind.")).response == "chatted"
    asked = place.backend.requests[0]
    assert isinstance(asked, ChatRequest)
    assert [message.role for message in asked.messages] == ["system", "user"]
    assert (await client.generate("scripted-1", "Once", raw=True)).response == "continued"
    assert [text.prompt for text in place.backend.texts] == ["Once"]


async def test_a_suffix_makes_a_gap(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue("a + b")
    answer = await client.generate("scripted-1", "def add(a, b):\n    return ", suffix="\n\nprint(add(1, 2))\n")
    assert (answer.response, answer.done_reason) == ("a + b", "stop")
    place.backend.enqueue("a - b")
    raw = "<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"
    parts = [part async for part in await client.generate("scripted-1", raw, raw=True, stream=True)]
    assert "".join(part.response or "" for part in parts) == "a - b"
    assert not place.backend.texts


async def test_texts_are_embedded_both_ways(client: ollama.AsyncClient) -> None:
    assert (await client.embed("scripted-1", ["aab", "c"])).embeddings == [[3.0, 2.0], [1.0, 0.0]]
    assert (await client.embed("scripted-1", "x" * 2000)).embeddings == [[2000.0, 0.0]]
    with pytest.raises(ollama.ResponseError, match="too long"):
        await client.embed("scripted-1", "x" * 2000, truncate=False)
    assert (await client.embeddings("scripted-1", "aab")).embedding == [3.0, 2.0]


async def test_pulling_what_is_here_is_a_success(client: ollama.AsyncClient) -> None:
    assert [part.status async for part in await client.pull("scripted-1", stream=True)][-1] == "success"
    assert (await client.pull("scripted-1:latest")).status == "success"


async def test_an_unknown_model_is_not_found(client: ollama.AsyncClient) -> None:
    for ask in (client.chat("gpt-9", HELLO), client.show("gpt-9"), client.pull("gpt-9"), client.delete("gpt-9")):
        with pytest.raises(ollama.ResponseError, match="model 'gpt-9' not found") as caught:
            await ask
        assert caught.value.status_code == 404


async def test_failures_are_sentences(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue(BackendUnavailableError("gone", hint="Wait."))
    with pytest.raises(ollama.ResponseError, match="gone") as caught:
        await client.chat("scripted-1", HELLO)
    assert caught.value.status_code == 503
    place.backend.enqueue(["first", BackendUnavailableError("lost")])
    with pytest.raises(ollama.ResponseError, match="lost"):
        async for _ in await client.chat("scripted-1", HELLO, stream=True):
            pass


async def test_a_client_that_leaves_cancels_its_answer(client: ollama.AsyncClient, place: Place) -> None:
    place.backend.enqueue(["first", asyncio.Event()])
    stream: Any = await client.chat("scripted-1", HELLO, stream=True)
    assert (await anext(stream)).message.content == "first"
    await stream.aclose()
    await place.backend.was_cancelled()

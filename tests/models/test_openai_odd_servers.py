"""The OpenAI backend and servers that answer oddly: what they send neither leads elsewhere nor breaks anything here."""

import json
from typing import Any

import pytest

from andiron_models.configuration import OpenAIConfiguration
from andiron_models.errors import BackendUnavailableError, ModelError
from andiron_models.openai import OpenAIBackend
from andiron_models.openai.connection import Connection
from andiron_models.openai.wire import LONGEST_ANSWER_CHARACTERS
from andiron_models.types import ChatRequest, Delta, Message, Usage
from andiron_testing.openai_stub import OpenAIStub, Reply, openai_stub

CHAT = ChatRequest(messages=(Message(role="user", content="hello"),))


def events(*chunks: dict[str, Any]) -> Reply:
    """Make a reply of chunks as they are given."""
    return Reply(raw="".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n")


def piece(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


async def deltas_of(stub: OpenAIStub, *replies: Reply) -> list[Delta]:
    """Have one chat answered with a reply."""
    stub.enqueue(*replies)
    configuration = OpenAIConfiguration(api_key="sk-secret", base_url=stub.base_url, model="stub-1")
    backend = OpenAIBackend(configuration, Connection(configuration), grace_seconds=0.5)
    try:
        return [delta async for delta in backend.chat(CHAT)]
    finally:
        await backend.aclose()


async def text_of(*replies: Reply) -> str:
    async with openai_stub() as stub:
        return "".join(delta.text for delta in await deltas_of(stub, *replies))


async def error_of(*replies: Reply) -> ModelError:
    async with openai_stub() as stub:
        with pytest.raises(ModelError) as caught:
            await deltas_of(stub, *replies)
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_server_that_points_elsewhere_is_not_followed(status: int) -> None:
    async with openai_stub() as elsewhere, openai_stub() as stub:
        location = {"Location": f"{elsewhere.base_url}/chat/completions"}
        with pytest.raises(BackendUnavailableError) as caught:
            await deltas_of(stub, Reply(status=status, error="", headers=location))
        assert elsewhere.requests == []
        assert "points elsewhere" in caught.value.message
        assert elsewhere.base_url.removesuffix("/v1") in caught.value.message
        assert "OPENAI_BASE_URL" in (caught.value.hint or "")


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
async def test_what_is_no_stream_is_named(kind: str) -> None:
    error = await error_of(Reply(raw='{"hello": 1}', raw_type=kind))
    assert isinstance(error, BackendUnavailableError)
    assert kind in error.message
    assert "OPENAI_BASE_URL" in (error.hint or "")


async def test_a_stream_that_is_held_open_behind_its_answer_is_ended_from_here() -> None:
    async with openai_stub() as stub:
        *_, last = await deltas_of(stub, Reply(ending="held"))
        await stub.disconnected()
    assert last.finish is not None
    assert (last.finish.reason, last.finish.usage.completion_tokens) == ("stop", 2)


async def test_a_character_that_comes_in_halves_is_put_together() -> None:
    assert await text_of(events(piece(content="a\ud83d"), piece(content="\ude00b"), piece("stop"))) == "a😀b"


async def test_half_a_character_becomes_a_replacement() -> None:
    assert await text_of(events(piece(content="a\udc00b"), piece(content="c\ud83d"), piece("stop"))) == "a�bc�"


async def test_halves_in_the_calls_of_tools_are_mended_too() -> None:
    function = {"name": "look", "arguments": '{"at": "\ud83d"}'}
    call = {"index": 0, "id": "1", "function": function}
    async with openai_stub() as stub:
        deltas = await deltas_of(stub, events(piece(tool_calls=[call]), piece("tool_calls")))
    calls = [call for delta in deltas for call in delta.tool_calls]
    assert [call.arguments for call in calls] == ['{"at": "�"}']


async def test_calls_without_a_number_are_told_apart_by_their_ids() -> None:
    first = {"id": "1", "function": {"name": "look", "arguments": "{"}}
    more = {"function": {"arguments": "}"}}
    second = {"id": "2", "function": {"name": "listen", "arguments": "{}"}}
    async with openai_stub() as stub:
        chunks = [piece(tool_calls=[call]) for call in (first, more, second)]
        deltas = await deltas_of(stub, events(*chunks, piece("tool_calls")))
    calls = [call for delta in deltas for call in delta.tool_calls]
    assert [(call.id, call.name, call.arguments) for call in calls] == [("1", "look", "{}"), ("2", "listen", "{}")]


@pytest.mark.parametrize("counted", [-5, "many", 10**30, None, 2.5])
async def test_a_count_that_is_none_is_zero(counted: Any) -> None:
    usage = {"prompt_tokens": counted, "completion_tokens": 3}
    async with openai_stub() as stub:
        deltas = await deltas_of(stub, events(piece("stop", content="hi") | {"usage": usage}))
    assert deltas[-1].finish is not None
    assert deltas[-1].finish.usage == Usage(completion_tokens=3)


@pytest.mark.parametrize(
    "delta", [{"content": ["a"]}, {"content": {"text": "a"}}, {"content": 5}, {"tool_calls": 5}, {"tool_calls": ["a"]}]
)
async def test_a_piece_that_is_no_text_cannot_be_read(delta: dict[str, Any]) -> None:
    error = await error_of(events(piece(**delta), piece("stop")))
    assert isinstance(error, BackendUnavailableError)
    assert "cannot be read" in error.message


async def test_an_answer_without_end_is_ended() -> None:
    part = "a" * (LONGEST_ANSWER_CHARACTERS // 4)
    error = await error_of(Reply(pieces=(part,) * 5))
    assert isinstance(error, BackendUnavailableError)
    assert str(LONGEST_ANSWER_CHARACTERS) in error.message


async def test_an_answer_that_was_over_when_the_connection_broke_is_an_answer() -> None:
    async with openai_stub() as stub:
        whole = piece("stop", content="hi")
        deltas = await deltas_of(stub, Reply(raw=f"data: {json.dumps(whole)}\n\ndata: {{oops\n\n"))
    assert "".join(delta.text for delta in deltas) == "hi"
    assert deltas[-1].finish is not None

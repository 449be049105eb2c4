"""The OpenAI backend over the real SDK and a stub of the server."""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from andiron_models.configuration import OpenAIConfiguration
from andiron_models.errors import (
    BackendUnavailableError,
    ContextTooLongError,
    DeadlineError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    NotConfiguredError,
    RateLimitedError,
)
from andiron_models.openai import OpenAIBackend
from andiron_models.openai.connection import Connection
from andiron_models.types import ChatRequest, Delta, Finish, Message, Sampling
from andiron_testing.openai_stub import OpenAIStub, Reply, failure, openai_stub

KEY = "sk-a-very-secret-key"
CHAT = ChatRequest(messages=(Message(role="system", content="Be brief."), Message(role="user", content="hello")))


@dataclass
class Cloud:
    """A backend, the stub it talks to, and the pauses it asked for instead of making them."""

    stub: OpenAIStub
    pauses: list[float] = field(default_factory=list)

    def backend(self, **more: Any) -> OpenAIBackend:
        values = {"api_key": KEY, "base_url": self.stub.base_url, "model": "stub-1"} | more
        configuration = OpenAIConfiguration(**values)
        return OpenAIBackend(configuration, Connection(configuration, read_key=no_key, sleep=self.pause))

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def no_key(user: str) -> str | None:
    return None


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with openai_stub(key=KEY) as stub:
        yield Cloud(stub)


async def answered(backend: OpenAIBackend, request: ChatRequest = CHAT) -> tuple[str, Finish]:
    """Read one answer and close the backend."""
    try:
        deltas = [delta async for delta in backend.chat(request)]
    finally:
        await backend.aclose()
    assert deltas[-1].finish is not None
    return "".join(delta.text for delta in deltas), deltas[-1].finish


async def failed(backend: OpenAIBackend, request: ChatRequest = CHAT) -> ModelError:
    """Read an answer that must fail."""
    with pytest.raises(ModelError) as caught:
        await answered(backend, request)
    return caught.value


async def test_a_request_carries_the_key_the_messages_and_the_limits(cloud: Cloud) -> None:
    tuned = Sampling(temperature=0.5, top_p=0.9, seed=3, stop=("END",), top_k=40, logit_bias={50256: -100.0})
    sampling = msgspec.structs.replace(tuned, logprobs=2, json_schema={"a": 1})
    request = ChatRequest(messages=CHAT.messages, max_tokens=9000, sampling=sampling)
    await answered(cloud.backend(max_tokens=100), request)
    [seen] = cloud.stub.requests
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.body == {
        "model": "stub-1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "max_tokens": 100,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 3,
        "stop": ["END"],
        "logit_bias": {"50256": -100.0},
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"a": 1}}},
    }


async def test_an_answer_has_the_servers_text_and_its_count_of_tokens(cloud: Cloud) -> None:
    counted = {"prompt_tokens": 30, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 20}}
    cloud.stub.enqueue(Reply(pieces=("Grüß ", "Gott 👋"), usage=counted))
    text, finish = await answered(cloud.backend())
    assert text == "Grüß Gott 👋"
    assert finish.reason == "stop"
    usage = finish.usage
    assert (usage.prompt_tokens, usage.prompt_tokens_cached, usage.prompt_tokens_evaluated) == (30, 20, 10)
    assert usage.completion_tokens == 5


async def test_a_server_that_counts_nothing_gives_zeros_not_guesses(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(usage=None))
    _, finish = await answered(cloud.backend())
    assert (finish.usage.prompt_tokens, finish.usage.completion_tokens) == (0, 0)


@pytest.mark.parametrize(("said", "reason"), [("stop", "stop"), ("length", "length"), ("tool_calls", "stop")])
async def test_the_reason_of_the_end_is_taken_over(cloud: Cloud, said: str, reason: str) -> None:
    cloud.stub.enqueue(Reply(finish_reason=said))
    assert (await answered(cloud.backend()))[1].reason == reason


async def test_a_filtered_answer_is_an_error_that_says_so(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(finish_reason="content_filter"))
    error = await failed(cloud.backend())
    assert isinstance(error, InvalidRequestError)
    assert "content filter" in error.message


FAULTS = [
    (failure(401, "Incorrect API key provided", "invalid_api_key"), NotConfiguredError, "refused the key", 1),
    (failure(403, "Country not supported"), BackendUnavailableError, "Country not supported", 1),
    (failure(404, "The model `x` does not exist", "model_not_found"), ModelNotFoundError, "does not exist", 1),
    (failure(404, "model 'x' not found"), ModelNotFoundError, "no such model", 1),
    (Reply(status=404, error="404: Not Found"), BackendUnavailableError, "/v1/chat/completions", 1),
    (failure(400, "too long", "context_length_exceeded"), ContextTooLongError, "too long", 1),
    (
        failure(400, "the request exceeds the available context size", type="exceed_context_size_error"),
        ContextTooLongError,
        "context size",
        1,
    ),
    (failure(400, "This model's maximum context length is 8192 tokens."), ContextTooLongError, "8192", 1),
    (failure(400, "'messages' is wrong"), InvalidRequestError, "'messages' is wrong", 1),
    (failure(422, "no such field"), InvalidRequestError, "no such field", 1),
    (failure(429, "Slow down"), RateLimitedError, "Slow down", 2),
    (failure(429, "You exceeded your quota", "insufficient_quota"), BackendUnavailableError, "quota", 1),
    (failure(500, "The server had an error"), BackendUnavailableError, "status 500: The server had an error", 2),
    (failure(501, "no streaming"), BackendUnavailableError, "501", 1),
    (Reply(status=502, error="<html>Bad Gateway</html>"), BackendUnavailableError, "502", 2),
    (failure(503, "Loading model"), BackendUnavailableError, "Loading model", 2),
    (Reply(raw="<html>Welcome</html>", raw_type="text/html"), BackendUnavailableError, "text/html", 1),
    (Reply(raw="data: {not json\n\n"), BackendUnavailableError, "cannot be read", 1),
    (Reply(raw="data: [1, 2]\n\n"), BackendUnavailableError, "cannot be read", 1),
    (Reply(raw='data: {"choices": [7]}\n\n'), BackendUnavailableError, "cannot be read", 1),
    (Reply(raw='data: {"choices": 7}\n\n'), BackendUnavailableError, "cannot be read", 1),
    (Reply(raw='data: {"error": {"message": "out of memory"}}\n\n'), BackendUnavailableError, "out of memory", 1),
    (Reply(raw="data: [DONE]\n\n"), BackendUnavailableError, "broke off", 1),
    (Reply(ending="clean"), BackendUnavailableError, "broke off", 1),
    (Reply(ending="abort"), BackendUnavailableError, "cannot be reached", 1),
]


@pytest.mark.parametrize(("fault", "kind", "words", "tries"), FAULTS)
async def test_every_fault_of_a_server_is_a_clear_error(
    cloud: Cloud, fault: Reply, kind: type[ModelError], words: str, tries: int
) -> None:
    cloud.stub.enqueue(*[fault] * tries)
    error = await failed(cloud.backend())
    assert type(error) is kind
    assert words in error.message
    assert "127.0.0.1" in error.message
    assert len(cloud.stub.requests) == tries
    assert len(cloud.pauses) == tries - 1


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with openai_stub() as stub:
        gone = Cloud(stub)
    backend = gone.backend()
    error = await failed(backend)
    assert isinstance(error, BackendUnavailableError)
    assert "cannot be reached" in error.message
    assert error.hint == "Check the network and OPENAI_BASE_URL."
    assert gone.pauses == [0.5]
    assert error.nothing_sent


async def test_what_went_out_before_the_server_was_gone_counts_as_sent(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(gate=asyncio.Event(), gate_at=-1))
    silent = await failed(cloud.backend(read_timeout_seconds=0.05))
    cloud.stub.enqueue(failure(503, "Busy"))
    cloud.stub.enqueue(failure(503, "Busy"))
    busy = await failed(cloud.backend())
    assert (silent.nothing_sent, busy.nothing_sent) == (False, False)


async def test_a_server_that_says_nothing_runs_into_the_time_allowed(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(gate=asyncio.Event(), gate_at=-1))
    error = await failed(cloud.backend(read_timeout_seconds=0.05))
    assert isinstance(error, DeadlineError)
    assert cloud.pauses == []
    await cloud.stub.disconnected()


async def test_a_server_that_falls_silent_runs_into_the_time_allowed(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(gate=asyncio.Event(), gate_at=1))
    assert isinstance(await failed(cloud.backend(read_timeout_seconds=0.05)), DeadlineError)
    await cloud.stub.disconnected()


@pytest.mark.parametrize(
    ("headers", "pause"),
    [({}, 0.5), ({"Retry-After": "2"}, 2.0), ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.5)],
)
async def test_one_retry_follows_what_passes_by_itself(cloud: Cloud, headers: dict[str, str], pause: float) -> None:
    cloud.stub.enqueue(failure(429, "Slow down", headers=headers))
    text, _ = await answered(cloud.backend())
    assert text == "You said: hello"
    assert cloud.pauses == [pause]


async def test_a_long_retry_after_is_told_instead_of_waited_for(cloud: Cloud) -> None:
    cloud.stub.enqueue(failure(429, "Slow down", headers={"Retry-After": "60"}))
    error = await failed(cloud.backend())
    assert isinstance(error, RateLimitedError)
    assert error.details["retry_after_seconds"] == 60.0
    assert error.hint == "Try again in 60 seconds."
    assert cloud.pauses == []


async def test_nothing_is_retried_after_the_first_delta(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(ending="abort"), Reply())
    await failed(cloud.backend())
    assert len(cloud.stub.requests) == 1


async def test_a_parameter_a_model_refuses_is_left_out_from_then_on(cloud: Cloud) -> None:
    cloud.stub.enqueue(failure(400, "Unsupported value", "unsupported_value", param="temperature"))
    backend = cloud.backend()
    async with contextlib.aclosing(backend.chat(CHAT)) as deltas:
        assert [delta async for delta in deltas][-1].finish is not None
    await answered(backend)
    assert ["temperature" in seen.body for seen in cloud.stub.requests] == [True, False, False]


async def test_a_refused_parameter_that_binds_the_answer_is_an_error(cloud: Cloud) -> None:
    cloud.stub.enqueue(failure(400, "Unsupported parameter: stop", "unsupported_parameter", param="stop"))
    assert isinstance(await failed(cloud.backend()), InvalidRequestError)
    assert len(cloud.stub.requests) == 1


async def test_closing_the_stream_hangs_up_on_the_server(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(gate=asyncio.Event(), gate_at=1))
    backend = cloud.backend()
    deltas = backend.chat(CHAT)
    while not (await anext(deltas)).text:
        pass
    await deltas.aclose()
    await cloud.stub.disconnected()
    await backend.aclose()


async def test_cancelling_before_the_answer_begins_hangs_up_too(cloud: Cloud) -> None:
    cloud.stub.enqueue(Reply(gate=asyncio.Event(), gate_at=-1))
    backend = cloud.backend()
    reading = asyncio.create_task(answered(backend))
    await cloud.stub.arrived()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await cloud.stub.disconnected()


async def test_the_first_delta_comes_before_the_first_token(cloud: Cloud) -> None:
    gate = asyncio.Event()
    cloud.stub.enqueue(Reply(gate=gate))
    backend = cloud.backend()
    deltas = backend.chat(CHAT)
    assert await anext(deltas) == Delta(backend="openai", model="stub-1")
    gate.set()
    assert (await anext(deltas)).text == "Hello"
    await deltas.aclose()
    await backend.aclose()


@pytest.mark.parametrize(
    ("request_", "field_"),
    [
        (ChatRequest(messages=()), "messages"),
        (ChatRequest(messages=CHAT.messages, max_tokens=0), "max_tokens"),
        (ChatRequest(messages=CHAT.messages, max_tokens=-5), "max_tokens"),
        (ChatRequest(messages=CHAT.messages, sampling=Sampling(temperature=99.0)), "temperature"),
        (ChatRequest(messages=CHAT.messages, sampling=Sampling(grammar='root ::= "a"')), "grammar"),
    ],
)
async def test_a_request_that_cannot_be_meant_never_leaves_the_machine(
    cloud: Cloud, request_: ChatRequest, field_: str
) -> None:
    error = await failed(cloud.backend(), request_)
    assert isinstance(error, InvalidRequestError)
    assert error.details["field"] == field_
    assert error.nothing_sent
    assert cloud.stub.requests == []


async def test_an_unknown_model_names_those_the_server_has(cloud: Cloud) -> None:
    error = await failed(cloud.backend(model="gpt-4o-mini"))
    assert isinstance(error, ModelNotFoundError)
    assert error.hint == "The server's models are: stub-1. Set OPENAI_MODEL to one."


async def test_proxies_stay_out_of_a_connection_to_this_machine(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await answered(cloud.backend()))[0] == "You said: hello"


LEAKS = [
    failure(401, f"Incorrect API key provided: {KEY}", "invalid_api_key"),
    failure(400, f"bad header Bearer {KEY}"),
    failure(403, f"{KEY} may not"),
    failure(418, f"{KEY}"),
    Reply(status=500, error=f"trace: Authorization: Bearer {KEY}"),
    Reply(raw=f'data: {{"error": {{"message": "who is {KEY}?"}}}}\n\n'),
    Reply(raw=f"data: {{{KEY}\n\n"),
    Reply(ending="abort"),
    Reply(),
]


@pytest.mark.parametrize("reply", LEAKS)
async def test_the_key_never_shows(cloud: Cloud, reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    cloud.stub.enqueue(reply, reply)
    backend = cloud.backend()
    told = [repr(backend), str(vars(backend)), repr(OpenAIConfiguration(api_key=KEY))]
    with caplog.at_level(logging.DEBUG):
        try:
            await answered(backend)
        except ModelError as error:
            logging.getLogger("test").exception("it failed")
            told += [repr(error), error.message, str(error.hint), str(error.details)]
            told += traceback.format_exception(error)
    told += [repr(await backend.status()), caplog.text]
    assert KEY not in "\n".join(told)

"""The Backend contract, run over every backend there is.

A new backend joins with one line in `SUBJECTS` and a context manager that yields its Subject. Loading a model
takes a while, so one subject serves all tests but those that close it.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from andiron_models.backend import Backend
from andiron_models.configuration import Configuration, LocalConfiguration, OpenAIConfiguration
from andiron_models.errors import BackendUnavailableError, InvalidRequestError, ModelError, ModelNotFoundError
from andiron_models.local.backend import create as create_local
from andiron_models.openai import create as create_openai
from andiron_models.types import ChatRequest, Delta, InfillRequest, Message, Sampling
from andiron_testing.models import SMOLLM2, smollm2
from andiron_testing.openai_stub import Reply, openai_stub
from andiron_testing.scripted import ScriptedBackend


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A backend under test; `hold` makes the next answer endless and gives what waits until it was given up."""

    backend: Backend
    model: str
    hold: Callable[[], Callable[[], Awaitable[None]]]


@contextlib.asynccontextmanager
async def scripted(folder: Path) -> AsyncIterator[Subject]:
    backend = ScriptedBackend()

    def hold() -> Callable[[], Awaitable[None]]:
        backend.enqueue(["first", asyncio.Event(), "never"])
        return functools.partial(backend.was_cancelled, backend.cancelled + 1)

    yield Subject(backend=backend, model="scripted-1", hold=hold)
    await backend.aclose()


@contextlib.asynccontextmanager
async def openai(folder: Path) -> AsyncIterator[Subject]:
    async with openai_stub(key="a-key") as stub:
        configuration = OpenAIConfiguration(api_key="a-key", base_url=stub.base_url, model="stub-1")
        nowhere = LocalConfiguration(models_folder=folder, cache_folder=folder)
        backend = create_openai(Configuration(local=nowhere, openai=configuration))

        def hold() -> Callable[[], Awaitable[None]]:
            stub.enqueue(Reply(pieces=("first", "never"), gate=asyncio.Event(), gate_at=1))
            return functools.partial(stub.disconnected, stub.disconnects + 1)

        yield Subject(backend=backend, model="stub-1", hold=hold)
        await backend.aclose()


@contextlib.asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Subject]:
    model = await asyncio.to_thread(smollm2)
    configuration = LocalConfiguration(
        models_folder=model.parent, cache_folder=folder, completion_model=SMOLLM2, chat_model=SMOLLM2
    )
    backend = create_local(Configuration(local=configuration))

    async def gave_up() -> None:
        """Wait for nothing: that the slot is free again shows in the next answer."""

    # Any answer of many tokens is long enough to be given up at its first.
    yield Subject(backend=backend, model=SMOLLM2, hold=lambda: gave_up)
    await backend.aclose()


pytestmark = pytest.mark.asyncio(loop_scope="module")
Open = Callable[[Path], AbstractAsyncContextManager[Subject]]
SUBJECTS = [
    pytest.param(scripted, id="scripted"),
    pytest.param(openai, id="openai"),
    pytest.param(local, id="local", marks=pytest.mark.model),
]


@pytest_asyncio.fixture(params=SUBJECTS, scope="module", loop_scope="module")
async def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Subject]:
    open_subject: Open = request.param
    async with open_subject(tmp_path_factory.mktemp("subject")) as made:
        yield made


@pytest_asyncio.fixture(params=SUBJECTS, loop_scope="module")
async def own_subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    """A subject of this test's own, to be closed by it."""
    open_subject: Open = request.param
    async with open_subject(tmp_path) as made:
        yield made


def a_chat(text: str = "Count from one to nine.", **more: object) -> ChatRequest:
    fields: dict[str, object] = {"max_tokens": 12} | more
    return ChatRequest(messages=(Message(role="user", content=text),), **fields)  # type: ignore[arg-type]  # test shorthand


def an_infill(**more: object) -> InfillRequest:
    fields: dict[str, object] = {"prefix": "def add(a, b):\n    ", "suffix": "\n", "max_tokens": 12} | more
    return InfillRequest(**fields)  # type: ignore[arg-type]  # test shorthand


async def gathered(deltas: AsyncIterator[Delta]) -> list[Delta]:
    return [delta async for delta in deltas]


def check_stream(deltas: list[Delta], subject: Subject) -> None:
    """Check what holds for every complete stream."""
    assert [delta.finish is not None for delta in deltas] == [False] * (len(deltas) - 1) + [True]
    assert {(delta.backend, delta.model) for delta in deltas} == {(subject.backend.name, subject.model)}
    finish = deltas[-1].finish
    assert finish is not None
    assert finish.usage.prompt_tokens == finish.usage.prompt_tokens_cached + finish.usage.prompt_tokens_evaluated
    assert finish.timings.total_ms > 0
    assert finish.fallback is None


async def test_a_chat_streams_text_and_ends_with_exactly_one_finish(subject: Subject) -> None:
    deltas = await gathered(subject.backend.chat(a_chat()))
    check_stream(deltas, subject)
    assert "".join(delta.text for delta in deltas).strip()


async def test_an_infill_streams_text_and_ends_with_exactly_one_finish(subject: Subject) -> None:
    deltas = await gathered(subject.backend.infill(an_infill()))
    check_stream(deltas, subject)


async def test_the_first_delta_comes_when_the_request_is_taken(subject: Subject) -> None:
    given_up = subject.hold()
    async with contextlib.aclosing(subject.backend.chat(a_chat())) as deltas:
        first = await anext(deltas)
    await given_up()
    assert (first.backend, first.finish) == (subject.backend.name, None)


async def test_no_more_tokens_come_than_were_asked_for(subject: Subject) -> None:
    deltas = await gathered(subject.backend.chat(a_chat(max_tokens=1)))
    finish = deltas[-1].finish
    assert finish is not None
    assert (finish.reason, finish.usage.completion_tokens) == ("length", 1)


async def test_an_infill_of_no_tokens_says_nothing(subject: Subject) -> None:
    deltas = await gathered(subject.backend.infill(an_infill(max_tokens=0)))
    assert "".join(delta.text for delta in deltas) == ""
    assert [delta.finish is not None for delta in deltas][-1]


async def test_closing_the_iterator_cancels_the_work(subject: Subject) -> None:
    given_up = subject.hold()
    deltas = subject.backend.chat(a_chat(max_tokens=512))
    while not (await anext(deltas)).text:
        pass
    await deltas.aclose()
    await given_up()
    check_stream(await gathered(subject.backend.chat(a_chat())), subject)


async def test_cancelling_the_task_cancels_the_work(subject: Subject) -> None:
    given_up = subject.hold()
    taken = asyncio.Event()

    async def read() -> None:
        async with contextlib.aclosing(subject.backend.chat(a_chat(max_tokens=512))) as deltas:
            async for delta in deltas:
                if delta.text:
                    taken.set()

    task = asyncio.create_task(read())
    await taken.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await given_up()
    check_stream(await gathered(subject.backend.chat(a_chat())), subject)


@pytest.mark.parametrize("verb", ["chat", "infill"])
async def test_an_unknown_model_is_an_error_before_the_first_delta(subject: Subject, verb: str) -> None:
    unknown = "no-such-model"
    deltas = (
        subject.backend.chat(a_chat(model=unknown))
        if verb == "chat"
        else subject.backend.infill(an_infill(model=unknown))
    )
    with pytest.raises(ModelNotFoundError) as caught:
        await anext(deltas)
    assert unknown in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("verb", ["chat", "infill"])
async def test_sampling_no_sampler_can_work_with_is_refused(subject: Subject, verb: str) -> None:
    bad = Sampling(temperature=-1.0)
    deltas = (
        subject.backend.chat(a_chat(sampling=bad))
        if verb == "chat"
        else subject.backend.infill(an_infill(sampling=bad))
    )
    with pytest.raises(InvalidRequestError, match="temperature"):
        await anext(deltas)


async def test_a_chat_without_messages_is_refused(subject: Subject) -> None:
    with pytest.raises(InvalidRequestError):
        await anext(subject.backend.chat(ChatRequest(messages=())))


async def test_the_model_by_name_is_the_model_that_answers(subject: Subject) -> None:
    assert subject.model in {info.id for info in await subject.backend.models()}
    assert {info.backend for info in await subject.backend.models()} == {subject.backend.name}
    check_stream(await gathered(subject.backend.chat(a_chat(model=subject.model))), subject)


async def test_requests_run_at_once(subject: Subject) -> None:
    chats = [gathered(subject.backend.chat(a_chat(f"Say {number}."))) for number in range(3)]
    for deltas in await asyncio.gather(*chats, gathered(subject.backend.infill(an_infill()))):
        check_stream(deltas, subject)


async def test_status_never_raises(own_subject: Subject) -> None:
    assert (await own_subject.backend.status()).name == own_subject.backend.name
    await gathered(own_subject.backend.chat(a_chat()))
    assert (await own_subject.backend.status()).state in {"ready", "idle"}
    await own_subject.backend.aclose()
    assert (await own_subject.backend.status()).name == own_subject.backend.name


async def test_a_place_can_be_forgotten_whether_it_is_known_or_not(subject: Subject) -> None:
    await gathered(subject.backend.chat(msgspec.structs.replace(a_chat(), place="here")))
    await subject.backend.forget("here")
    await subject.backend.forget("nowhere")
    assert await gathered(subject.backend.chat(a_chat()))


async def test_closing_twice_is_once(own_subject: Subject) -> None:
    await gathered(own_subject.backend.chat(a_chat()))
    await own_subject.backend.aclose()
    await own_subject.backend.aclose()
    with pytest.raises(BackendUnavailableError):
        await anext(own_subject.backend.chat(a_chat()))


async def test_closing_the_backend_ends_what_runs(own_subject: Subject) -> None:
    own_subject.hold()
    deltas = own_subject.backend.chat(a_chat(max_tokens=512))
    while not (await anext(deltas)).text:
        pass
    reading = asyncio.create_task(gathered(deltas))
    await asyncio.sleep(0)
    await own_subject.backend.aclose()
    with pytest.raises(ModelError) as caught:
        await reading
    assert caught.value.code == "backend_unavailable"

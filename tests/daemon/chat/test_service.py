"""The chat: what is kept when, one message at a time, and what a broken answer leaves."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from andiron_daemon.answers import TextDelta
from andiron_daemon.chat.instructions import Instructions
from andiron_daemon.chat.service import ChatEvent, ChatService
from andiron_daemon.chat.types import ChatAnswer, ChatContext, ChatInput, ChatStarted, ContextFile
from andiron_daemon.counters import Counters
from andiron_daemon.errors import InvalidRequestError, NotFoundError, StorageError
from andiron_daemon.storage.records import MessageRecord
from andiron_models.errors import (
    BackendUnavailableError,
    ContextTooLongError,
    ModelError,
    ModelNotFoundError,
    RateLimitedError,
)
from andiron_models.errors import InvalidRequestError as ModelInvalidRequestError
from andiron_models.router import Router
from andiron_models.types import ChatRequest
from andiron_testing.memory_store import MemoryStore
from andiron_testing.scripted import ScriptedBackend

INSTRUCTIONS = Instructions(chat="You help.", title="Title?", summary="Summary?")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def chat(backend: ScriptedBackend, store: MemoryStore, counters: Counters) -> ChatService:
    return ChatService(Router({"local": backend}), store, counters, INSTRUCTIONS)


async def all_events(chat: ChatService, message: str = "hello", **more: Any) -> list[ChatEvent]:
    async with aclosing(chat.answer(ChatInput(message=message, **more))) as events:
        return [event async for event in events]


async def ask(chat: ChatService, message: str = "hello", **more: Any) -> ChatAnswer:
    answer = (await all_events(chat, message, **more))[-1]
    assert isinstance(answer, ChatAnswer)
    return answer


async def only_conversation(store: MemoryStore) -> tuple[MessageRecord, ...]:
    page = await store.page(limit=10)
    assert len(page.conversations) == 1
    return (await store.get(page.conversations[0].id)).messages


async def test_an_answer_is_announced_streamed_and_told_whole(chat: ChatService, backend: ScriptedBackend) -> None:
    backend.enqueue("one two")
    started, first, second, answer = await all_events(chat)
    assert isinstance(started, ChatStarted)
    assert (started.backend, started.model) == ("local", "scripted-1")
    assert (first, second) == (TextDelta(text="one "), TextDelta(text="two"))
    assert isinstance(answer, ChatAnswer)
    assert answer.message.content == "one two"
    assert (answer.message.id, answer.conversation_id) == (started.message_id, started.conversation_id)
    assert (answer.backend, answer.finish_reason, answer.usage.completion_tokens) == ("local", "stop", 2)


async def test_question_and_answer_are_kept_before_the_answer_is_told(chat: ChatService, store: MemoryStore) -> None:
    async with aclosing(chat.answer(ChatInput(message="hello there"))) as events:
        async for event in events:
            question, *rest = await only_conversation(store)
            assert (question.role, question.content) == ("user", "hello there")
            if isinstance(event, ChatAnswer):
                assert [message.id for message in rest] == [event.message.id]
                assert rest[0].usage == event.usage
    assert (await store.page(limit=1)).conversations[0].title == "hello there"


async def test_a_conversation_goes_on_with_what_was_said(chat: ChatService, backend: ScriptedBackend) -> None:
    first = await ask(chat, "one", system="be brief")
    second = await ask(chat, "two", conversation_id=first.conversation_id, system="be brief")
    assert second.conversation_id == first.conversation_id
    request = backend.requests[-1]
    assert isinstance(request, ChatRequest)
    assert [message.content for message in request.messages] == ["be brief", "one", "You said: one", "two"]
    assert request.place == first.conversation_id


async def test_a_request_without_a_system_text_gets_the_usual_one(chat: ChatService, backend: ScriptedBackend) -> None:
    await ask(chat)
    await ask(chat, system="")
    usual, none = backend.requests
    assert isinstance(usual, ChatRequest)
    assert isinstance(none, ChatRequest)
    assert (usual.messages[0].role, usual.messages[0].content) == ("system", "You help.")
    assert [message.role for message in none.messages] == ["user"]


async def test_what_the_request_chooses_reaches_the_backend(chat: ChatService, backend: ScriptedBackend) -> None:
    await ask(chat, model="scripted-1", temperature=1.5, max_tokens=7)
    request = backend.requests[-1]
    assert isinstance(request, ChatRequest)
    assert (request.model, request.sampling.temperature, request.max_tokens) == ("scripted-1", 1.5, 7)


async def test_the_context_used_is_told(chat: ChatService) -> None:
    files = (ContextFile(path="a.py", content="x\n"), ContextFile(path="b.py", content="y" * 100 + "\n" + "z" * 20_000))
    answer = await ask(chat, context=ChatContext(files=files))
    assert [(use.path, use.cut) for use in answer.context_used] == [("a.py", False), ("b.py", True)]
    assert answer.truncated is not None
    assert answer.truncated.what == "part of b.py"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("message", {"message": ""}),
        ("message", {"message": " \n\t"}),
        ("max_tokens", {"max_tokens": 0}),
        ("max_tokens", {"max_tokens": -1}),
        ("temperature", {"temperature": -0.1}),
        ("temperature", {"temperature": 11.0}),
    ],
)
async def test_a_value_that_cannot_be_meant_is_refused_and_nothing_kept(
    chat: ChatService, store: MemoryStore, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises((InvalidRequestError, ModelInvalidRequestError)) as caught:
        await ask(chat, **{"message": "hello", **wrong})
    assert isinstance(caught.value, InvalidRequestError | ModelInvalidRequestError)
    assert caught.value.details["field"] == field
    assert (await store.counts()).messages == 0


async def test_an_unknown_conversation_is_refused(chat: ChatService, backend: ScriptedBackend) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        await ask(chat, conversation_id="nope")
    assert backend.requests == []


@pytest.mark.parametrize("choice", [{"backend": "nope"}, {"model": "nope"}])
async def test_an_unknown_backend_or_model_begins_no_conversation(
    chat: ChatService, store: MemoryStore, choice: dict[str, str]
) -> None:
    with pytest.raises((ModelInvalidRequestError, ModelNotFoundError), match="nope") as caught:
        await ask(chat, **choice)
    assert caught.value.hint
    assert "conversation_id" not in caught.value.details
    assert (await store.counts()).conversations == 0


async def test_a_message_too_long_for_the_model_begins_no_conversation(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    backend.enqueue(ContextTooLongError("9000 tokens do not fit into 4096"))
    with pytest.raises(ContextTooLongError):
        await ask(chat)
    assert (await store.counts()).conversations == 0


@pytest.mark.parametrize("error", [BackendUnavailableError("gone"), RateLimitedError("slow down")])
async def test_a_question_that_may_be_asked_again_is_kept(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore, error: ModelError
) -> None:
    backend.enqueue(error)
    with pytest.raises(type(error)) as caught:
        await ask(chat, "hello")
    assert [message.content for message in await only_conversation(store)] == ["hello"]
    again = await ask(chat, "hello", conversation_id=caught.value.details["conversation_id"])
    assert again.message.content == "You said: hello"


async def test_an_error_in_the_middle_keeps_what_came(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    backend.enqueue(["half an ", BackendUnavailableError("the worker died")])
    with pytest.raises(BackendUnavailableError):
        await ask(chat)
    broken = (await only_conversation(store))[-1]
    assert (broken.role, broken.content, broken.error) == ("assistant", "half an ", "backend_unavailable")
    assert (broken.backend, broken.finish_reason) == ("local", None)


async def test_a_cancelled_answer_keeps_what_was_generated(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    backend.enqueue(["so far", asyncio.Event(), "never"])
    arrived = asyncio.Event()

    async def read() -> None:
        async with aclosing(chat.answer(ChatInput(message="hello"))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    arrived.set()

    reading = asyncio.create_task(read())
    await arrived.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    kept = (await only_conversation(store))[-1]
    assert (kept.content, kept.finish_reason, kept.error) == ("so far", "cancelled", None)
    assert backend.cancelled == 1


async def test_closing_the_iterator_keeps_what_was_generated(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    backend.enqueue(["one ", asyncio.Event()])
    async with aclosing(chat.answer(ChatInput(message="hello"))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    kept = (await only_conversation(store))[-1]
    assert (kept.content, kept.finish_reason) == ("one ", "cancelled")
    assert backend.cancelled == 1


async def test_two_messages_to_one_conversation_are_answered_one_after_the_other(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    first = await ask(chat, "zero")
    backend.hold()
    tasks = []
    for number in (1, 2):
        tasks.append(asyncio.create_task(ask(chat, f"question {number}", conversation_id=first.conversation_id)))
        await backend.arrived(2)
    backend.release()
    await asyncio.gather(*tasks)
    assert [message.content for message in await only_conversation(store)] == [
        "zero",
        "You said: zero",
        "question 1",
        "You said: question 1",
        "question 2",
        "You said: question 2",
    ]


async def test_two_conversations_are_answered_at_once(chat: ChatService, backend: ScriptedBackend) -> None:
    backend.hold()
    tasks = [asyncio.create_task(ask(chat, text)) for text in ("one", "two")]
    await backend.arrived(2)
    backend.release()
    answers = await asyncio.gather(*tasks)
    assert {answer.message.content for answer in answers} == {"You said: one", "You said: two"}


async def test_an_answer_that_cannot_be_kept_is_not_acknowledged(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    seen: list[ChatEvent] = []

    async def read() -> None:
        async with aclosing(chat.answer(ChatInput(message="hello"))) as events:
            async for event in events:
                seen.append(event)
                store.failure = StorageError("the disk is full")

    with pytest.raises(StorageError, match="full"):
        await read()
    assert not any(isinstance(event, ChatAnswer) for event in seen)
    store.failure = None
    assert [message.role for message in await only_conversation(store)] == ["user"]


async def test_a_message_that_cannot_be_kept_is_not_answered(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    store.failure = StorageError("the disk is full")
    with pytest.raises(StorageError):
        await ask(chat)
    assert backend.requests == []


async def test_tokens_are_counted_by_backend(chat: ChatService, counters: Counters) -> None:
    answer = await ask(chat)
    assert counters.tokens["local"].completion_tokens == answer.usage.completion_tokens > 0


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_a_page_has_a_reasonable_length(chat: ChatService, limit: int) -> None:
    with pytest.raises(InvalidRequestError, match=str(limit)) as caught:
        await chat.page(limit=limit)
    assert caught.value.details["field"] == "limit"

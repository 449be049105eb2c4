"""What happens to a conversation besides being answered: titles, summaries, renaming, another answer, deletion."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from andiron_daemon.answers import TextDelta
from andiron_daemon.chat.instructions import Instructions
from andiron_daemon.chat.service import ChatEvent, ChatService
from andiron_daemon.chat.types import ChatAnswer, ChatContext, ChatInput, ChatStarted, ContextFile, RegenerateInput
from andiron_daemon.counters import Counters
from andiron_daemon.errors import InvalidRequestError, NotFoundError
from andiron_models.errors import BackendUnavailableError
from andiron_models.router import Router
from andiron_models.types import ChatRequest, Message, Priority
from andiron_testing.memory_store import MemoryStore
from andiron_testing.scripted import Reply, ScriptedBackend


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def chat(backend: ScriptedBackend, store: MemoryStore) -> ChatService:
    instructions = Instructions(chat="You help.", title="Title?", summary="Summary?")
    return ChatService(Router({"local": backend}), store, Counters(), instructions)


async def ask(chat: ChatService, message: str = "hello", **more: Any) -> ChatAnswer:
    async with aclosing(chat.answer(ChatInput(message=message, **more))) as events:
        answer = [event async for event in events][-1]
    assert isinstance(answer, ChatAnswer)
    return answer


async def ask_again(chat: ChatService, conversation_id: str, **how: Any) -> ChatAnswer:
    async with aclosing(chat.regenerate(conversation_id, RegenerateInput(**how))) as events:
        answer = [event async for event in events][-1]
    assert isinstance(answer, ChatAnswer)
    return answer


async def said_in(chat: ChatService, conversation_id: str) -> list[str]:
    return [message.content for message in (await chat.get(conversation_id)).messages]


async def test_the_model_makes_a_better_title_when_nobody_waits(chat: ChatService, backend: ScriptedBackend) -> None:
    backend.background_replies.append('\n**Title: "Sorting a list."**\nmore')
    answer = await ask(chat, "How do I sort a list?")
    assert (await chat.get(answer.conversation_id)).title == "How do I sort a list?"
    await chat.settled()
    assert (await chat.get(answer.conversation_id)).title == "Sorting a list"
    (request,) = backend.background_requests
    assert request.priority is Priority.BACKGROUND
    sent = backend.requests[0]
    assert isinstance(sent, ChatRequest)
    assert request.messages == (
        *sent.messages,
        Message(role="assistant", content=answer.message.content),
        Message(role="user", content="Title?"),
    )


@pytest.mark.parametrize("reply", ["", "\n\n", "***", "x" * 200, BackendUnavailableError("gone")])
async def test_without_a_better_title_the_cheap_one_stays(
    chat: ChatService, backend: ScriptedBackend, reply: Any
) -> None:
    backend.background_replies.append(reply)
    answer = await ask(chat, "How do I sort a list?")
    await chat.settled()
    assert (await chat.get(answer.conversation_id)).title == "How do I sort a list?"


async def test_only_the_first_answer_makes_a_title(chat: ChatService, backend: ScriptedBackend) -> None:
    answer = await ask(chat)
    await ask(chat, conversation_id=answer.conversation_id)
    await chat.settled()
    assert len(backend.background_requests) == 1


async def test_a_persons_title_stays(chat: ChatService, backend: ScriptedBackend) -> None:
    gate = asyncio.Event()
    backend.background_replies.append([gate, "the model's"])
    answer = await ask(chat)
    renamed = await chat.rename(answer.conversation_id, "  mine  own ")
    gate.set()
    await chat.settled()
    assert renamed.title == (await chat.get(answer.conversation_id)).title == "mine own"


@pytest.mark.parametrize("title", ["", " \n", "x" * 201])
async def test_a_title_that_cannot_be_meant_is_refused(chat: ChatService, title: str) -> None:
    answer = await ask(chat)
    with pytest.raises(InvalidRequestError) as caught:
        await chat.rename(answer.conversation_id, title)
    assert caught.value.details["field"] == "title"


async def test_closing_drops_what_is_made_in_the_background(chat: ChatService, backend: ScriptedBackend) -> None:
    backend.background_replies.append([asyncio.Event(), "never"])
    await ask(chat)
    await chat.aclose()
    await chat.settled()


async def test_a_long_conversation_gets_a_summary_before_it_is_cut(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    backend.background_replies.extend(["title", "They talked at length."])
    backend.enqueue(*(["y" * 1200] for _ in range(12)))
    answer = await ask(chat, "x" * 1200)
    cut_seen = False
    for _ in range(5):
        answer = await ask(chat, "x" * 1200, conversation_id=answer.conversation_id)
        await chat.settled()
        layout = (await store.history(answer.conversation_id)).layout
        cut_seen = cut_seen or layout.summary == "They talked at length."
    assert cut_seen
    assert answer.truncated is not None
    request = backend.requests[-1]
    assert isinstance(request, ChatRequest)
    assert request.messages[0].role == "system"
    assert request.messages[0].content.startswith("You help.")


async def test_a_system_text_stays_with_its_conversation(chat: ChatService, backend: ScriptedBackend) -> None:
    answer = await ask(chat, "one", system="Be brief.")
    await ask(chat, "two", conversation_id=answer.conversation_id)
    request = backend.requests[-1]
    assert isinstance(request, ChatRequest)
    assert request.messages[0].content == "Be brief."


async def test_another_answer_takes_the_place_of_the_last(chat: ChatService, backend: ScriptedBackend) -> None:
    context = ChatContext(files=(ContextFile(path="a.py", content="x = 1\n"),))
    first = await ask(chat, "one", context=context)
    backend.enqueue("better")
    again = await ask_again(chat, first.conversation_id, temperature=1.0)
    assert await said_in(chat, first.conversation_id) == ["one", "better"]
    assert again.message.id != first.message.id
    assert again.context_used == first.context_used
    one, other = backend.requests
    assert isinstance(one, ChatRequest)
    assert isinstance(other, ChatRequest)
    assert one.messages == other.messages
    assert other.sampling.temperature == 1.0


async def test_a_question_without_an_answer_gets_one(chat: ChatService, backend: ScriptedBackend) -> None:
    backend.enqueue(BackendUnavailableError("gone"))
    with pytest.raises(BackendUnavailableError) as caught:
        await ask(chat, "one")
    conversation_id = caught.value.details["conversation_id"]
    await ask_again(chat, conversation_id)
    assert await said_in(chat, conversation_id) == ["one", "You said: one"]


async def test_another_answer_that_fails_leaves_the_old_one(chat: ChatService, backend: ScriptedBackend) -> None:
    first = await ask(chat, "one")
    replies: tuple[Reply, ...] = (BackendUnavailableError("gone"), ["half", BackendUnavailableError("gone")])
    for reply in replies:
        backend.enqueue(reply)
        with pytest.raises(BackendUnavailableError):
            await ask_again(chat, first.conversation_id)
    assert await said_in(chat, first.conversation_id) == ["one", "You said: one"]


async def test_another_answer_that_is_cancelled_keeps_what_came(chat: ChatService, backend: ScriptedBackend) -> None:
    first = await ask(chat, "one")
    backend.enqueue(["so far", asyncio.Event()])
    async with aclosing(chat.regenerate(first.conversation_id, RegenerateInput())) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert await said_in(chat, first.conversation_id) == ["one", "so far"]


async def test_another_answer_waits_for_the_one_under_way(chat: ChatService, backend: ScriptedBackend) -> None:
    first = await ask(chat, "one")
    backend.hold()
    answering = asyncio.create_task(ask(chat, "two", conversation_id=first.conversation_id))
    await backend.arrived(2)
    again = asyncio.create_task(ask_again(chat, first.conversation_id))
    backend.enqueue("again")
    backend.release()
    await asyncio.gather(answering, again)
    assert await said_in(chat, first.conversation_id) == ["one", "You said: one", "two", "again"]


async def test_an_unknown_conversation_cannot_be_answered_again(chat: ChatService) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        await ask_again(chat, "nope")


async def test_a_conversation_that_is_deleted_while_it_streams_ends_and_stays_away(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    backend.enqueue(["so far", asyncio.Event(), "never"])
    seen: list[ChatEvent] = []

    async def read() -> None:
        async with aclosing(chat.answer(ChatInput(message="hello"))) as events:
            async for event in events:
                seen.append(event)
                if isinstance(event, TextDelta):
                    assert isinstance(seen[0], ChatStarted)
                    await chat.delete(seen[0].conversation_id)

    with pytest.raises(NotFoundError, match="deleted"):
        await read()
    assert backend.cancelled == 1
    assert (await store.counts()).messages == 0


async def test_a_message_that_waits_for_its_turn_in_a_deleted_conversation_is_refused(
    chat: ChatService, backend: ScriptedBackend, store: MemoryStore
) -> None:
    first = await ask(chat, "one")
    backend.hold()
    asking = [asyncio.create_task(ask(chat, text, conversation_id=first.conversation_id)) for text in ("two", "three")]
    await backend.arrived(2)
    await chat.delete(first.conversation_id)
    for task in asking:
        with pytest.raises(NotFoundError):
            await task
    assert await store.counts() == await MemoryStore().counts()


async def test_deleting_drops_what_is_made_in_the_background(chat: ChatService, backend: ScriptedBackend) -> None:
    backend.background_replies.append([asyncio.Event(), "never"])
    answer = await ask(chat)
    await chat.delete(answer.conversation_id)
    await chat.settled()


async def test_backends_forget_what_they_keep_of_a_deleted_conversation(
    chat: ChatService, backend: ScriptedBackend
) -> None:
    answer = await ask(chat)
    await chat.delete(answer.conversation_id)
    assert backend.forgotten == [answer.conversation_id]
    assert backend.requests[0].place == answer.conversation_id


async def test_expired_conversations_are_dropped(
    chat: ChatService, store: MemoryStore, backend: ScriptedBackend
) -> None:
    await ask(chat)
    assert await chat.delete_older("2000") == 0
    assert await chat.delete_older("9999") == 1
    assert len(backend.forgotten) == 1
    assert (await store.counts()).conversations == 0

"""What every store of conversations keeps to."""

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from andiron_daemon.chat.store import ConversationStore
from andiron_daemon.errors import InvalidRequestError, NotFoundError
from andiron_daemon.paths import Paths
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import ContextUse, Layout, MessageRecord, StoreCounts
from andiron_models.types import Usage
from andiron_testing.memory_store import MemoryStore


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, paths: Paths) -> AsyncIterator[ConversationStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    database = Database(paths.database_file)
    yield SQLiteConversations(database)
    await database.aclose()


def said(identifier: str, content: str = "hello", second: int = 0) -> MessageRecord:
    return MessageRecord(
        id=identifier, role="user", content=content, created_at=f"2026-01-01T00:00:{second:02}.000000Z"
    )


async def test_what_was_kept_comes_back_as_it_was(store: ConversationStore) -> None:
    question = said("q", "naïve 🙂 \0 text")
    answer = MessageRecord(
        id="a",
        role="assistant",
        content="answer",
        created_at="2026-01-01T00:00:01.000000Z",
        backend="local",
        model="m",
        finish_reason="stop",
        usage=Usage(prompt_tokens=3, prompt_tokens_cached=1, prompt_tokens_evaluated=2, completion_tokens=4),
    )
    await store.create("c", "A title", question)
    await store.append("c", answer)
    conversation = await store.get("c")
    assert conversation.messages == (question, answer)
    assert (conversation.title, conversation.created_at, conversation.updated_at) == (
        "A title",
        question.created_at,
        answer.created_at,
    )


async def test_a_broken_answer_keeps_its_reason(store: ConversationStore) -> None:
    await store.create("c", "t", said("q"))
    broken = MessageRecord(
        id="a", role="assistant", content="so far", created_at="2026-01-01T00:00:01.000000Z", error="timeout"
    )
    await store.append("c", broken)
    assert (await store.get("c")).messages[-1] == broken


async def test_messages_stay_in_the_order_they_were_added(store: ConversationStore) -> None:
    await store.create("c", "t", said("z", second=5))
    await store.append("c", said("a", second=5))
    await store.append("c", said("m", second=1))
    assert [message.id for message in (await store.get("c")).messages] == ["z", "a", "m"]


@pytest.mark.parametrize("verb", ["get", "history", "append", "rename", "delete"])
async def test_an_unknown_conversation_is_named(store: ConversationStore, verb: str) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "get": lambda: store.get("nope"),
        "history": lambda: store.history("nope"),
        "rename": lambda: store.rename("nope", "title", "person"),
        "append": lambda: store.append("nope", said("m")),
        "delete": lambda: store.delete("nope"),
    }
    with pytest.raises(NotFoundError, match="nope") as caught:
        await calls[verb]()
    assert caught.value.hint


async def test_the_list_begins_with_the_conversation_spoken_in_last(store: ConversationStore) -> None:
    await store.create("old", "t", said("1", second=1))
    await store.create("new", "t", said("2", second=2))
    await store.append("old", said("3", "the\n  latest", second=3))
    page = await store.page(limit=10)
    assert [(found.id, found.message_count, found.preview) for found in page.conversations] == [
        ("old", 2, "the latest"),
        ("new", 1, "hello"),
    ]
    assert page.next_cursor is None


async def test_pages_follow_each_other_without_gap_or_repetition(store: ConversationStore) -> None:
    for number in range(7):
        await store.create(f"c{number}", "t", said(f"m{number}", second=number // 3))
    seen: list[str] = []
    cursor = None
    while True:
        page = await store.page(limit=2, cursor=cursor)
        seen += [found.id for found in page.conversations]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize("cursor", ["x", "", "bm90aGluZw", "é"])
async def test_a_made_up_cursor_is_refused(store: ConversationStore, cursor: str) -> None:
    with pytest.raises(InvalidRequestError, match="cursor"):
        await store.page(limit=2, cursor=cursor)


async def test_a_search_finds_all_its_words_in_one_message(store: ConversationStore) -> None:
    await store.create("both", "t", said("1", "How do I parse a date in Python"))
    await store.create("apart", "t", said("2", "parse this"))
    await store.append("apart", said("3", "a date"))
    page = await store.page(limit=10, query="parse dat")
    assert [found.id for found in page.conversations] == ["both"]
    snippet = page.conversations[0].snippet
    assert snippet is not None
    assert "date" in snippet


@pytest.mark.parametrize(
    "query", ['"', "a AND (", "NEAR(", "col:x", "*", "^", "-x", "'; DROP TABLE messages", "\0", "a\0b"]
)
async def test_a_search_takes_signs_for_text(store: ConversationStore, query: str) -> None:
    await store.create("c", "t", said("1", "plain words"))
    assert (await store.page(limit=10, query=query)).conversations == ()


async def test_a_search_for_very_many_words_is_a_search(store: ConversationStore) -> None:
    await store.create("c", "t", said("1", "plain words"))
    assert len((await store.page(limit=10, query="plain " * 4000)).conversations) == 1


async def test_a_deleted_conversation_is_gone_and_the_others_stay(store: ConversationStore) -> None:
    await store.create("gone", "t", said("1", "secret word"))
    await store.create("kept", "t", said("2"))
    await store.delete("gone")
    assert await store.counts() == StoreCounts(conversations=1, messages=1)
    assert [found.id for found in (await store.page(limit=10)).conversations] == ["kept"]
    assert (await store.page(limit=10, query="secret")).conversations == ()


async def test_a_search_pages_through_its_hits_the_newest_first(store: ConversationStore) -> None:
    for number in range(7):
        await store.create(f"c{number}", "t", said(f"m{number}", "needle in hay", second=number))
    await store.append("c0", said("again", "needle again", second=30))
    await store.append("c6", said("other", "only hay", second=40))
    seen: list[str] = []
    cursor = None
    while True:
        page = await store.page(limit=2, cursor=cursor, query="needle")
        seen += [found.id for found in page.conversations]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["c0", "c6", "c5", "c4", "c3", "c2", "c1"]


async def test_a_cursor_of_the_list_is_none_of_a_search(store: ConversationStore) -> None:
    for number in range(3):
        await store.create(f"c{number}", "t", said(f"m{number}", "needle", second=number))
    listed = (await store.page(limit=1)).next_cursor
    found = (await store.page(limit=1, query="needle")).next_cursor
    with pytest.raises(InvalidRequestError, match="cursor"):
        await store.page(limit=1, query="needle", cursor=listed)
    with pytest.raises(InvalidRequestError, match="cursor"):
        await store.page(limit=1, cursor=found)


async def test_a_history_is_what_the_model_was_shown(store: ConversationStore) -> None:
    use = ContextUse(path="a.py", tokens=3, cut=False)
    question = msgspec.structs.replace(said("q", "why?"), context_used=(use,))
    await store.create("c", "t", question, sent="File a.py: …\n\nwhy?", system="You help.")
    await store.append("c", said("a", "because"))
    history = await store.history("c")
    assert history.layout == Layout(system="You help.")
    assert [(turn.id, turn.text, turn.context_used) for turn in history.turns] == [
        ("q", "File a.py: …\n\nwhy?", (use,)),
        ("a", "because", ()),
    ]
    kept = (await store.get("c")).messages
    assert kept == (question, said("a", "because"))


async def test_a_layout_is_kept_with_its_message(store: ConversationStore) -> None:
    await store.create("c", "t", said("1"))
    layout = Layout(system="s", cut=1, summary="short", next_cut=2, next_summary="next")
    await store.append("c", said("2"), layout=layout)
    await store.append("c", said("3"))
    assert (await store.history("c")).layout == layout


async def test_a_message_may_take_the_place_of_another(store: ConversationStore) -> None:
    await store.create("c", "t", said("q"))
    await store.append("c", said("old", "xylophone"))
    await store.append("c", said("new"), replaces="old")
    assert [message.id for message in (await store.get("c")).messages] == ["q", "new"]
    assert (await store.page(limit=5, query="xylophone")).conversations == ()


async def test_a_model_does_not_rename_what_a_person_named(store: ConversationStore) -> None:
    await store.create("c", "first words", said("q"))
    titles = []
    for title, source in (("by model", "model"), ("better", "model"), ("mine", "person"), ("worse", "model")):
        await store.rename("c", title, "model" if source == "model" else "person")
        titles.append((await store.get("c")).title)
    assert titles == ["by model", "better", "mine", "mine"]


async def test_a_summary_that_comes_too_late_is_dropped(store: ConversationStore) -> None:
    await store.create("c", "t", said("q"))
    await store.keep_summary("c", 2, "soon enough")
    assert (await store.history("c")).layout == Layout(system="", next_cut=2, next_summary="soon enough")
    await store.append("c", said("a"), layout=Layout(system="", cut=4, summary="cut"))
    await store.keep_summary("c", 2, "too late")
    await store.keep_summary("gone", 2, "too late")
    assert (await store.history("c")).layout == Layout(system="", cut=4, summary="cut")


async def test_conversations_past_their_time_are_deleted(store: ConversationStore) -> None:
    for number in range(4):
        await store.create(f"c{number}", "t", said(f"m{number}", second=number))
    await store.append("c0", said("late", second=9))
    assert set(await store.delete_older("2026-01-01T00:00:02.000000Z")) == {"c1"}
    assert await store.delete_older("2026-01-01T00:00:02.000000Z") == ()
    assert (await store.counts()).conversations == 3

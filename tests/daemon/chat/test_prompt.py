"""What the model is shown of a conversation."""

import pytest

from andiron_daemon.chat.prompt import build_prompt, read_system_text, title_of
from andiron_daemon.chat.types import ChatContext, ContextFile
from andiron_daemon.storage.records import MessageRecord
from andiron_models.types import Message, Role

NOW = "2026-01-01T00:00:00.000000Z"


def turn(role: Role, content: str) -> MessageRecord:
    return MessageRecord(id=content, role=role, content=content, created_at=NOW)


def test_a_first_message_follows_the_system_text() -> None:
    prompt = build_prompt("hello", system=read_system_text())
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[0].content.startswith("You are Andiron")
    assert prompt.messages[1].content == "hello"
    assert prompt.truncated is None


def test_an_empty_system_text_leaves_it_out() -> None:
    assert build_prompt("hello", system="").messages == (Message(role="user", content="hello"),)


def test_the_context_stands_directly_before_the_question() -> None:
    context = ChatContext(files=(ContextFile(path="a.py", content="x = 1\n"),))
    prompt = build_prompt("what is x?", system="", context=context)
    assert prompt.messages[0].content.startswith("File a.py:")
    assert prompt.messages[0].content.endswith("\n\nwhat is x?")
    assert prompt.context_used[0].path == "a.py"


def test_the_oldest_turns_are_dropped_and_reported() -> None:
    history = [turn("user" if number % 2 == 0 else "assistant", f"{number} " + "x" * 98) for number in range(10)]
    prompt = build_prompt("now", system="", history=history, history_characters=450)
    assert [message.content[0] for message in prompt.messages] == ["6", "7", "8", "9", "n"]
    assert prompt.truncated is not None
    assert prompt.truncated.what == "6 earlier turns of the conversation"
    assert prompt.truncated.dropped_tokens >= 150


def test_what_is_kept_of_the_history_begins_with_the_person() -> None:
    history = [turn("user", "u" * 100), turn("assistant", "a" * 100)]
    prompt = build_prompt("now", system="", history=history, history_characters=150)
    assert [message.content for message in prompt.messages] == ["now"]
    assert prompt.truncated is not None


def test_the_message_itself_is_never_cut() -> None:
    assert build_prompt("m" * 1000, system="", history_characters=10).messages[-1].content == "m" * 1000


def test_a_question_that_failed_and_is_asked_again_is_shown_once() -> None:
    prompt = build_prompt("again?", system="", history=[turn("user", "again?")])
    assert [message.content for message in prompt.messages] == ["again?"]


def test_speakers_alternate_even_where_answers_are_missing() -> None:
    history = [turn("user", "one"), turn("assistant", ""), turn("user", "two"), turn("assistant", "answer")]
    prompt = build_prompt("three", system="", history=history)
    assert [(message.role, message.content) for message in prompt.messages] == [
        ("user", "one\n\ntwo"),
        ("assistant", "answer"),
        ("user", "three"),
    ]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("Short question?", "Short question?"),
        ("\n\n  First   line\nsecond", "First line"),
        ("word " * 30, "word word word word word word word word word word word…"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_a_title_is_the_first_line_cut_at_a_word(message: str, title: str) -> None:
    assert title_of(message) == title

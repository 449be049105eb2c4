"""What the model is shown of a conversation, and that each turn begins as the one before did."""

from typing import Any

import msgspec
import pytest

from andiron_daemon.chat.budget import Budget, budget_for, size_of
from andiron_daemon.chat.prompt import Prompt, build_prompt, is_next_cut_due, lay_out, next_cut_of
from andiron_daemon.chat.types import ChatContext, ContextFile
from andiron_daemon.positions import Position, Range
from andiron_daemon.storage.records import History, Layout, Turn
from andiron_models.types import Message, Role

PLENTY = Budget(prompt=60_000, context=20_000)


def turn(role: Role, text: str) -> Turn:
    return Turn(id=text, role=role, text=text)


def history(*turns: Turn, **layout: Any) -> History:
    return History(layout=Layout(**layout), turns=turns)


def alternating(count: int, length: int = 100) -> tuple[Turn, ...]:
    return tuple(
        turn("user" if number % 2 == 0 else "assistant", f"{number:02} ".ljust(length, "x")) for number in range(count)
    )


def built(message: str, **more: Any) -> Prompt:
    return build_prompt(message, **{"system": "", "budget": PLENTY, **more})


def followed(prompt: Prompt, before: tuple[Turn, ...], answer: str) -> History:
    """Return the conversation after an answer."""
    return History(layout=prompt.layout, turns=(*before, turn("user", prompt.sent), turn("assistant", answer)))


def test_a_first_message_follows_the_system_text() -> None:
    prompt = built("hello", system="You help.")
    assert prompt.messages == (Message(role="system", content="You help."), Message(role="user", content="hello"))
    assert (prompt.sent, prompt.truncated) == ("hello", None)


def test_an_empty_system_text_leaves_it_out() -> None:
    assert built("hello").messages == (Message(role="user", content="hello"),)


def test_the_context_stands_directly_before_the_question() -> None:
    prompt = built("what is x?", context=ChatContext(files=(ContextFile(path="a.py", content="x = 1\n"),)))
    assert prompt.messages[0].content.startswith("File a.py:")
    assert prompt.messages[0].content.endswith("\n\nwhat is x?")
    assert prompt.context_used[0].path == "a.py"


def test_every_turn_begins_with_all_that_was_sent_before() -> None:
    source = "".join(f"def f{number}():\n    return {number}\n\n" for number in range(100))
    so_far: tuple[Turn, ...] = ()
    before: tuple[Message, ...] = ()
    past = None
    for number in range(8):
        selection = Range(Position(3 * number, 0), Position(3 * number + 1, 5))
        files = (ContextFile(path="a.py", content=source + f"# {number // 3}\n", selection=selection),)
        prompt = built(
            f"question {number}", system="You help.", history=past, context=ChatContext(files=files, language="python")
        )
        assert prompt.messages[: len(before)] == before
        past = followed(prompt, so_far, f"answer {number}")
        so_far = past.turns
        before = (*prompt.messages, Message(role="assistant", content=f"answer {number}"))


def test_a_file_that_is_shown_above_is_not_shown_again() -> None:
    file = ContextFile(path="a.py", content="x = 1\ny = 2\n")
    first = built("one", context=ChatContext(files=(file,)))
    second = built("two", history=followed(first, (), "answer"), context=ChatContext(files=(file,)))
    assert "x = 1" not in second.sent
    assert "File a.py is unchanged; it is shown above." in second.sent
    assert second.context_used[0].earlier
    assert second.truncated is None
    changed = ContextFile(path="a.py", content="x = 1\ny = 3\n")
    third = built("two", history=followed(first, (), "answer"), context=ChatContext(files=(changed,)))
    assert "2 | y = 3" in third.sent


def test_a_file_whose_beginning_is_shown_above_is_shown_again() -> None:
    first = built("one", context=ChatContext(files=(ContextFile(path="a.py", content="x = 1\ny = 2\n"),)))
    shorter = ContextFile(path="a.py", content="x = 1\n")
    second = built("two", history=followed(first, (), "answer"), context=ChatContext(files=(shorter,)))
    assert "1 | x = 1" in second.sent


def test_a_conversation_that_outgrows_its_budget_is_cut_by_half_and_told() -> None:
    budget = Budget(prompt=1000, context=0)
    prompt = built("now", budget=budget, history=history(*alternating(12)))
    assert prompt.layout.cut == 8
    assert [message.content[:2] for message in prompt.messages[1:]] == ["08", "09", "10", "11", "no"]
    assert prompt.messages[0].role == "system"
    assert "asked: 00" in prompt.messages[0].content
    assert prompt.truncated is not None
    assert prompt.truncated.what == "8 earlier turns of the conversation"
    assert prompt.truncated.dropped_tokens >= 200


def test_after_a_cut_the_turns_that_follow_begin_alike_again() -> None:
    budget = Budget(prompt=1000, context=0)
    turns = alternating(12)
    first = built("now", budget=budget, history=history(*turns))
    second = built("then", budget=budget, history=followed(first, turns, "answer"))
    assert second.messages[: len(first.messages)] == first.messages
    assert second.layout == first.layout


def test_a_summary_that_was_prepared_stands_for_what_fell_out() -> None:
    prompt = built(
        "now",
        budget=Budget(prompt=1000, context=0),
        history=history(*alternating(12), next_cut=10, next_summary="They counted."),
    )
    assert (prompt.layout.cut, prompt.layout.summary, prompt.layout.next_summary) == (10, "They counted.", "")
    assert prompt.messages[0].content.endswith("They counted.")


def test_a_summary_that_covers_too_little_is_gone_on_with() -> None:
    prompt = built(
        "now",
        budget=Budget(prompt=1000, context=0),
        history=history(*alternating(12), next_cut=2, next_summary="They began."),
    )
    assert prompt.layout.summary.startswith("They began.\n- asked: 02")


def test_the_summaries_of_many_cuts_stay_short() -> None:
    budget = Budget(prompt=1000, context=0)
    past = history(*alternating(12))
    for number in range(60):
        prompt = built(f"{number} ".ljust(90, "y"), budget=budget, history=past)
        past = followed(prompt, past.turns, "z" * 90)
        assert sum(size_of(message.content) for message in prompt.messages) < 2500
    assert past.layout.cut > 100


def test_the_next_cut_is_due_when_most_of_the_room_is_taken_and_only_once() -> None:
    budget = Budget(prompt=1000, context=0)
    assert not is_next_cut_due(built("now", budget=budget, history=history(*alternating(4))))
    full = history(*alternating(8))
    assert is_next_cut_due(built("now", budget=budget, history=full))
    cut = next_cut_of(full.layout, full.turns)
    assert cut == 4
    prepared = msgspec.structs.replace(full, layout=Layout(next_cut=cut, next_summary="x"))
    assert not is_next_cut_due(built("now", budget=budget, history=prepared))


def test_a_cut_makes_room_for_the_context_and_shows_again_what_fell_out() -> None:
    file = ContextFile(path="a.py", content="x = 1\n" * 30)
    budget = Budget(prompt=3000, context=1000)
    first = built("one", budget=budget, context=ChatContext(files=(file,)))
    past = followed(first, (), "answer " * 400)
    second = built("two", budget=budget, history=past, context=ChatContext(files=(file,)))
    assert second.layout.cut == 2
    assert "30 | x = 1" in second.sent


def test_the_message_itself_is_never_cut() -> None:
    prompt = built("m" * 1000, budget=Budget(prompt=10, context=10), history=history(*alternating(4)))
    assert prompt.messages[-1].content == "m" * 1000


def test_a_question_that_failed_and_is_asked_again_is_shown_once() -> None:
    assert [message.content for message in built("again?", history=history(turn("user", "again?"))).messages] == [
        "again?"
    ]


def test_speakers_alternate_even_where_answers_are_missing() -> None:
    past = history(turn("user", "one"), turn("assistant", ""), turn("user", "two"), turn("assistant", "answer"))
    assert [(message.role, message.content) for message in built("three", history=past).messages] == [
        ("user", "one\n\ntwo"),
        ("assistant", "answer"),
        ("user", "three"),
    ]


def test_a_turn_is_laid_out_again_as_it_was_sent() -> None:
    past = history(*alternating(4), system="You help.")
    prompt = built("now", system="You help.", history=past)
    assert lay_out(prompt.layout, past.turns, prompt.sent).messages == prompt.messages


@pytest.mark.parametrize("context_length", [None, 512, 2048, 8192, 1_000_000])
@pytest.mark.parametrize("answer_tokens", [1, 1024, 100_000])
def test_a_budget_leaves_room_for_the_answer(context_length: int | None, answer_tokens: int) -> None:
    budget = budget_for(context_length, answer_tokens)
    assert 0 < budget.context < budget.prompt
    if context_length is not None:
        assert budget.prompt / 3 + min(answer_tokens, context_length // 3) <= context_length


def test_what_is_not_ascii_counts_for_more() -> None:
    assert size_of("火") == 3
    assert size_of("\ud800") == 3

"""What the model is shown of a conversation: the system text, the newest turns, the context, the question.

Everything is measured in characters, because counting tokens is the model's affair; a backend may still cut,
or refuse, by tokens. What is left out is reported, never dropped silently. The message itself is never cut.
"""

from collections.abc import Iterable, Sequence
from importlib import resources

import msgspec

from andiron_daemon.answers import all_truncated, characters_for, estimate_tokens
from andiron_daemon.chat.quotation import quote_context
from andiron_daemon.chat.types import ChatContext, ContextUse
from andiron_daemon.storage.records import MessageRecord
from andiron_models.types import Message, Truncated

# A bare machine evaluates about a hundred tokens a second, once; later turns find them cached.
HISTORY_CHARACTERS = characters_for(4000)
CONTEXT_CHARACTERS = characters_for(2000)


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """The messages to send, and what of the context and the history is in them."""

    messages: tuple[Message, ...]
    context_used: tuple[ContextUse, ...] = ()
    truncated: Truncated | None = None


def read_system_text() -> str:
    """Read the system text that is used when a request brings none; it blocks."""
    return resources.files("andiron_daemon.chat").joinpath("prompts/system.md").read_text(encoding="utf-8").strip()


def build_prompt(
    message: str,
    *,
    system: str,
    history: Sequence[MessageRecord] = (),
    context: ChatContext | None = None,
    history_characters: int = HISTORY_CHARACTERS,
    context_characters: int = CONTEXT_CHARACTERS,
) -> Prompt:
    """Lay out what the model is to read.

    The context stands directly before the question and is not repeated for earlier turns, so that the part
    of the prompt a backend has evaluated already stays the same.
    """
    turns = [Message(role=turn.role, content=turn.content) for turn in history if turn.content]
    kept = _newest(turns, history_characters)
    quotation = quote_context(context or ChatContext(), context_characters)
    question = f"{quotation.text}\n\n{message}" if quotation.text else message
    messages = _merged([*kept, Message(role="user", content=question)])
    if system:
        messages = [Message(role="system", content=system), *messages]
    return Prompt(
        messages=tuple(messages),
        context_used=quotation.used,
        truncated=all_truncated(_dropped(turns[: len(turns) - len(kept)]), quotation.truncated),
    )


def title_of(message: str, longest: int = 60) -> str:
    """Make a title of a conversation's first message: its first line, cut at a word."""
    line = next((stripped for line in message.splitlines() if (stripped := " ".join(line.split()))), "")
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > longest // 2 else cut).rstrip(" ,.;:") + "…"


def _newest(turns: Sequence[Message], characters: int) -> list[Message]:
    """Keep the newest turns that fit, beginning with one of the person."""
    first = len(turns)
    for index in reversed(range(len(turns))):
        characters -= len(turns[index].content)
        if characters < 0:
            break
        first = index
    while first < len(turns) and turns[first].role != "user":
        first += 1
    return list(turns[first:])


def _dropped(turns: Sequence[Message]) -> Truncated | None:
    if not turns:
        return None
    plural = "turn" if len(turns) == 1 else "turns"
    tokens = sum(estimate_tokens(turn.content) for turn in turns)
    return Truncated(dropped_tokens=tokens, what=f"{len(turns)} earlier {plural} of the conversation")


def _merged(turns: Iterable[Message]) -> list[Message]:
    """Join turns of one speaker, because many templates want the speakers to alternate.

    A question that was asked again after it had failed is shown once.
    """
    merged: list[Message] = []
    for turn in turns:
        if not merged or merged[-1].role != turn.role:
            merged.append(turn)
        elif merged[-1].content != turn.content:
            merged[-1] = Message(role=turn.role, content=f"{merged[-1].content}\n\n{turn.content}")
    return merged

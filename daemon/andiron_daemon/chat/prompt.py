"""What the model is shown of a conversation: the system text, what fell out in short, the turns, this turn.

A turn is kept as it was sent, context and all, and sent so again: the next prompt begins like the one before,
and a backend evaluates only what is new. When a conversation outgrows its budget it is cut by half, so that
cuts are rare, and a summary stands for what fell out. What is left out is reported, never dropped silently;
the message itself is never cut.
"""

from collections.abc import Iterable, Sequence

import msgspec

from andiron_daemon.answers import all_truncated, estimate_tokens
from andiron_daemon.chat.budget import Budget, size_of
from andiron_daemon.chat.quotation import quote_context
from andiron_daemon.chat.title import title_of
from andiron_daemon.chat.types import ChatContext, ContextUse
from andiron_daemon.storage.records import History, Layout, Turn
from andiron_models.types import Message, Truncated

_SUMMARY_HEAD = "What was said earlier in this conversation, in short:"
# Of what is to be kept after a cut; the next one is prepared for when this much of the room is taken.
_KEPT_SHARE = 0.5
_PREPARED_SHARE = 0.75
_EXTRACT_CHARACTERS = 1200
_EXTRACT_LINE = 120


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """The messages to send, and what of the context and the history is in them.

    `sent` is this turn's text as it is sent and has to be kept; `layout` is the conversation's from now on.
    `fullness` is how much of the room for turns is taken.
    """

    messages: tuple[Message, ...]
    sent: str
    layout: Layout
    context_used: tuple[ContextUse, ...] = ()
    truncated: Truncated | None = None
    fullness: float = 0.0


def build_prompt(
    message: str,
    *,
    system: str,
    budget: Budget,
    history: History | None = None,
    context: ChatContext | None = None,
) -> Prompt:
    """Lay out a new message.

    Args:
        message: what was said.
        system: what stands above the conversation.
        budget: how much there is room for.
        history: the conversation so far.
        context: what the editor has open.
    """
    layout, turns = (history.layout, history.turns) if history is not None else (Layout(), ())
    layout = msgspec.structs.replace(layout, system=system)
    room = budget.prompt - size_of(system) - size_of(message)
    context = context or ChatContext()
    quotation = quote_context(context, min(budget.context, room), [system, *_texts(turns[layout.cut :])])
    if _taken(layout, turns) + size_of(quotation.text) > room:
        layout = _cut(layout, turns, room - size_of(quotation.text))
        # What an earlier turn showed may have fallen out.
        left = room - _taken(layout, turns)
        quotation = quote_context(context, min(budget.context, left), [system, *_texts(turns[layout.cut :])])
    sent = f"{quotation.text}\n\n{message}" if quotation.text else message
    prompt = lay_out(layout, turns, sent)
    return msgspec.structs.replace(
        prompt,
        context_used=quotation.used,
        truncated=all_truncated(prompt.truncated, quotation.truncated),
        fullness=(_taken(layout, turns) + size_of(sent)) / max(1, room),
    )


def lay_out(layout: Layout, turns: Sequence[Turn], sent: str) -> Prompt:
    """Lay out turns in a layout, with `sent` as the last."""
    messages = [Message(role=turn.role, content=turn.text) for turn in turns[layout.cut :] if turn.text]
    messages = _merged([*messages, Message(role="user", content=sent)])
    head = "\n\n".join(text for text in (layout.system, _headed(layout.summary)) if text)
    if head:
        messages = [Message(role="system", content=head), *messages]
    return Prompt(messages=tuple(messages), sent=sent, layout=layout, truncated=_dropped(turns[: layout.cut]))


def is_next_cut_due(prompt: Prompt) -> bool:
    """Tell whether the conversation is so full that a summary for its next cut should be made."""
    return prompt.fullness >= _PREPARED_SHARE and prompt.layout.next_cut <= prompt.layout.cut


def next_cut_of(layout: Layout, turns: Sequence[Turn]) -> int:
    """Say how many messages will fall out at the next cut."""
    return _cut_for(layout, turns, int(_KEPT_SHARE * sum(size_of(turn.text) for turn in turns[layout.cut :])))


def _taken(layout: Layout, turns: Sequence[Turn]) -> int:
    return size_of(layout.summary) + sum(size_of(turn.text) for turn in turns[layout.cut :])


def _cut(layout: Layout, turns: Sequence[Turn], room: int) -> Layout:
    """Let the oldest turns fall out until what is kept takes half the room; what was prepared is taken if it does."""
    prepared = sum(size_of(turn.text) for turn in turns[layout.next_cut :])
    if layout.next_cut > layout.cut and prepared <= _PREPARED_SHARE * room:
        return Layout(system=layout.system, cut=layout.next_cut, summary=layout.next_summary)
    kept = max(0, int(_KEPT_SHARE * room))
    cut = _cut_for(layout, turns, kept)
    summary = _extract(layout.summary, turns[layout.cut : cut])
    if cut >= layout.next_cut > layout.cut:
        summary = _extract(layout.next_summary, turns[layout.next_cut : cut])
    return Layout(system=layout.system, cut=cut, summary=summary)


def _cut_for(layout: Layout, turns: Sequence[Turn], kept: int) -> int:
    """Find where to cut so that at most `kept` is kept, beginning with the person's words."""
    first = len(turns)
    for index in reversed(range(layout.cut, len(turns))):
        kept -= size_of(turns[index].text)
        if kept < 0:
            break
        first = index
    while first < len(turns) and turns[first].role != "user":
        first += 1
    return first


def _extract(summary: str, fallen: Sequence[Turn]) -> str:
    """Put the first line of each turn in place of it, the newest kept; until a model has made a better one."""
    lines = [line for line in summary.splitlines() if line]
    for turn in fallen:
        # What was asked stands below what was quoted for it.
        line = title_of(turn.text.rpartition("\n\n")[2] if turn.role == "user" else turn.text, _EXTRACT_LINE)
        if line:
            lines.append(f"- {'asked' if turn.role == 'user' else 'answered'}: {line}")
    while sum(size_of(line) + 1 for line in lines) > _EXTRACT_CHARACTERS and len(lines) > 1:
        lines.pop(0)
    return "\n".join(lines)


def _headed(summary: str) -> str:
    return f"{_SUMMARY_HEAD}\n{summary}" if summary else ""


def _texts(turns: Sequence[Turn]) -> list[str]:
    return [turn.text for turn in turns if turn.role == "user"]


def _dropped(turns: Sequence[Turn]) -> Truncated | None:
    if not turns:
        return None
    plural = "turn" if len(turns) == 1 else "turns"
    tokens = sum(estimate_tokens(turn.text) for turn in turns)
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

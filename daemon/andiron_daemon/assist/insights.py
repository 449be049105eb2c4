"""What a model has to say about a whole file, for the analysis; each insight about a line quotes one that is there."""

import asyncio
import re
from typing import Annotated, Literal

import msgspec

from andiron_daemon.analysis.types import Insight, Insights
from andiron_daemon.assist.asking import SECRET, Asking
from andiron_daemon.assist.context import fenced, show
from andiron_daemon.assist.instructions import AssistInstructions, fill
from andiron_daemon.assist.subject import Subject
from andiron_daemon.errors import DaemonError
from andiron_daemon.positions import Range
from andiron_models.types import Message

_ANSWER_TOKENS = 400
_MOST = 3
_LONGEST_TITLE = 120


class _ToldInsight(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    detail: str
    line: str
    severity: Literal["warning", "info"]


class ToldInsights(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is asked for."""

    insights: Annotated[tuple[_ToldInsight, ...], msgspec.Meta(max_length=_MOST)]


async def insights_of(subject: Subject, figures: str, asking: Asking, instructions: AssistInstructions) -> Insights:
    """Ask for insights; those that quote a line that is not there are dropped.

    Raises:
        DaemonError: if the text is not one to be shown to a model.
        ModelError: if the model cannot be asked.
    """
    if subject.is_secret:
        raise DaemonError(SECRET.message, hint=SECRET.hint)
    if not subject.has_code:
        raise DaemonError("there is no code in the text")
    max_tokens = asking.answer_tokens(_ANSWER_TOKENS)
    shown = await asyncio.to_thread(show, subject, await asking.prompt_characters(max_tokens))
    content = fill(instructions.insights, language=subject.language.name, figures=figures, code=fenced(shown.code))
    messages = (Message(role="system", content=instructions.system), Message(role="user", content=content))
    told = await asking.told(messages, ToldInsights, max_tokens=max_tokens)
    found: dict[str, Insight] = {}
    for one in told.insights if told is not None else ():
        place = find_quote(subject, one.line) if one.line.strip() else None
        title = " ".join(one.title.split())[:_LONGEST_TITLE]
        if title and one.detail.strip() and (place is not None or not one.line.strip()):
            found.setdefault(title, Insight(title=title, detail=one.detail.strip(), severity=one.severity, range=place))
    return Insights(insights=tuple(found.values()), **asking.how_it_came(shown.truncated))


def find_quote(subject: Subject, quote: str) -> Range | None:
    """Find the line a quotation is of, whatever its blanks; None where there is no such line."""
    wanted = "".join(quote.split())
    for match in re.finditer(r"([^\r\n]*)(\r\n|\n|\r|\Z)", subject.text):
        line = match[1]
        if wanted and wanted in "".join(line.split()) and len(wanted) * 2 >= len("".join(line.split())):
            start = match.start() + len(line) - len(line.lstrip())
            return subject.range_of(start, match.start() + len(line.rstrip()))
    return None

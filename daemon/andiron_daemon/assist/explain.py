"""`explain`: what the parse tells of the code, at once, and what the model says of it.

The parts of the code are cut by the tree, so that their ranges are right by construction; the model says which
part it speaks of by its first line, out of those that are there. The explanation streams while it is written.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from andiron_daemon.answers import Started, TextDelta
from andiron_daemon.assist.asking import SECRET, Asking, is_unavailable, unavailable
from andiron_daemon.assist.context import Shown, fenced, show
from andiron_daemon.assist.definitions import Definition, full_name
from andiron_daemon.assist.instructions import AssistInstructions, fill
from andiron_daemon.assist.schema import read_answer, string_so_far
from andiron_daemon.assist.subject import Subject
from andiron_daemon.assist.types import (
    ExplainInput,
    Explanation,
    ExplanationStart,
    OutlineEntry,
    Section,
    Unavailable,
)
from andiron_models.errors import ModelError
from andiron_models.types import Message

ExplainEvent = ExplanationStart | Started | TextDelta | Explanation

_ANSWER_TOKENS = 700
_MOST_SECTIONS = 8
_MOST_SYMBOLS = 200
_LONGEST_LABEL = 100
_AUDIENCE = "a developer who reads it for the first time"


class _ToldSection(msgspec.Struct, frozen=True, kw_only=True):
    part: str
    text: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is asked for."""

    summary: str
    explanation: str
    sections: tuple[_ToldSection, ...] = ()


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the code, called by its first line."""

    label: str
    start: int
    end: int
    what: str


class _Speech(msgspec.Struct):
    """What the model has said so far."""

    text: str = ""
    shown: Shown | None = None
    unavailable: Unavailable | None = None


async def explain(
    subject: Subject, request: ExplainInput, asking: Asking, instructions: AssistInstructions
) -> AsyncGenerator[ExplainEvent, None]:
    """Explain the stretch; without the model, tell its structure, and what is missing.

    Raises:
        ModelError: if the request itself is refused, as for an unknown model.
    """
    start, parts = await asyncio.to_thread(_by_parse, subject)
    yield start
    speech = _Speech(unavailable=SECRET if subject.is_secret else None)
    if not subject.is_secret:
        async with aclosing(_ask(subject, request, parts, asking, instructions, speech)) as events:
            async for event in events:
                yield event
    told = read_answer(speech.text, Told)
    explanation = told.explanation if told is not None else string_so_far(speech.text, "explanation")
    summary = told.summary if told is not None else string_so_far(speech.text, "summary")
    yield Explanation(
        language=subject.language.name,
        summary=summary.strip() or start.summary,
        explanation=explanation.strip() or _listed(start),
        sections=_sections(subject, parts, told),
        symbols=start.symbols,
        unavailable=speech.unavailable,
        **asking.how_it_came(speech.shown.truncated if speech.shown else None),
    )


def _by_parse(subject: Subject) -> tuple[ExplanationStart, list[_Part]]:
    """Say what the parse tells, and cut the stretch into parts."""
    parts = _parts(subject)
    start = ExplanationStart(
        language=subject.language.name,
        summary=_summary(subject),
        symbols=_outline(subject),
        sections=tuple(Section(range=subject.range_of(part.start, part.end), text=part.what) for part in parts),
    )
    return start, parts


async def _ask(
    subject: Subject,
    request: ExplainInput,
    parts: list[_Part],
    asking: Asking,
    instructions: AssistInstructions,
    speech: _Speech,
) -> AsyncGenerator[Started | TextDelta, None]:
    """Have the model speak, passing the explanation on as it is written."""
    max_tokens = asking.answer_tokens(_ANSWER_TOKENS)
    said = 0
    try:
        speech.shown = await asyncio.to_thread(show, subject, await asking.prompt_characters(max_tokens))
        messages = _messages(subject, request, parts, speech.shown, instructions)
        schema = _schema([part.label for part in parts])
        async with aclosing(asking.stream(messages, max_tokens=max_tokens, schema=schema)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Started):
                    yield piece
                    continue
                speech.text += piece
                explanation = string_so_far(speech.text, "explanation")
                if len(explanation) > said:
                    yield TextDelta(text=explanation[said:])
                    said = len(explanation)
    except ModelError as error:
        if not is_unavailable(error):
            raise
        speech.unavailable = unavailable(error)


def _schema(labels: list[str]) -> dict[str, Any]:
    """Describe the answer; a part can only be one of those that are there."""
    text = {"type": "string"}
    fields: dict[str, Any] = {"summary": text, "explanation": text}
    if labels:
        section = {"part": {"enum": labels}, "text": text}
        fields["sections"] = {"type": "array", "items": _object(section), "maxItems": len(labels)}
    return _object(fields)


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _messages(
    subject: Subject, request: ExplainInput, parts: list[_Part], shown: Shown, instructions: AssistInstructions
) -> tuple[Message, ...]:
    question = (request.question or "").strip()
    content = fill(
        instructions.explain,
        language=subject.language.name,
        audience=(request.audience or "").strip() or _AUDIENCE,
        related=f"What is around it, for reference only:\n{fenced(shown.related)}" if shown.related else "",
        code=fenced(shown.code, subject.language.name),
        question=f"Above all, answer this question about it: {question}" if question else "",
        parts="\n".join(f"- {part.label}" for part in parts) or "(none; leave sections out)",
    )
    return (Message(role="system", content=instructions.system), Message(role="user", content=content))


def _parts(subject: Subject) -> list[_Part]:
    """Cut the stretch into what it defines, or, where that is one class, into what is in it."""
    inside = [one for one in subject.definitions if subject.start <= one.start and one.end <= subject.end]
    outer = _outermost(inside)
    named = [one for one in outer if one.kind != "value"] or outer
    if len(named) == 1:
        children = [one for one in inside if one.kind == "function" and one.start > named[0].start]
        named = children or named
    parts = [_part(subject, one) for one in named]
    return list({part.label: part for part in parts if part.label}.values())[:_MOST_SECTIONS]


def _outermost(definitions: list[Definition]) -> list[Definition]:
    """Leave out what stands within another; they come outer before inner, in the order of the text."""
    found: list[Definition] = []
    furthest = 0
    for one in definitions:
        if one.end >= furthest:
            found.append(one)
            furthest = one.end
    return found


def _part(subject: Subject, one: Definition) -> _Part:
    text = subject.text[one.start : one.end]
    lines = text.count("\n") + 1
    name = full_name(subject.definitions, one)
    line_start = subject.text.rfind("\n", 0, one.name_start) + 1
    label = subject.text[line_start : one.end].partition("\n")[0].strip()[:_LONGEST_LABEL]
    return _Part(label=label, start=one.start, end=one.end, what=f"{one.kind} `{name}`, {_plural(lines, 'line')}")


def _outline(subject: Subject) -> tuple[OutlineEntry, ...]:
    within = [one for one in subject.definitions if subject.start <= one.name_start < subject.end]
    return tuple(
        OutlineEntry(
            name=full_name(subject.definitions, one),
            kind="variable" if one.kind == "value" else one.kind,
            range=subject.range_of(one.start, one.end),
        )
        for one in within[:_MOST_SYMBOLS]
    )


def _sections(subject: Subject, parts: list[_Part], told: Told | None) -> tuple[Section, ...]:
    """Put the model's words to the parts it named; the others keep what the parse tells."""
    words = {section.part: section.text.strip() for section in (told.sections if told is not None else ())}
    return tuple(
        Section(range=subject.range_of(part.start, part.end), text=words.get(part.label) or part.what) for part in parts
    )


def _summary(subject: Subject) -> str:
    lines = subject.focus.count("\n") + 1
    what = [one for one in subject.definitions if subject.start <= one.name_start < subject.end]
    functions = sum(one.kind == "function" for one in what)
    classes = sum(one.kind == "class" for one in what)
    counts = [_plural(functions, "function")] if functions else []
    counts += [_plural(classes, "class", "classes")] if classes else []
    shown = f" with {' and '.join(counts)}" if counts else ""
    return f"{_plural(lines, 'line')} of {subject.language.name}{shown}."


def _listed(start: ExplanationStart) -> str:
    return "\n".join([start.summary, "", *(f"- {section.text}" for section in start.sections)]).strip()


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"

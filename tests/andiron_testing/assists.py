"""Asking the assists as their callers do."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import msgspec

from andiron_daemon.analysis.types import Diagnostic, Edit, Linted, LinterRun, Severity
from andiron_daemon.assist.subject import Subject, read_subject
from andiron_daemon.assist.types import AssistInput
from andiron_daemon.positions import Position, Range, offset_of
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax
from andiron_models.types import ChatRequest
from andiron_testing.scripted import ScriptedBackend

Event = TypeVar("Event", bound=msgspec.Struct)


class ScriptedLinters:
    """Find what `found` says in a text that holds its key."""

    def __init__(self) -> None:
        self.found: dict[str, Diagnostic] = {}
        self.linted: list[str] = []

    async def lint(self, text: str, _path: str | None, _language: Language | None, _syntax: Syntax | None) -> Linted:
        """Take the place of a LintDesk."""
        self.linted.append(text)
        diagnostics = tuple(one for word, one in self.found.items() if word in text)
        return Linted(diagnostics=diagnostics, linters=(LinterRun(name="scripted", version="1", ran=True),))


def diagnostic(line: int, message: str, severity: Severity = "error", source: str = "scripted") -> Diagnostic:
    """Make a diagnostic about a line."""
    return Diagnostic(source=source, rule="X1", severity=severity, message=message, range=lines(line, line + 1))


def lines(first: int, last: int) -> Range:
    """Make the range from the beginning of one line to that of another."""
    return Range(Position(first, 0), Position(last, 0))


async def subject_of(code: str, **fields: Any) -> Subject:
    """Read a subject, Python unless said otherwise."""
    fields.setdefault("language", "python")
    return await read_subject(AssistInput(code=code, **fields))


async def events_of(events: AsyncGenerator[Event, None]) -> list[Event]:
    """Return every event."""
    async with aclosing(events):
        return [event async for event in events]


async def answer_of(events: AsyncGenerator[Event, None]) -> Any:
    """Return the last event, which is the answer."""
    return (await events_of(events))[-1]


def asked(backend: ScriptedBackend, number: int = -1) -> str:
    """Return what the backend was asked, the last by default."""
    request = backend.requests[number]
    assert isinstance(request, ChatRequest)
    return request.messages[-1].content


def code(text: str, language: str = "python") -> str:
    """Write code as a model does."""
    return f"Here it is:\n\n```{language}\n{text.strip()}\n```\nDone."


def told(**fields: Any) -> str:
    """Write an answer held to a schema."""
    return json.dumps(fields)


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Apply edits that do not overlap, as an editor does: all ranges are of the text as it was."""
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        start, end = offset_of(text, edit.range.start), offset_of(text, edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text

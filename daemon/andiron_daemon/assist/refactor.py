"""`refactor`: the model writes the stretch anew in a fence, is checked, and then says what it changed and why.

Two questions, since small models write far worse code inside JSON (docs/assists.md has the figures): the code
comes as code, and what is said about it is held to a schema, with the diff at hand. Code that fails the checks
goes back once with what is wrong; failing again is an error, never an answer.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import msgspec

from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.answers import Started, TextDelta, estimate_tokens
from andiron_daemon.assist.asking import SECRET, Asking
from andiron_daemon.assist.context import Shown, fenced, show
from andiron_daemon.assist.definitions import exported_names
from andiron_daemon.assist.edits import edits_between, unified_diff
from andiron_daemon.assist.instructions import AssistInstructions, fill
from andiron_daemon.assist.linting import Lint, new_errors, no_lint
from andiron_daemon.assist.subject import Subject
from andiron_daemon.assist.types import Change, Refactoring, RefactoringStart, RefactorInput
from andiron_daemon.assist.validation import Problem, not_valid, problems_of_rewrite
from andiron_daemon.assist.written import code_in, fitted
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.syntax.parse import parse_aside
from andiron_models.errors import ContextTooLongError, ModelError
from andiron_models.types import Message

RefactorEvent = RefactoringStart | Started | TextDelta | Refactoring

_LEAST_TOKENS = 256
_MOST_TOKENS = 4096
_TOKENS_OF_CHANGES = 300
_LONGEST_DIFF = 4000
_INSTRUCTION = "Make it easier to read and to maintain."


class _ToldChange(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    why: str


class _ToldChanges(msgspec.Struct, frozen=True, kw_only=True):
    changes: Annotated[tuple[_ToldChange, ...], msgspec.Meta(max_length=4)]


class _Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The whole text with the model's part in it, that part's end, and what is wrong with it."""

    text: str
    problems: list[Problem]


async def refactor(
    subject: Subject, request: RefactorInput, asking: Asking, instructions: AssistInstructions, lint: Lint = no_lint
) -> AsyncGenerator[RefactorEvent, None]:
    """Rewrite the stretch.

    Raises:
        InvalidRequestError: if there is no code to rewrite, or it keeps secrets.
        ContextTooLongError: if it does not fit into the model's context together with its rewriting.
        InvalidAnswerError: if what the model wrote does not pass the checks.
        ModelError: if the model cannot be asked.
    """
    check_writable(subject)
    yield RefactoringStart(
        language=subject.language.name,
        range=subject.range_of(subject.start, subject.end),
        keeps=tuple(sorted(exported_names(subject.definitions, subject.language.name))),
    )
    max_tokens = asking.answer_tokens(min(_MOST_TOKENS, max(_LEAST_TOKENS, 2 * estimate_tokens(subject.focus))))
    shown = await asyncio.to_thread(show, subject, await asking.prompt_characters(max_tokens))
    if shown.truncated is not None and shown.truncated.what.startswith("the code"):
        raise ContextTooLongError(
            f"the code does not fit into the model's context: {shown.truncated.dropped_tokens} tokens too many",
            hint="Select a part of it.",
            details={"dropped_tokens": shown.truncated.dropped_tokens},
        )
    messages = _messages(subject, request, shown, instructions)
    answer = ""
    async with aclosing(asking.stream(messages, max_tokens=max_tokens)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Started):
                yield piece
            else:
                answer += piece
    draft, repaired = await _draft(subject, answer, lint), False
    if draft.problems and asking.has_checks:
        repaired = True
        reasons = "\n".join(f"- {problem.message}" for problem in draft.problems)
        repair = Message(role="user", content=fill(instructions.repair, problems=reasons))
        messages = (*messages, Message(role="assistant", content=answer), repair)
        draft = await _draft(subject, await asking.whole(messages, max_tokens=max_tokens), lint)
    if draft.problems and asking.has_checks:
        raise not_valid("refactored code", draft.problems, was_cut=asking.last_reason == "length")
    reason = asking.last_reason
    diff = await asyncio.to_thread(unified_diff, subject.text, draft.text, subject.path or "code")
    yield Refactoring(
        language=subject.language.name,
        code=draft.text,
        diff=diff,
        changes=await _changes(diff, asking, instructions),
        parses=not any(problem.kind in ("syntax", "not_parsed") for problem in draft.problems),
        edits=await asyncio.to_thread(edits_between, subject.text, draft.text),
        repaired=repaired,
        **asking.how_it_came(shown.truncated, reason=reason),
    )


def check_writable(subject: Subject) -> None:
    """Refuse a stretch that nothing can be written about.

    Raises:
        InvalidRequestError: if it holds no code, or secrets.
    """
    if subject.is_secret:
        raise InvalidRequestError(SECRET.message, hint=SECRET.hint, details={"reason": "secret"})
    if not subject.has_code:
        raise InvalidRequestError(
            "there is no code in it, only comments", hint="Send or select some code.", details={"field": "code"}
        )


def _messages(
    subject: Subject, request: RefactorInput, shown: Shown, instructions: AssistInstructions
) -> tuple[Message, ...]:
    names = sorted({one.name for one in subject.focused if one.kind != "value"})
    related = f"What is around it, for reference only:\n{fenced(shown.related)}" if shown.related else ""
    content = fill(
        instructions.refactor,
        language=subject.language.name,
        instruction=(request.instruction or "").strip() or _INSTRUCTION,
        names=", ".join(f"`{name}`" for name in names) or "everything in it",
        related=related,
        code=fenced(shown.code, subject.language.name),
    )
    return (Message(role="system", content=instructions.system), Message(role="user", content=content))


async def _draft(subject: Subject, answer: str, lint: Lint) -> _Draft:
    """Put an answer in its place and look what is wrong with it, by the parse first and by the linters then."""
    text = fitted(subject, code_in(answer))
    end = len(text) - (len(subject.text) - subject.end)
    problems = await asyncio.to_thread(problems_of_rewrite, subject, text, end)
    if not problems and text != subject.text:
        before = await lint(subject.text, subject.path, subject.language, subject.syntax)
        after = await lint(text, subject.path, subject.language, await parse_aside(text, subject.language))
        problems = [Problem(kind="lint", message=_located(one)) for one in new_errors(before, after)]
    return _Draft(text=text, problems=problems)


def _located(diagnostic: Diagnostic) -> str:
    return f"line {diagnostic.range.start.line + 1}: {diagnostic.message}"


async def _changes(diff: str, asking: Asking, instructions: AssistInstructions) -> tuple[Change, ...]:
    """Have the model say what it changed; the code is worth telling without it."""
    if not diff:
        return ()
    content = fill(instructions.refactor_changes, diff=fenced(diff[:_LONGEST_DIFF], "diff"))
    messages = (Message(role="system", content=instructions.system), Message(role="user", content=content))
    try:
        told = await asking.told(messages, _ToldChanges, max_tokens=_TOKENS_OF_CHANGES)
    except ModelError:
        told = None
    found = {
        change.title.strip(): change.why.strip() for change in (told.changes if told else ()) if change.title.strip()
    }
    return tuple(Change(title=title, why=why) for title, why in found.items())

"""`generate-tests`: the model writes tests in a fence, and they are made into a file that parses and imports.

Framework, place and imports are known before it is asked; which symbols the tests cover is looked up in what it
wrote. Nothing is ever executed here.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from andiron_daemon.answers import Started, TextDelta
from andiron_daemon.assist.asking import Asking
from andiron_daemon.assist.context import Shown, fenced, names_of, show
from andiron_daemon.assist.definitions import Definition
from andiron_daemon.assist.frameworks import Framework, Target, choose_framework
from andiron_daemon.assist.instructions import AssistInstructions, fill
from andiron_daemon.assist.projects import find_project
from andiron_daemon.assist.python_tests import Claim, PythonTest, python_tests, without
from andiron_daemon.assist.refactor import check_writable
from andiron_daemon.assist.subject import Subject
from andiron_daemon.assist.tested import Written, looked_at, written_tests
from andiron_daemon.assist.types import GeneratedTests, GeneratedTestsStart, GenerateTestsInput
from andiron_daemon.assist.validation import not_valid
from andiron_daemon.assist.visibility import is_public
from andiron_daemon.assist.written import closed, code_in
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.syntax.languages import Language
from andiron_models.types import Message

GenerateTestsEvent = GeneratedTestsStart | Started | TextDelta | GeneratedTests

_ANSWER_TOKENS = 700
_TESTS = 3
_MOST_ASSERTIONS = 6
# Chosen on ten functions and tried on ten others; docs/assists.md has the figures.
_LEAST_SURENESS = 0.6
_ASSERTION = re.compile(r"^[ \t]*(?:self\.)?(?:assert|expect)", re.MULTILINE)
_UNNAMED = "module_under_test"


async def generate_tests(
    subject: Subject, request: GenerateTestsInput, asking: Asking, instructions: AssistInstructions
) -> AsyncGenerator[GenerateTestsEvent, None]:
    """Write tests for the stretch.

    Raises:
        InvalidRequestError: if there is nothing to test, it keeps secrets, or the framework is not known.
        UnsupportedLanguageError: for a language without a test framework.
        InvalidAnswerError: if what the model wrote does not pass the checks.
        ModelError: if the model cannot be asked.
    """
    check_writable(subject)
    targets, is_private = _targets(subject)
    symbols = names_of(subject, targets)
    desk, path = await asyncio.to_thread(_desk, subject, request.framework, symbols, is_private)
    framework, header = desk.framework, desk.header
    yield GeneratedTestsStart(language=subject.language.name, framework=framework.name, path=path, symbols=symbols)
    max_tokens = asking.answer_tokens(_ANSWER_TOKENS)
    shown = await asyncio.to_thread(show, subject, await asking.prompt_characters(max_tokens))
    messages = _messages(shown, subject, framework, header, symbols, instructions)
    answer = ""
    starts = re.compile(framework.start, re.MULTILINE)
    async with aclosing(asking.stream(messages, max_tokens=max_tokens, has_doubts=True)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Started):
                yield piece
                continue
            answer += piece
            if asking.has_checks and (enough := _enough(answer, starts)) is not None:
                answer = closed(answer[:enough], subject.language)
                break
    if asking.has_checks and asking.last_reason == "length":
        answer = _whole(answer, starts, subject.language)
    file, repaired = desk.file(answer), False
    if file.problems and asking.has_checks:
        repaired = True
        reasons = "\n".join(f"- {problem.message}" for problem in file.problems)
        repair = Message(role="user", content=fill(instructions.repair, problems=reasons))
        messages = (*messages, Message(role="assistant", content=answer), repair)
        answer = await asking.whole(messages, max_tokens=max_tokens, has_doubts=True)
        file = desk.file(answer)
    if file.problems and asking.has_checks:
        raise not_valid("tests", list(file.problems), was_cut=asking.last_reason == "length")
    reason = asking.last_reason
    unconfirmed: tuple[str, ...] = ()
    if asking.has_checks and subject.language.name == "python":
        file, unconfirmed = await asyncio.to_thread(_confirmed, desk, file, answer, asking)
    yield GeneratedTests(
        language=subject.language.name,
        tests=file.text if asking.has_checks else code_in(answer),
        framework=framework.name,
        path=path,
        parses=not file.problems or asking.has_checks,
        covers=file.covers,
        repaired=repaired,
        unconfirmed=unconfirmed,
        **asking.how_it_came(shown.truncated, reason=reason),
    )


def _desk(subject: Subject, wanted: str | None, symbols: tuple[str, ...], is_private: bool) -> tuple["_Desk", str]:
    """Find framework, imports and place by the files of the project; it blocks."""
    project = find_project(subject.path, f"{_UNNAMED}.{subject.language.extensions[0]}")
    framework = choose_framework(wanted, subject.language.name, project)
    top = tuple(dict.fromkeys(name.partition(".")[0] for name in symbols))
    target = Target(
        text=subject.text, project=project, names=top, language=subject.language.name, is_private=is_private
    )
    desk = _Desk(subject, framework, framework.header(target), symbols, target.stem)
    return desk, project.shown(framework.path(target))


def _targets(subject: Subject) -> tuple[tuple[Definition, ...], bool]:
    """Choose what is to be tested: what others can use of it, else everything, and say that it is private."""
    found = tuple(one for one in subject.focused if one.kind != "value" and not _is_inner(subject, one))
    public = tuple(one for one in found if is_public(subject, one))
    if not found:
        raise InvalidRequestError(
            "there is nothing to test: no function and no class is defined in it",
            hint="Send or select code that defines one.",
            details={"field": "code"},
        )
    return public or found, not public


def _is_inner(subject: Subject, one: Definition) -> bool:
    """Tell whether something is defined within a function, where no test can reach it."""
    while one.parent is not None:
        one = subject.definitions[one.parent]
        if one.kind == "function":
            return True
    return False


def _messages(
    shown: Shown,
    subject: Subject,
    framework: Framework,
    header: str,
    symbols: tuple[str, ...],
    instructions: AssistInstructions,
) -> tuple[Message, ...]:
    related = f"What is around it, for reference only:\n{fenced(shown.related)}" if shown.related else ""
    content = fill(
        instructions.generate_tests,
        framework=framework.name,
        names=", ".join(f"`{name}`" for name in symbols[:8]),
        language=subject.language.name,
        related=related,
        code=fenced(shown.code, subject.language.name),
        header=fenced(header, subject.language.name),
        count=str(_TESTS),
        style=framework.style,
    )
    return (Message(role="system", content=instructions.system), Message(role="user", content=content))


def _enough(answer: str, starts: re.Pattern[str]) -> int | None:
    """Say where an answer has all the tests that were asked for, or goes on asserting for ever."""
    begun = [match.start() for match in starts.finditer(answer)][_TESTS:]
    asserted = [match.start() for match in _ASSERTION.finditer(answer)][_MOST_ASSERTIONS:]
    return min([*begun, *asserted], default=None)


def _whole(answer: str, starts: re.Pattern[str], language: Language) -> str:
    """Take the test off that an answer broke off in, or its last line where it is the only one."""
    begun = [match.start() for match in starts.finditer(answer)]
    return closed(answer[: begun[-1]] if len(begun) > 1 else answer.rpartition("\n")[0], language)


class _Desk(msgspec.Struct, frozen=True):
    """What does not change from one try to the next."""

    subject: Subject
    framework: Framework
    header: str
    symbols: tuple[str, ...]
    stem: str

    def file(self, answer: str) -> Written:
        """Make a file of an answer."""
        source = self.subject.syntax
        return written_tests(code_in(answer), self.header, self.framework, source, self.symbols, self.stem)

    def again(self, file: Written, body: str) -> Written:
        """Look at a file with another body."""
        changed = msgspec.structs.replace(file, body=body)
        return looked_at(changed, self.framework, self.subject.syntax, self.symbols)


def _confirmed(desk: _Desk, file: Written, answer: str, asking: Asking) -> tuple[Written, tuple[str, ...]]:
    """Drop tests that cannot work, and what claims a value the model was not sure of when it wrote it.

    Where nothing would be left, all stay and are named as not confirmed.
    """
    names = {name.rpartition(".")[2] for name in desk.symbols}
    lines = file.body.split("\n")
    doubtful: list[PythonTest | Claim] = []
    names_of_doubtful: list[str] = []
    for test in python_tests(file.body, desk.subject.text, names):
        unsure = [claim for claim in test.claims if not _is_sure(claim, lines, answer, asking)]
        if not test.is_possible or len(unsure) == test.assertions > 0:
            doubtful.append(test)
        else:
            doubtful.extend(unsure)
        if unsure or not test.is_possible:
            names_of_doubtful.append(test.name)
    if not doubtful:
        return file, ()
    left = desk.again(file, without(file.body, doubtful))
    if left.problems:
        return file, tuple(names_of_doubtful)
    return left, ()


def _is_sure(claim: Claim, lines: Sequence[str], answer: str, asking: Asking) -> bool:
    """Tell whether the model was sure of a value; one that tells no probabilities is believed."""
    statement = "\n".join(lines[claim.first : claim.last]).strip()
    start = answer.find(statement)
    if start < 0:
        return True
    place = statement.rfind(claim.value)
    # Of a bare `assert call` the value is what does not stand there: a `not`.
    first, length = (place, len(claim.value)) if place >= 0 else (len("assert "), 1)
    sureness = asking.sureness(start + first, start + first + length)
    return sureness is None or sureness >= _LEAST_SURENESS

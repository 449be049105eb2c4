"""`generate-tests`: the model writes tests in a fence, and they are made into a file that parses and imports.

Framework, place and imports are known before it is asked; which symbols the tests cover is looked up in what it
wrote. Nothing is ever executed here.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from andiron_daemon.answers import Started, TextDelta
from andiron_daemon.assist.asking import Asking
from andiron_daemon.assist.context import Shown, fenced, names_of, show
from andiron_daemon.assist.definitions import Definition
from andiron_daemon.assist.frameworks import Framework, Tested, choose_framework
from andiron_daemon.assist.instructions import AssistInstructions, fill
from andiron_daemon.assist.projects import find_project
from andiron_daemon.assist.refactor import check_writable
from andiron_daemon.assist.subject import Subject
from andiron_daemon.assist.tested import TestFile, test_file
from andiron_daemon.assist.types import GeneratedTests, GeneratedTestsStart, GenerateTestsInput
from andiron_daemon.assist.validation import not_valid
from andiron_daemon.assist.written import code_in
from andiron_daemon.errors import InvalidRequestError
from andiron_models.types import Message

GenerateTestsEvent = GeneratedTestsStart | Started | TextDelta | GeneratedTests

_ANSWER_TOKENS = 700
_TESTS = 3
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
    suffix = subject.language.extensions[0]
    project = await asyncio.to_thread(find_project, subject.path, f"{_UNNAMED}.{suffix}")
    framework = choose_framework(request.framework, subject.language.name, project)
    targets = _targets(subject)
    symbols = names_of(subject, targets)
    top = tuple(dict.fromkeys(name.partition(".")[0] for name in symbols))
    tested = Tested(text=subject.text, project=project, names=top, language=subject.language.name)
    header, path = await asyncio.to_thread(lambda: (framework.header(tested), project.shown(framework.path(tested))))
    yield GeneratedTestsStart(language=subject.language.name, framework=framework.name, path=path, symbols=symbols)
    max_tokens = asking.answer_tokens(_ANSWER_TOKENS)
    shown = show(subject, await asking.prompt_characters(max_tokens))
    messages = _messages(shown, subject, framework, header, symbols, instructions)
    answer = ""
    async with aclosing(asking.stream(messages, max_tokens=max_tokens)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Started):
                yield piece
            else:
                answer += piece
    file, repaired = _file(answer, header, framework, subject, symbols, tested.stem), False
    if file.problems:
        repaired = True
        reasons = "\n".join(f"- {problem.message}" for problem in file.problems)
        repair = Message(role="user", content=fill(instructions.repair, problems=reasons))
        messages = (*messages, Message(role="assistant", content=answer), repair)
        answer = await asking.whole(messages, max_tokens=max_tokens)
        file = _file(answer, header, framework, subject, symbols, tested.stem)
    if file.problems:
        raise not_valid("tests", file.problems, was_cut=asking.last_reason == "length")
    yield GeneratedTests(
        language=subject.language.name,
        tests=file.text,
        framework=framework.name,
        path=path,
        parses=True,
        covers=file.covers,
        repaired=repaired,
        **asking.how_it_came(shown.truncated),
    )


def _targets(subject: Subject) -> tuple[Definition, ...]:
    """Choose what is to be tested: functions, and classes with what is public in them."""
    found = [one for one in subject.focused if one.kind != "value" and not _is_inner(subject, one)]
    public = tuple(one for one in found if not one.name.startswith("_"))
    targets = public or tuple(found)
    if not targets:
        raise InvalidRequestError(
            "there is nothing to test: no function and no class is defined in it",
            hint="Send or select code that defines one.",
            details={"field": "code"},
        )
    return targets


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


def _file(
    answer: str, header: str, framework: Framework, subject: Subject, symbols: tuple[str, ...], stem: str
) -> TestFile:
    return test_file(code_in(answer), header, framework, subject.language, symbols, stem)

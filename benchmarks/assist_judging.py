"""What one function's answers are worth, judged with and without the checks; one row for each thing that is counted."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from andiron_daemon.analysis.linters.desk import LintDesk
from andiron_daemon.assist.asking import sureness_at
from andiron_daemon.assist.context import show
from andiron_daemon.assist.find_bugs import compared
from andiron_daemon.assist.findings import range_of
from andiron_daemon.assist.instructions import read_assist_instructions
from andiron_daemon.assist.service import AssistService
from andiron_daemon.assist.subject import Subject, read_subject
from andiron_daemon.assist.types import AssistInput, FindBugsInput, GenerateTestsInput, RefactorInput
from andiron_daemon.assist.written import code_in, fitted
from andiron_daemon.counters import Counters
from andiron_daemon.errors import DaemonError
from andiron_models.backend import Backend
from andiron_models.errors import ModelError
from andiron_models.router import Router
from benchmarks.assist_cases import Case, keeps_behaviour, parses
from benchmarks.assist_running import outcomes_of, project_of
from benchmarks.recording import Record, Recorded, RecordingBackend

_ROOM = 9000


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """One refactored text, or none."""

    parses: bool = False
    keeps: bool = False
    changes: bool = False
    is_told: bool = True
    is_repaired: bool = False


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """One place the model wrote differently, how sure it was, and whether the bug is there."""

    is_hit: bool
    sureness: float | None = None


class Hunt(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one text: by the first answer, by the static checks, and told in the end."""

    is_buggy: bool
    raw: list[Suspicion]
    static: list[Suspicion]
    told: list[Suspicion]
    dropped: dict[str, int]


class RunTests(msgspec.Struct, frozen=True, kw_only=True):
    """How a file of tests ran; `doubted` are tests that were taken out or named as unsure."""

    is_told: bool = True
    parses: bool = False
    is_green: bool = False
    notices: bool = False
    outcomes: dict[str, bool] = {}
    doubted: tuple[str, ...] = ()


class Judge:
    """Asks through the record and judges."""

    def __init__(self, backend: Backend, record: Record, model: str, *, is_asked: bool = True) -> None:
        self._backend = backend
        self._desk = LintDesk()
        # What is said of a refactoring and of a bug is not measured; what sureness adds is, so once it is not told.
        unasked = frozenset({"changes", "severity"})
        self._all = RecordingBackend(backend, record, model, unasked, is_asked=is_asked)
        self._static = RecordingBackend(backend, record, model, unasked, is_asked=is_asked, is_sure=True)

    def _made(self, backend: RecordingBackend) -> AssistService:
        return AssistService(Router({"local": backend}), Counters(), read_assist_instructions(), self._desk.lint)

    async def aclose(self) -> None:
        """End the engine and the linters."""
        await self._desk.aclose()
        await self._backend.aclose()

    async def refactor(self, case: Case) -> tuple[Rewritten, Rewritten]:
        """Judge the first answer, and what is told."""
        request = RefactorInput(code=case.code, path=case.path)
        subject = await read_subject(request)
        _, answer, first = await self._answer(self._all, self._made(self._all).refactor(request))
        raw = await asyncio.to_thread(_rewritten, case, fitted(subject, code_in(first.text)))
        if answer is None:
            return raw, Rewritten(is_told=False)
        told = await asyncio.to_thread(_rewritten, case, answer.code)
        return raw, msgspec.structs.replace(told, is_repaired=answer.repaired)

    async def hunt(self, case: Case, *, is_buggy: bool) -> Hunt:
        """Look for bugs in one of both versions."""
        code = case.buggy if is_buggy else case.code
        subject = await read_subject(AssistInput(code=code, path=case.path))
        _, report, first = await self._answer(
            self._all, self._made(self._all).find_bugs(FindBugsInput(code=code, path=case.path))
        )
        line = case.bad_line if is_buggy else -1
        told = [bug.range for bug in report.bugs if bug.source == "model"] if report is not None else []
        return Hunt(
            is_buggy=is_buggy,
            raw=_suspicions(subject, first, line, has_checks=False),
            static=_suspicions(subject, first, line, has_checks=True),
            told=[Suspicion(is_hit=place.start.line <= line <= place.end.line) for place in told],
            dropped=report.dropped if report is not None else {},
        )

    async def hunts(self, case: Case) -> tuple[Hunt, Hunt]:
        """Look for bugs in both versions, the one with the bug first."""
        return await self.hunt(case, is_buggy=True), await self.hunt(case, is_buggy=False)

    async def tests(self, case: Case) -> tuple[RunTests, RunTests, RunTests]:
        """Judge the first answer, the file the static checks make of it, and what is told in the end."""
        with project_of({case.path: case.code}) as folder:
            request = GenerateTestsInput(code=case.code, path=str(folder / case.path))
            start, checked, first = await self._answer(self._static, self._made(self._static).generate_tests(request))
            _, told, _ = await self._answer(self._all, self._made(self._all).generate_tests(request))
            where = str(Path(start.path).relative_to(folder))
        raw = await asyncio.to_thread(_run, case, where, code_in(first.text))
        if checked is None or told is None:
            return raw, RunTests(is_told=False), RunTests(is_told=False)
        static = await asyncio.to_thread(_run, case, where, checked.tests)
        final = static if told.tests == checked.tests else await asyncio.to_thread(_run, case, where, told.tests)
        gone = tuple(name for name in static.outcomes if name not in final.outcomes)
        return raw, static, msgspec.structs.replace(final, doubted=(*gone, *told.unconfirmed))

    async def _answer(
        self, backend: RecordingBackend, events: AsyncGenerator[Any, None]
    ) -> tuple[Any, Any | None, Recorded]:
        """Return the first event, the answer, None for an honest failure, and what the model wrote first."""
        backend.told.clear()
        start = answer = None
        try:
            async with aclosing(events):
                async for event in events:
                    start, answer = start or event, event
        except (DaemonError, ModelError) as error:
            answer = None
            if not backend.told:
                raise
            print(f"  {error.message}")
        return start, answer, backend.told[0]


def _rewritten(case: Case, text: str) -> Rewritten:
    is_whole = parses(case, text)
    return Rewritten(
        parses=is_whole,
        keeps=is_whole and keeps_behaviour(case, text),
        changes="".join(text.split()) != "".join(case.code.split()),
    )


def _run(case: Case, where: str, tests: str) -> RunTests:
    is_green, outcomes = outcomes_of({case.path: case.code}, {where: tests})
    return RunTests(
        parses=parses(case, tests),
        is_green=is_green,
        notices=is_green and not outcomes_of({case.path: case.buggy}, {where: tests})[0],
        outcomes=outcomes,
    )


def _suspicions(subject: Subject, first: Recorded, line: int, *, has_checks: bool) -> list[Suspicion]:
    begin, findings = compared(
        subject, show(subject, _ROOM), first.text, was_cut=first.reason == "length", has_checks=has_checks
    )
    found = [(range_of(subject, one), sureness_at(first.pieces, begin + one.written_at)) for one in findings.kept]
    return [
        Suspicion(is_hit=place.start.line <= line <= place.end.line, sureness=sureness) for place, sureness in found
    ]

"""The analysis: one for the daemon. Its answer is a stream of events, the last of which is the whole answer.

    started ──► static part ──► whole answer, with linters and, where they were asked for, insights

The static part blocks and runs in threads of its own, few of them, since they share one interpreter lock; that of a
large text in a process, of which there are as few. Linters come by the seam `Desk`, insights by `TellInsights`; either
may fail, and the answer says so.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import msgspec

from andiron_daemon.analysis.aside import LARGE_CHARACTERS, look_aside
from andiron_daemon.analysis.linters.linter import Found
from andiron_daemon.analysis.static import LARGEST_CHARACTERS, Looked, analyse
from andiron_daemon.analysis.types import (
    Analysis,
    AnalysisInput,
    Insights,
    Linted,
    Metrics,
    StaticAnalysis,
)
from andiron_daemon.answers import Started
from andiron_daemon.errors import DaemonError
from andiron_daemon.identifiers import new_id
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax
from andiron_models.errors import InvalidRequestError, ModelError, ModelNotFoundError

AnalysisEvent = Started | StaticAnalysis | Analysis
LookAside = Callable[[AnalysisInput], Awaitable[Looked]]
_AT_ONCE = 2
# Nobody's: nothing is generated but insights, and these come last.
_NOBODY = "none"
# Of what is told of generated text, the rest is left out where there is nothing to tell.
_ALWAYS = frozenset(("insights", "backend", "model", "finish_reason", "usage", "timings", "masked"))


class Desk(Protocol):
    """Where a text is linted; what fails is said in what it returns, never raised."""

    async def lint(
        self, text: str, path: str | None, language: Language | None, syntax: Syntax | Found | None
    ) -> Linted:
        """Look at one text; instead of its tree, what our own rules found in it will do."""
        ...


class TellInsights(Protocol):
    """Who has something to say about a whole text."""

    async def __call__(self, request: AnalysisInput, metrics: Metrics, *, request_id: str | None) -> Insights:
        """Ask; raises ModelError or DaemonError where nobody can be asked."""
        ...


class AnalysisService:
    """Analyses texts; `aclose` waits for what is under way."""

    def __init__(self, desk: Desk, insights: TellInsights | None = None, look_aside: LookAside = look_aside) -> None:
        self._desk = desk
        self._insights = insights
        self._look_aside = look_aside
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="analysis")
        self._processes = asyncio.Semaphore(_AT_ONCE)

    async def analyse(
        self, request: AnalysisInput, *, request_id: str | None = None
    ) -> AsyncGenerator[AnalysisEvent, None]:
        """Analyse a text; closing the generator gives the rest up."""
        yield Started(id=request_id or new_id(), backend=_NOBODY, model=_NOBODY)
        looked = await self.look(request)
        static = looked.analysis
        yield static
        linted = await self._linted(request, looked)
        analysis = Analysis(
            language=static.language,
            parse=static.parse,
            metrics=static.metrics,
            symbols=static.symbols,
            diagnostics=linted.diagnostics,
            linters=linted.linters,
            notes=static.notes,
        )
        if request.insights:
            analysis = await self._with_insights(request, analysis, request_id)
        yield analysis

    async def look(self, request: AnalysisInput) -> Looked:
        """Do the static part."""
        if len(request.code) > LARGE_CHARACTERS:
            async with self._processes:
                return await self._look_aside(request)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, analyse, request.code, request.path, request.language)

    async def aclose(self) -> None:
        """End the threads."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def _linted(self, request: AnalysisInput, looked: Looked) -> Linted:
        if len(request.code) > LARGEST_CHARACTERS:
            return Linted()
        return await self._desk.lint(request.code, request.path, looked.language, looked.syntax or looked.rules)

    async def _with_insights(self, request: AnalysisInput, analysis: Analysis, request_id: str | None) -> Analysis:
        """Add what a model says; without one the analysis stands, and says what is missing.

        Raises:
            ModelError: the request names a backend or a model that is not there.
        """
        missing = "there is nobody who could be asked"
        if self._insights is not None:
            try:
                told = await self._insights(request, analysis.metrics, request_id=request_id)
            except (DaemonError, ModelError) as error:
                if isinstance(error, InvalidRequestError | ModelNotFoundError):
                    raise
                missing = error.message if error.hint is None else f"{error.message}. {error.hint}"
            else:
                fields = msgspec.structs.asdict(told)
                given = {name: value for name, value in fields.items() if name in _ALWAYS or value}
                return msgspec.structs.replace(analysis, **given)
        return msgspec.structs.replace(
            analysis, insights=(), notes=(*analysis.notes, f"insights are missing: {missing}")
        )

"""The assists: one for the daemon. Each answer is a stream of events, the last of which is the whole answer.

    static part ──► started ──► text … ──► answer
         └ what linters, rules and the parse tell; all there is where no model can be asked

Closing a stream cancels the model's work. Nothing that was sent or written is ever executed.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from andiron_daemon.analysis.types import AnalysisInput, Insights, Metrics
from andiron_daemon.answers import Generated
from andiron_daemon.assist.asking import Asking
from andiron_daemon.assist.explain import ExplainEvent, explain
from andiron_daemon.assist.find_bugs import FindBugsEvent, find_bugs
from andiron_daemon.assist.generate_tests import GenerateTestsEvent, generate_tests
from andiron_daemon.assist.insights import insights_of
from andiron_daemon.assist.instructions import AssistInstructions
from andiron_daemon.assist.linting import Lint, no_lint
from andiron_daemon.assist.refactor import RefactorEvent, refactor
from andiron_daemon.assist.subject import read_subject
from andiron_daemon.assist.types import (
    AssistInput,
    ExplainInput,
    FindBugsInput,
    GenerateTestsInput,
    RefactorInput,
)
from andiron_daemon.counters import Counters
from andiron_daemon.identifiers import new_id
from andiron_models.router import Router

AssistEvent = ExplainEvent | RefactorEvent | FindBugsEvent | GenerateTestsEvent


class AssistService:
    """Explains, refactors, finds bugs and writes tests."""

    def __init__(
        self,
        router: Router,
        counters: Counters,
        instructions: AssistInstructions,
        lint: Lint = no_lint,
        *,
        has_checks: bool = True,
    ) -> None:
        self._router = router
        self._counters = counters
        self._instructions = instructions
        self._lint = lint
        self._has_checks = has_checks

    async def explain(
        self, request: ExplainInput, *, request_id: str | None = None
    ) -> AsyncGenerator[ExplainEvent, None]:
        """Explain code.

        Raises:
            DaemonError: if what was sent cannot be worked on.
            ModelError: if the request is refused; a model that cannot be asked now is said in the answer.
        """
        asking = self._asking(request, request_id)
        subject = await read_subject(request)
        async with aclosing(explain(subject, request, asking, self._instructions)) as events:
            async for event in events:
                self._count(event)
                yield event

    async def refactor(
        self, request: RefactorInput, *, request_id: str | None = None
    ) -> AsyncGenerator[RefactorEvent, None]:
        """Write code better.

        Raises:
            DaemonError: if what was sent cannot be worked on, or what the model wrote is not valid.
            ModelError: if the model cannot be asked.
        """
        asking = self._asking(request, request_id)
        subject = await read_subject(request)
        async with aclosing(refactor(subject, request, asking, self._instructions, self._lint)) as events:
            async for event in events:
                self._count(event)
                yield event

    async def find_bugs(
        self, request: FindBugsInput, *, request_id: str | None = None
    ) -> AsyncGenerator[FindBugsEvent, None]:
        """Look for bugs; raises as `explain` does."""
        asking = self._asking(request, request_id)
        subject = await read_subject(request)
        async with aclosing(find_bugs(subject, asking, self._instructions, self._lint)) as events:
            async for event in events:
                self._count(event)
                yield event

    async def generate_tests(
        self, request: GenerateTestsInput, *, request_id: str | None = None
    ) -> AsyncGenerator[GenerateTestsEvent, None]:
        """Write tests; raises as `refactor` does."""
        asking = self._asking(request, request_id)
        subject = await read_subject(request)
        async with aclosing(generate_tests(subject, request, asking, self._instructions)) as events:
            async for event in events:
                self._count(event)
                yield event

    async def insights(self, request: AnalysisInput, metrics: Metrics, *, request_id: str | None = None) -> Insights:
        """Say what is worth knowing about a file, for its analysis; raises as `refactor` does."""
        fields = {name: getattr(request, name) for name in ("code", "path", "language", "backend", "model")}
        text = AssistInput(**fields)
        asking = self._asking(text, request_id)
        subject = await read_subject(text)
        figures = (
            f"{metrics.code_lines} lines of code, {metrics.functions} functions, {metrics.classes} classes, "
            f"complexity at most {metrics.max_complexity}, the longest function {metrics.longest_function} lines."
        )
        insights = await insights_of(subject, figures, asking, self._instructions)
        self._counters.count_answer(insights)
        return insights

    def _asking(self, request: AssistInput, request_id: str | None) -> Asking:
        return Asking(self._router, request, identifier=new_id(), request_id=request_id, has_checks=self._has_checks)

    def _count(self, event: AssistEvent) -> None:
        if isinstance(event, Generated):
            self._counters.count_answer(event)

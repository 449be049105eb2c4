"""The service: what comes first, what may fail, and what is said of it."""

from collections.abc import Callable

import msgspec

from andiron_daemon.analysis.service import AnalysisEvent, AnalysisService
from andiron_daemon.analysis.types import (
    Analysis,
    AnalysisInput,
    Insight,
    Insights,
    Linted,
    LinterRun,
    Metrics,
    StaticAnalysis,
)
from andiron_daemon.answers import Started
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax
from andiron_models.errors import BackendUnavailableError
from andiron_models.types import Timings, Usage


class EmptyDesk:
    """Linters that find nothing."""

    async def lint(self, text: str, path: str | None, language: Language | None, syntax: Syntax | None) -> Linted:
        return Linted(linters=(LinterRun(name="none", reason="there is none"),))


async def told(_request: AnalysisInput, metrics: Metrics, *, request_id: str | None) -> Insights:
    return Insights(
        insights=(Insight(title="Short", detail=f"{metrics.lines} line"),),
        backend="cloud",
        model=f"of {request_id}",
        finish_reason="stop",
        usage=Usage(completion_tokens=3),
        timings=Timings(),
        withheld=("b.py",),
    )


async def refused(_request: AnalysisInput, _metrics: Metrics, **_: object) -> Insights:
    raise BackendUnavailableError("no model is installed", hint="Pull one.")


async def events_of(request: AnalysisInput, insights: Callable[..., object] | None = None) -> list[AnalysisEvent]:
    service = AnalysisService(EmptyDesk(), insights)  # type: ignore[arg-type] # any of the two above
    try:
        return [event async for event in service.analyse(request, request_id="r1")]
    finally:
        await service.aclose()


async def whole(request: AnalysisInput, insights: Callable[..., object] | None = None) -> Analysis:
    answer = (await events_of(request, insights))[-1]
    assert isinstance(answer, Analysis)
    return answer


async def test_the_static_part_comes_first_and_the_whole_last() -> None:
    events = await events_of(AnalysisInput(code="x = (\n", path="a.py"))
    assert [type(event) for event in events] == [Started, StaticAnalysis, Analysis]
    static, answer = events[1], events[2]
    assert isinstance(static, StaticAnalysis)
    assert isinstance(answer, Analysis)
    assert (static.parse, static.metrics) == (answer.parse, answer.metrics)
    assert answer.linters[0].reason == "there is none"


async def test_insights_are_asked_for_only_when_wanted() -> None:
    plain = msgspec.to_builtins(await whole(AnalysisInput(code="x", path="a.py"), told))
    assert not {"insights", "backend", "usage", "masked"} & set(plain)
    answer = await whole(AnalysisInput(code="x", path="a.py", insights=True), told)
    assert answer.insights == (Insight(title="Short", detail="1 line"),)


async def test_insights_say_who_told_them_and_what_they_cost() -> None:
    answer = msgspec.to_builtins(await whole(AnalysisInput(code="x", path="a.py", insights=True), told))
    assert (answer["backend"], answer["model"], answer["finish_reason"]) == ("cloud", "of r1", "stop")
    assert (answer["usage"]["completion_tokens"], answer["masked"], answer["withheld"]) == (3, 0, ("b.py",))
    assert not {"truncated", "fallback"} & set(answer)


async def test_without_a_model_the_analysis_stands_and_says_what_is_missing() -> None:
    answer = await whole(AnalysisInput(code="x = 1", path="a.py", insights=True), refused)
    assert answer.insights == ()
    assert answer.notes == ("insights are missing: no model is installed. Pull one.",)
    assert answer.metrics.lines == 1
    nobody = await whole(AnalysisInput(code="x = 1", path="a.py", insights=True))
    assert nobody.notes == ("insights are missing: there is nobody who could be asked",)

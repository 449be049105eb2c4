"""Large texts are looked at in a process of their own, with the same answer and with bounds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from andiron_daemon.analysis.aside import LARGE_CHARACTERS, look_aside
from andiron_daemon.analysis.linters.desk import LintDesk
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.service import AnalysisService
from andiron_daemon.analysis.static import Looked, analyse, unseen
from andiron_daemon.analysis.types import Analysis, AnalysisInput

_FUNCTION = "def twice(x):\n    if x:\n        return x + x\n        x = 1\n    return '🙂'\n\n"
_LARGE = _FUNCTION * (LARGE_CHARACTERS // len(_FUNCTION) + 1)


@asynccontextmanager
async def service_with(begun: asyncio.Queue[AnalysisInput], let: asyncio.Event) -> AsyncIterator[AnalysisService]:
    """Make a service whose processes are only taken note of, and take until they are let."""

    async def note(request: AnalysisInput) -> Looked:
        begun.put_nowait(request)
        await let.wait()
        return unseen(request.code, request.path, request.language, "it was only taken note of")

    desk = LintDesk(chosen=["andiron"])
    service = AnalysisService(desk, look_aside=note)
    try:
        yield service
    finally:
        await service.aclose()
        await desk.aclose()


async def test_what_another_process_says_is_the_same() -> None:
    request = AnalysisInput(code=_FUNCTION, path="a.py")
    looked, here = await look_aside(request), await asyncio.to_thread(analyse, request.code, request.path)
    assert (looked.analysis, looked.language, looked.syntax) == (here.analysis, here.language, None)
    assert looked.rules is not None
    assert [one.rule for one in looked.rules.diagnostics] == ["unreachable-code"]


async def test_text_that_no_file_could_hold_comes_through() -> None:
    code = "x\ud800 = '\0'\n"
    looked = await look_aside(AnalysisInput(code=code, language="python"))
    assert looked.analysis == (await asyncio.to_thread(analyse, code, None, "python")).analysis


async def test_text_of_no_known_language_comes_through() -> None:
    looked = await look_aside(AnalysisInput(code="???", path="a.unknown"))
    assert (looked.language, looked.rules) == (None, None)
    assert looked.analysis.parse.reason == "neither the path nor the text tells the language"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(seconds=0.001), "it took longer than 0.001 s"),
        (Limits(output_bytes=10), "it printed more than 0 KiB"),
        (Limits(memory_bytes=1024 * 1024), "it "),
    ],
)
async def test_a_process_that_fails_costs_what_it_would_have_found(limits: Limits, reason: str) -> None:
    looked = await look_aside(AnalysisInput(code=_FUNCTION, path="a.py"), limits)
    assert not looked.analysis.parse.ok
    assert (looked.analysis.parse.reason or "").startswith(f"the process that looked at it failed: {reason}")
    assert looked.analysis.metrics.lines == 6
    assert (looked.syntax, looked.rules) == (None, None)


async def test_texts_above_a_size_are_looked_at_elsewhere_and_no_others() -> None:
    begun: asyncio.Queue[AnalysisInput] = asyncio.Queue()
    let = asyncio.Event()
    let.set()
    async with service_with(begun, let) as service:
        small = await service.look(AnalysisInput(code=_LARGE[:LARGE_CHARACTERS], path="a.py"))
        assert small.syntax is not None
        assert begun.empty()
        large = AnalysisInput(code=_LARGE, path="a.py")
        assert (await service.look(large)).analysis.parse.reason == "it was only taken note of"
        assert begun.get_nowait() is large


async def test_only_two_processes_are_at_work_at_once() -> None:
    begun: asyncio.Queue[AnalysisInput] = asyncio.Queue()
    let = asyncio.Event()
    async with service_with(begun, let) as service, asyncio.TaskGroup() as group:
        looking = [group.create_task(service.look(AnalysisInput(code=_LARGE, path="a.py"))) for _ in range(3)]
        await begun.get()
        await begun.get()
        await asyncio.wait(looking, timeout=0)
        assert begun.empty()
        let.set()
    assert begun.qsize() == 1


async def test_a_large_text_is_answered_whole() -> None:
    desk = LintDesk(chosen=["andiron"])
    service = AnalysisService(desk)
    try:
        events = [event async for event in service.analyse(AnalysisInput(code=_LARGE, path="a.py"))]
    finally:
        await service.aclose()
        await desk.aclose()
    answer = events[-1]
    assert isinstance(answer, Analysis)
    assert answer.metrics.functions == answer.metrics.lines // 6
    assert {one.rule for one in answer.diagnostics} == {"unreachable-code"}
    assert [run.name for run in answer.linters] == ["andiron"]

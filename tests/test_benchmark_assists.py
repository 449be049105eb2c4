"""The benchmark of the assists: its functions do what their checks say, and its record and tables are right."""

import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from benchmarks.assist_cases import Case, keeps_behaviour, parses, read_cases
from benchmarks.assist_judging import Hunt, Judge, Rewritten, RunTests, Suspicion
from benchmarks.assist_running import outcomes_of
from benchmarks.assists import bound_rows, bugs_rows, doubts_rows, green_rows, refactor_rows
from benchmarks.recording import NotRecordedError, Record, RecordingBackend

from andiron_models.errors import BackendUnavailableError
from andiron_models.types import ChatRequest, Message, Sampling
from andiron_testing.assists import code
from andiron_testing.doubting import DoubtingBackend
from andiron_testing.scripted import ScriptedBackend

_FUNCTIONS = read_cases("functions")
_CLUMSY = read_cases("clumsy")
_CASE = Case(
    name="half",
    path="tools/half.py",
    code="def half(number: int) -> float:\n    return number / 2\n",
    good="    return number / 2",
    bad="    return number // 2",
    checks="assert half(3) == 1.5",
)
_HIT, _ALARM = Suspicion(is_hit=True, sureness=0.9), Suspicion(is_hit=False, sureness=0.6)


async def _asked(backend: RecordingBackend, text: str, **sampling: object) -> str:
    request = ChatRequest(
        messages=(Message(role="user", content=text),),
        sampling=Sampling(**sampling),  # type: ignore[arg-type]  # fields of the struct
    )
    async with aclosing(backend.chat(request)) as deltas:
        return "".join([delta.text async for delta in deltas])


@pytest.mark.parametrize("case", _FUNCTIONS, ids=lambda case: str(case.name))
def test_a_functions_checks_hold_for_it_and_fail_for_its_bug(case: Case) -> None:
    assert case.code.count(case.good + "\n") == 1
    assert parses(case, case.code)
    assert keeps_behaviour(case, case.code)
    assert not keeps_behaviour(case, case.buggy)


@pytest.mark.parametrize("case", _CLUMSY, ids=lambda case: str(case.name))
def test_a_clumsy_functions_checks_hold_for_it(case: Case) -> None:
    assert keeps_behaviour(case, case.code)
    assert not keeps_behaviour(case, "")


def test_each_test_is_told_apart() -> None:
    both = "def test_a():\n    assert half(1) == 0.5\n\ndef test_b():\n    assert half(1) == 1"
    tests = f"from tools.half import half\n\n{both}"
    half = {_CASE.path: _CASE.code}
    assert outcomes_of(half, {"tests/test_half.py": tests}) == (False, {"test_a": True, "test_b": False})
    assert outcomes_of(half, {"tests/test_half.py": "import nothing_like_it"}) == (False, {})
    assert outcomes_of({"half.js": ""}, {"half.test.js": ""}) == (False, {})


@pytest.mark.parametrize(
    ("language", "place"),
    [("go", lambda path: path.with_stem(f"{path.stem}_test")), ("rust", lambda path: Path("tests", path.name))],
)
def test_the_checks_of_a_project_are_green_for_it_and_red_for_its_bugs(
    language: str, place: Callable[[Path], Path]
) -> None:
    cases = [case for case in read_cases("languages") if case.language == language]
    tests = {str(place(Path(case.path))): case.checks for case in cases}
    is_green, outcomes = outcomes_of({case.path: case.code for case in cases}, tests)
    assert (is_green, list(outcomes.values())) == (True, [True] * len(cases))
    is_green, outcomes = outcomes_of({case.path: case.buggy for case in cases}, tests)
    assert (is_green, list(outcomes.values())) == (False, [False] * len(cases))


async def test_what_was_asked_before_comes_from_the_file(tmp_path: Path) -> None:
    file, inner = tmp_path / "record.jsonl", ScriptedBackend("local")
    inner.enqueue("first answer", "second answer")
    assert await _asked(RecordingBackend(inner, Record(file), "m"), "one") == "first answer"
    again = RecordingBackend(inner, Record(file), "m")
    assert await _asked(again, "one") == "first answer"
    assert await _asked(again, "two") == "second answer"
    assert await _asked(again, "two") == "second answer"
    assert [one.text for one in again.told] == ["first answer", "second answer", "second answer"]
    assert len(inner.requests) == 2


async def test_another_model_or_other_sampling_is_another_question(tmp_path: Path) -> None:
    record, inner = Record(tmp_path / "record.jsonl"), ScriptedBackend("local")
    inner.enqueue("a", "b", "c")
    assert await _asked(RecordingBackend(inner, record, "m"), "one") == "a"
    assert await _asked(RecordingBackend(inner, record, "n"), "one") == "b"
    assert await _asked(RecordingBackend(inner, record, "m"), "one", temperature=0.5) == "c"


async def test_a_line_that_was_cut_is_asked_again(tmp_path: Path) -> None:
    file, inner = tmp_path / "record.jsonl", ScriptedBackend("local")
    inner.enqueue("a", "b", "b")
    backend = RecordingBackend(inner, Record(file), "m")
    await _asked(backend, "one")
    await _asked(backend, "two")
    file.write_bytes(file.read_bytes()[:-20])
    backend = RecordingBackend(inner, Record(file), "m")
    assert await _asked(backend, "one") == "a"
    assert await _asked(backend, "two") == "b"
    assert len(inner.requests) == 3
    assert [json.loads(line)["pieces"][0][0] for line in file.read_text().splitlines()] == ["a", "b"]


async def test_an_answer_that_broke_off_is_not_kept(tmp_path: Path) -> None:
    record, inner = Record(tmp_path / "record.jsonl"), ScriptedBackend("local")
    inner.enqueue(["half ", BackendUnavailableError("the worker died")], "whole")
    backend = RecordingBackend(inner, record, "m")
    with pytest.raises(BackendUnavailableError):
        await _asked(backend, "one")
    assert await _asked(backend, "one") == "whole"


async def test_a_record_that_is_only_read_asks_nothing(tmp_path: Path) -> None:
    inner = ScriptedBackend("local")
    backend = RecordingBackend(inner, Record(tmp_path / "record.jsonl"), "m", is_asked=False)
    with pytest.raises(NotRecordedError):
        await _asked(backend, "one")
    assert inner.requests == []


async def test_what_is_not_measured_is_not_asked(tmp_path: Path) -> None:
    inner = ScriptedBackend("local")
    backend = RecordingBackend(inner, Record(tmp_path / "record.jsonl"), "m", frozenset({"changes"}))
    schema = {"type": "object", "properties": {"changes": {}}}
    assert json.loads(await _asked(backend, "one", json_schema=schema)) == {"changes": []}
    assert (inner.requests, backend.told) == ([], [])


async def test_a_refactoring_is_judged_as_it_came_first_and_as_it_is_told(tmp_path: Path) -> None:
    inner = ScriptedBackend("local")
    better = "def half(number: int) -> float:\n    return 0.5 * number"
    inner.enqueue(code("def half(number: int -> float:"), code(better))
    judge = Judge(inner, Record(tmp_path / "record.jsonl"), "m")
    raw, answer = await judge.refactor(_CASE)
    await judge.aclose()
    assert raw == Rewritten(changes=True)
    assert answer == Rewritten(parses=True, keeps=True, changes=True, is_repaired=True)


async def test_a_refactoring_that_is_refused_is_not_told(tmp_path: Path) -> None:
    inner = ScriptedBackend("local")
    inner.enqueue(code("def halve(): pass"), code("def halve(): pass"))
    judge = Judge(inner, Record(tmp_path / "record.jsonl"), "m")
    raw, answer = await judge.refactor(_CASE)
    await judge.aclose()
    assert (raw.parses, raw.keeps) == (True, False)
    assert answer == Rewritten(is_told=False)


async def test_tests_are_judged_as_they_came_and_after_each_kind_of_check(tmp_path: Path) -> None:
    inner = ScriptedBackend("local")
    written = "def test_a():\n    assert half(3) == 1.5\n\n\ndef test_b():\n    assert half(1) == 7"
    inner.enqueue(code(written))
    judge = Judge(DoubtingBackend(inner, {"7": 0.3}), Record(tmp_path / "record.jsonl"), "m")
    raw, static, last = await judge.tests(_CASE)
    await judge.aclose()
    assert (raw.parses, raw.is_green, raw.outcomes) == (True, False, {"test_a": False, "test_b": False})
    assert (static.is_green, static.outcomes) == (False, {"test_a": True, "test_b": False})
    assert (last.is_green, last.notices, last.doubted) == (True, True, ("test_b",))


async def test_a_hunt_tells_hits_from_alarms(tmp_path: Path) -> None:
    inner = ScriptedBackend("local")
    inner.enqueue(code(_CASE.code), code(_CASE.buggy))
    judge = Judge(inner, Record(tmp_path / "record.jsonl"), "m")
    buggy, right = await judge.hunts(_CASE)
    await judge.aclose()
    assert [[one.is_hit for one in found] for found in (buggy.raw, buggy.static, buggy.told)] == [[True]] * 3
    assert [[one.is_hit for one in found] for found in (right.raw, right.static, right.told)] == [[False]] * 3


def test_the_table_of_refactorings_counts_what_is_told_broken() -> None:
    good = Rewritten(parses=True, keeps=True, changes=True, is_repaired=True)
    rows = refactor_rows([(Rewritten(changes=True), good), (Rewritten(), Rewritten(is_told=False))])
    assert rows == [
        ["without", "2/2", "0/2", "0/2", "1/2", "0/2", "2/2", "0/2"],
        ["with", "1/2", "1/2", "1/2", "1/2", "1/2", "0/2", "1/2"],
    ]


def test_the_tables_of_tests_set_doubts_against_outcomes() -> None:
    static = RunTests(parses=True, outcomes={"test_a": True, "test_b": False, "test_c": True})
    last = RunTests(parses=True, is_green=True, notices=True, outcomes={"test_a": True}, doubted=("test_b", "test_c"))
    triples = [(RunTests(), static, last)]
    assert green_rows(triples) == [
        ["without", "1/1", "0/1", "0/1", "0/1", "0/0"],
        ["static checks", "1/1", "1/1", "0/1", "0/1", "2/3"],
        ["with", "1/1", "1/1", "1/1", "1/1", "1/1"],
    ]
    assert doubts_rows([*triples, (RunTests(), static, static)]) == [
        ["green, 1st half", "2", "1"],
        ["red, 1st half", "1", "1"],
        ["green, 2nd half", "2", "0"],
        ["red, 2nd half", "1", "0"],
    ]


def test_the_tables_of_bugs_part_the_functions_in_halves() -> None:
    hunts = [
        Hunt(is_buggy=True, raw=[_HIT, _ALARM], static=[_HIT, _ALARM], told=[_HIT], dropped={}),
        Hunt(is_buggy=False, raw=[_ALARM], static=[_ALARM], told=[], dropped={}),
        Hunt(is_buggy=True, raw=[_ALARM], static=[], told=[], dropped={}),
        Hunt(is_buggy=False, raw=[], static=[], told=[], dropped={}),
    ]
    assert bugs_rows(hunts) == [
        ["without", "1/2", "1/2", "2"],
        ["static checks", "1/2", "1/2", "1"],
        ["with", "1/2", "0/2", "0"],
    ]
    rows = {row[0]: row[1:] for row in bound_rows(hunts)}
    assert rows["0.50"] == ["1/1", "1/1", "0/1", "0/1"]
    assert rows["0.70"] == ["1/1", "0/1", "0/1", "0/1"]
    assert rows["0.95"] == ["0/1", "0/1", "0/1", "0/1"]

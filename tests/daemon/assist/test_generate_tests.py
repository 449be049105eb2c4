import asyncio
from pathlib import Path
from textwrap import indent

import pytest

from andiron_daemon.answers import Started
from andiron_daemon.assist.service import AssistService
from andiron_daemon.assist.types import GeneratedTests, GeneratedTestsStart, GenerateTestsInput
from andiron_daemon.errors import InvalidAnswerError, InvalidRequestError, UnsupportedLanguageError
from andiron_testing.assists import answer_of, asked, code, events_of, lines
from andiron_testing.scripted import ScriptedBackend

_CODE = (
    "def add(a, b=0):\n    return a + b\n\n\n"
    "class Box:\n    def open(self):\n        return 1\n\n\n"
    "def _hidden():\n    pass\n"
)
_TESTS = "def test_add():\n    assert add(1, 2) == 3\n\n\ndef test_box():\n    assert Box().open() == 1"


def _ask(text: str = _CODE, **fields: object) -> GenerateTestsInput:
    fields.setdefault("path", "shop/sums.py")
    return GenerateTestsInput(code=text, **fields)  # type: ignore[arg-type]  # fields of the struct


async def test_the_answer_has_a_whole_file_its_place_and_what_it_covers(
    assist: AssistService, backend: ScriptedBackend
) -> None:
    backend.enqueue(code(_TESTS))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask()))
    assert answer.tests == f"from shop.sums import add, Box\n\n\n{_TESTS}\n"
    assert (answer.framework, answer.path) == ("pytest", "tests/test_sums.py")
    assert answer.covers == ("add", "Box", "Box.open")
    assert answer.parses
    assert answer.unconfirmed == ()
    assert "_hidden" not in asked(backend, 0).split("\n")[0]


async def test_only_symbols_the_tests_mention_are_covered(assist: AssistService, backend: ScriptedBackend) -> None:
    backend.enqueue(code("def test_add():\n    # Box too\n    assert add(1, 2) == 3"))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask()))
    assert answer.covers == ("add",)


async def test_wrong_imports_and_copies_of_the_code_are_taken_out(
    assist: AssistService, backend: ScriptedBackend
) -> None:
    written = (
        "import math\nimport pytest\nfrom your_module import add\n\n"
        "def add(a, b):\n    return a + b\n\n"
        "def test_add():\n    with pytest.raises(TypeError):\n        add(math.pi, None)\n\n"
        "if __name__ == '__main__':\n    pytest.main()\n"
    )
    backend.enqueue(code(written))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask()))
    assert "your_module" not in answer.tests
    assert "def add" not in answer.tests
    assert "__main__" not in answer.tests
    assert answer.tests.count("from shop.sums import") == 1
    assert answer.tests.startswith("import math\nimport pytest\n\nfrom shop.sums")


async def test_enough_tests_are_enough(assist: AssistService, backend: ScriptedBackend) -> None:
    tests = "\n\n".join(f"def test_{number}():\n    assert add({number})" for number in range(9))
    backend.enqueue(code(tests))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask()))
    assert answer.tests.count("def test_") == 3
    assert answer.finish_reason == "stop"
    assert backend.cancelled == 1


async def test_a_value_the_model_was_not_sure_of_costs_the_test(
    doubting: AssistService, sureness: dict[str, float], backend: ScriptedBackend
) -> None:
    sureness.update({"7": 0.5, "3": 0.7})
    backend.enqueue(code(_TESTS + "\n\n\ndef test_zero():\n    assert add(0) == 7"))
    answer: GeneratedTests = await answer_of(doubting.generate_tests(_ask()))
    assert "test_zero" not in answer.tests
    assert "test_add" in answer.tests
    assert answer.unconfirmed == ()
    assert len(backend.requests) == 1


async def test_of_several_assertions_only_the_unsure_ones_go(
    doubting: AssistService, sureness: dict[str, float], backend: ScriptedBackend
) -> None:
    sureness["8"] = 0.5
    backend.enqueue(code("def test_add():\n    assert add(1, 2) == 3\n    assert add(\n        4, 4\n    ) == 8"))
    answer: GeneratedTests = await answer_of(doubting.generate_tests(_ask()))
    assert answer.tests.endswith("def test_add():\n    assert add(1, 2) == 3\n")


@pytest.mark.parametrize(
    ("statement", "is_doubted"),
    [
        ("assert add(1, 2) == 4", True),
        ("assert add(4, 2) == 6", False),
        ("assert not add(0)", False),
        ("assert add(0)", False),
        ("assert add(1) == pytest.approx(4)", False),
    ],
)
async def test_where_nothing_is_sure_all_stay_and_are_named(
    doubting: AssistService, sureness: dict[str, float], backend: ScriptedBackend, statement: str, is_doubted: bool
) -> None:
    sureness["4"] = 0.5
    backend.enqueue(code(f"def test_add():\n    {statement}"))
    answer: GeneratedTests = await answer_of(doubting.generate_tests(_ask()))
    assert answer.unconfirmed == (("test_add",) if is_doubted else ())
    assert statement in answer.tests


async def test_doubts_are_of_the_answer_that_is_told_not_of_the_one_it_replaced(
    doubting: AssistService, sureness: dict[str, float], backend: ScriptedBackend
) -> None:
    sureness["9"] = 0.5
    backend.enqueue(
        code("def test_add(:\n    assert add(1, 2) == 3\nx = 1"), code("def test_b():\n    assert add(8) == 9")
    )
    answer: GeneratedTests = await answer_of(doubting.generate_tests(_ask()))
    assert (answer.repaired, answer.unconfirmed) == (True, ("test_b",))


async def test_a_call_that_cannot_work_costs_the_test_without_asking(
    assist: AssistService, backend: ScriptedBackend
) -> None:
    backend.enqueue(code(_TESTS + "\n\n\ndef test_three():\n    assert add(1, 2, 3) == 6"))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask()))
    assert "test_three" not in answer.tests
    assert len(backend.requests) == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("def test_add(:\n    assert add(1) == 1\n\nx = 1", "does not parse"),
        ("def test_it():\n    assert 1 == 1", "none of these is called"),
        ("x = add(1)\nassert x", "there are no tests"),
        ("def test_add():\n    add(1)", "nothing is asserted"),
    ],
)
async def test_tests_that_are_not_valid_go_back_once(
    assist: AssistService, backend: ScriptedBackend, bad: str, reason: str
) -> None:
    backend.enqueue(code(bad), code(_TESTS))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask()))
    assert answer.repaired
    assert reason in asked(backend, 1)
    again = [code(bad), code(bad)]
    backend.enqueue(*again)
    with pytest.raises(InvalidAnswerError) as raised:
        await answer_of(assist.generate_tests(_ask()))
    assert raised.value.details["problems"]


@pytest.mark.parametrize("bad", [f"x = 1\n\n{_TESTS}", f"class TestAdd:\n{indent(_TESTS, '    ')}"])
async def test_what_unittest_would_not_run_goes_back(assist: AssistService, backend: ScriptedBackend, bad: str) -> None:
    good = "class TestAdd(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)"
    backend.enqueue(code(bad), code(good))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask(framework="unittest")))
    assert "derived from unittest.TestCase" in asked(backend, 1)
    assert answer.tests == f"import unittest\n\nfrom shop.sums import add, Box\n\n\n{good}\n"


async def test_a_selection_limits_what_is_tested(assist: AssistService, backend: ScriptedBackend) -> None:
    backend.enqueue(code("def test_box():\n    assert Box().open() == 1"))
    answer: GeneratedTests = await answer_of(assist.generate_tests(_ask(selection=lines(4, 7))))
    assert answer.tests.startswith("from shop.sums import Box\n")


async def test_where_tests_belong_is_told_first(assist: AssistService, backend: ScriptedBackend) -> None:
    backend.enqueue(code(_TESTS))
    events = await events_of(assist.generate_tests(_ask()))
    assert isinstance(events[0], GeneratedTestsStart)
    assert events[0].symbols == ("add", "Box", "Box.open")
    assert [type(event) for event in events[1:]] == [Started, GeneratedTests]


async def test_the_project_of_the_path_decides(assist: AssistService, backend: ScriptedBackend, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "1"}}')
    tests = 'test("adds", () => { expect(add(1, 2)).toBe(3); });'
    backend.enqueue(code(tests, "js"))
    file = tmp_path / "web" / "sums.js"
    request = GenerateTestsInput(code="export function add(a, b) { return a + b; }\n", path=str(file))
    answer: GeneratedTests = await answer_of(assist.generate_tests(request))
    assert (answer.framework, answer.path) == ("vitest", str(tmp_path / "web" / "sums.test.js"))
    assert 'import { add } from "./sums.js";' in answer.tests
    assert answer.covers == ("add",)


@pytest.mark.parametrize(
    ("text", "fields", "error"),
    [
        ("x = 1\n", {}, InvalidRequestError),
        ("# nothing\n", {}, InvalidRequestError),
        (_CODE, {"framework": "jest"}, InvalidRequestError),
        ("key: value\n", {"path": "a.yaml"}, InvalidRequestError),
        ("foo() { echo 1; }\n", {"path": "a.sh"}, UnsupportedLanguageError),
    ],
)
async def test_what_cannot_be_tested_is_refused_without_asking(
    assist: AssistService, backend: ScriptedBackend, text: str, fields: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await answer_of(assist.generate_tests(_ask(text, **fields)))
    assert backend.requests == []


async def test_closing_cancels_the_models_work(assist: AssistService, backend: ScriptedBackend) -> None:
    backend.enqueue([asyncio.Event()])
    events = assist.generate_tests(_ask())
    assert isinstance(await anext(events), GeneratedTestsStart)
    assert isinstance(await anext(events), Started)
    await events.aclose()
    await backend.was_cancelled()

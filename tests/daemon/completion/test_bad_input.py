"""Texts nobody should send, and some do: a sensible answer or a clear error, in bounded time and memory."""

import json
import random

import pytest

from andiron_daemon.completion.plan import make_plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import UnsupportedLanguageError
from andiron_daemon.positions import Position
from andiron_models.types import ExtraFile
from andiron_testing.completions import complete, infill_asked, text_of
from andiron_testing.scripted import ScriptedBackend

NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": ["import os\n", "os."]}], "nbformat": 4})
_LONGEST_SENT = 20_000


async def test_ten_megabytes_before_the_cursor(completion: CompletionService, backend: ScriptedBackend) -> None:
    answer = await complete(completion, prefix="value = 1\n" * 1_000_000, session="s", path="a.py")
    assert len(infill_asked(backend, 0).prefix) < _LONGEST_SENT
    assert answer.truncated is not None
    assert answer.truncated.dropped_tokens > 2_000_000
    assert answer.completions[0].range.start == Position(1_000_000, 0)


async def test_a_line_of_a_megabyte_on_either_side(completion: CompletionService, backend: ScriptedBackend) -> None:
    line = "[" + "1, " * 350_000
    answer = await complete(completion, prefix=line, suffix=line, path="a.py")
    asked = infill_asked(backend)
    assert len(asked.prefix) < _LONGEST_SENT
    assert len(asked.suffix) < _LONGEST_SENT
    assert asked.prefix == line[-len(asked.prefix) :]
    assert answer.reason is None


async def test_large_files_as_context(completion: CompletionService, backend: ScriptedBackend) -> None:
    files = tuple(ExtraFile(path=f"{n}.py", content="def compute(x):\n    return x\n" * 30_000) for n in range(5))
    await complete(completion, prefix="compute(", context=files)
    assert sum(len(file.content) for file in infill_asked(backend).extra) < _LONGEST_SENT


@pytest.mark.parametrize("text", ["\0\1\2binary\0", "PK\3\4\0\0"])
async def test_binary_text_is_not_completed(completion: CompletionService, backend: ScriptedBackend, text: str) -> None:
    assert (await complete(completion, prefix=text)).reason == "not_worthwhile"
    assert backend.requests == []


async def test_noise_is_parsed_in_bounded_time(completion: CompletionService, backend: ScriptedBackend) -> None:
    noise = random.Random(1)
    text = "".join(chr(noise.randrange(32, 0x3000)) for _ in range(50_000))
    for path in ("a.py", "a.cpp", "a.md"):
        await complete(completion, prefix=text + "\nx = ", suffix=text, path=path)
    assert len(backend.requests) == 3


async def test_deep_nesting_does_not_exhaust_the_stack(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue("a\n  b\n  c")
    assert (await complete(completion, prefix="x = " + "([{" * 20_000 + "\n", path="a.js")).reason is None


async def test_lone_surrogates(completion: CompletionService, backend: ScriptedBackend) -> None:
    answer = await complete(completion, prefix="x = '\ud800' + ", suffix="\udfff\n")
    assert infill_asked(backend).prefix == "x = '\ufffd' + "
    assert answer.completions


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
async def test_line_ends_of_other_systems(
    completion: CompletionService, backend: ScriptedBackend, line_end: str
) -> None:
    backend.enqueue("a = 1\n    return a")
    answer = await complete(
        completion, prefix=f"def f():{line_end}    ", suffix=f"{line_end}{line_end}f()", path="a.py"
    )
    assert infill_asked(backend).prefix == "def f():\n    "
    assert text_of(answer) == f"a = 1{line_end}    return a"
    assert answer.completions[0].range.start == Position(1, 4)


async def test_tabs_and_spaces_mixed(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue("\treturn 1\n\nfoo()")
    answer = await complete(completion, prefix="if a:\n\tif b:\n        ", suffix="\n", path="a.py")
    assert text_of(answer) == "return 1"


@pytest.mark.parametrize("path", ["a.py", "a.unknown", None])
async def test_fim_tokens_in_the_source_are_text(
    completion: CompletionService, backend: ScriptedBackend, path: str | None
) -> None:
    backend.enqueue('"<|fim_middle|>"')
    answer = await complete(completion, prefix='TOKENS = ["<|fim_prefix|>", ', suffix="]\n", path=path)
    assert "<|fim_prefix|>" in infill_asked(backend).prefix
    assert text_of(answer) == '"<|fim_middle|>"'


async def test_fim_tokens_in_an_answer_about_something_else_end_it(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("foo()<|fim_pad|>bar")
    assert text_of(await complete(completion, prefix="x = ")) == "foo()"


async def test_a_cursor_in_a_string(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue("world)")
    answer = await complete(completion, prefix="print('hello ", suffix="')\n", path="a.py")
    assert infill_asked(backend).single_line
    assert text_of(answer) == "world)"


async def test_an_unknown_language_goes_by_indentation(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue("a := 1;\n  b := 2;\n\nend.\n")
    answer = await complete(completion, prefix="begin:\n  ", suffix="\n", path="a.pas", language="pascal")
    assert infill_asked(backend).language == "pascal"
    assert text_of(answer) == "a := 1;\n  b := 2;"


@pytest.mark.parametrize(("prefix", "suffix"), [("", ""), (" \n\t", "\n\n")])
async def test_an_empty_file_is_not_completed(
    completion: CompletionService, backend: ScriptedBackend, prefix: str, suffix: str
) -> None:
    answer = await complete(completion, prefix=prefix, suffix=suffix, path="a.py")
    assert (answer.completions, answer.reason, answer.finish_reason) == ((), "not_worthwhile", "stop")
    assert backend.requests == []


async def test_a_file_of_secrets_is_not_completed(completion: CompletionService, backend: ScriptedBackend) -> None:
    assert (await complete(completion, prefix="API_KEY=", path="project/.env")).reason == "not_worthwhile"
    assert backend.requests == []


async def test_the_json_of_a_notebook_is_refused_with_a_way_out(completion: CompletionService) -> None:
    with pytest.raises(UnsupportedLanguageError, match=r"work\.ipynb is a notebook") as caught:
        await complete(completion, prefix=NOTEBOOK[:80], suffix=NOTEBOOK[80:], path="work.ipynb")
    assert caught.value.hint is not None
    assert "cell" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [("import os\nos.", None, "python"), ("x <- 1", "r", "r"), (NOTEBOOK, "json", "json"), ("{a: 1}", None, "python")],
)
async def test_a_cell_of_a_notebook_is_completed_in_its_language(
    completion: CompletionService, backend: ScriptedBackend, text: str, language: str | None, expected: str
) -> None:
    await complete(completion, prefix=text, path="work.ipynb", language=language)
    assert infill_asked(backend).language in (expected, None)


async def test_between_letters_nothing_is_asked_where_the_policy_says_so() -> None:
    policy = CompletionPolicy(skip_inside_words=True)
    assert (await make_plan(CompletionInput(prefix="na", suffix="me"), policy)).refusal == "not_worthwhile"
    assert (await make_plan(CompletionInput(prefix="na", suffix=" me"), policy)).refusal is None
    assert (await make_plan(CompletionInput(prefix="na", suffix="me"), CompletionPolicy())).refusal is None

"""Code completion: what is asked of the backend, what supersedes what, what is answered."""

import asyncio
from contextlib import aclosing

import pytest

from andiron_daemon.answers import TextDelta
from andiron_daemon.completion import plan
from andiron_daemon.completion.gap import PREFIX_CHARACTERS
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.completion.types import Completion, CompletionAnswer, CompletionInput, CompletionStarted
from andiron_daemon.counters import Counters
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.positions import Position, Range
from andiron_models.errors import BackendUnavailableError, ModelError
from andiron_models.router import Router
from andiron_models.types import ExtraFile, Priority
from andiron_testing.completions import all_events, complete, infill_asked, text_of
from andiron_testing.scripted import ScriptedBackend


async def test_a_completion_is_announced_streamed_and_told_whole(
    completion: CompletionService, backend: ScriptedBackend, counters: Counters
) -> None:
    backend.enqueue("print( x)")
    started, delta, answer = await all_events(completion, prefix="a\nb")
    assert isinstance(started, CompletionStarted)
    assert delta == TextDelta(text="print( x)")
    assert isinstance(answer, CompletionAnswer)
    assert answer.id == started.id
    here = Range(Position(1, 1), Position(1, 1))
    assert answer.completions == (Completion(text="print( x)", range=here),)
    assert (answer.cached, answer.backend, answer.finish_reason, answer.reason) == ("no", "local", "stop", None)
    assert counters.tokens["local"].answers == 1


async def test_what_the_request_says_reaches_the_backend(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    extra = (ExtraFile(path="other.py", content="amount = 1"),)
    fields = {"path": "a.py", "language": "python", "context": extra, "session": "s"}
    await complete(completion, prefix="amount = ", suffix="\n", **fields)
    asked = infill_asked(backend)
    assert (asked.prefix, asked.suffix, asked.path, asked.language) == ("amount = ", "\n", "a.py", "python")
    assert (asked.extra, asked.place, asked.priority) == (extra, "s:a.py", Priority.COMPLETION)
    assert (asked.single_line, asked.max_tokens) == (False, 64)  # the line may open a block
    await complete(completion, prefix="amount = ", suffix="\n", multiline=False, **fields)
    assert infill_asked(backend).single_line


async def test_a_block_gets_more_room(completion: CompletionService, backend: ScriptedBackend) -> None:
    await complete(completion, prefix="def f():\n    ")
    assert (infill_asked(backend).single_line, infill_asked(backend).max_tokens) == (False, 160)


async def test_no_text_is_no_confidence(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue("")
    answer = await complete(completion, prefix="x")
    assert (answer.completions, answer.reason) == ((), "no_confidence")


async def test_without_filters_the_text_is_what_the_model_wrote(backend: ScriptedBackend) -> None:
    plain = CompletionService(Router({"local": backend}), Counters(), policy=CompletionPolicy(post_filters=False))
    backend.enqueue([" a ", "\n"])
    assert (await complete(plain, prefix="x")).completions[0].text == " a \n"


async def test_a_prefix_over_the_limit_is_cut_and_said(completion: CompletionService) -> None:
    answer = await complete(completion, prefix="x" * (PREFIX_CHARACTERS + 1))
    assert answer.truncated is not None
    assert answer.truncated.what == "the beginning of prefix"


@pytest.mark.parametrize(("field", "value"), [("max_tokens", -1), ("max_tokens", 5000), ("n", 0), ("n", 9)])
async def test_a_number_out_of_range_is_refused(
    completion: CompletionService, backend: ScriptedBackend, field: str, value: int
) -> None:
    with pytest.raises(InvalidRequestError, match=f"{field} is {value}") as caught:
        await complete(completion, prefix="x", **{field: value})
    assert caught.value.details["field"] == field
    assert backend.requests == []


@pytest.mark.parametrize("choice", [{"backend": "nope"}, {"model": "nope"}])
async def test_an_unknown_backend_or_model_is_refused(completion: CompletionService, choice: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="nope") as caught:
        await complete(completion, prefix="x", **choice)
    assert caught.value.code in ("invalid_request", "model_not_found")


async def test_a_newer_request_of_a_session_supersedes_the_older(
    completion: CompletionService, backend: ScriptedBackend, counters: Counters
) -> None:
    backend.enqueue(["begun", asyncio.Event()], "newer")
    older = asyncio.create_task(complete(completion, prefix="a", session="s", path="p"))
    await backend.arrived(1)
    newer = await complete(completion, prefix="ax", session="s", path="p")
    old = await older
    assert (old.completions, old.reason, old.finish_reason) == ((), "superseded", "cancelled")
    assert newer.completions[0].text == "newer"
    assert (backend.cancelled, counters.tokens["local"].answers) == (1, 1)


async def test_a_request_that_waits_for_its_backend_is_superseded_too(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.hold()
    older = asyncio.create_task(complete(completion, prefix="a", session="s"))
    await backend.arrived(1)
    newer = asyncio.create_task(complete(completion, prefix="ab", session="s"))
    assert (await older).reason == "superseded"
    backend.release()
    assert (await newer).reason is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"session": "s", "path": "p"}, {"session": "t", "path": "p"}),
        ({"session": "s", "path": "p"}, {"session": "s", "path": "q"}),
        ({"path": "p"}, {"path": "p"}),
    ],
)
async def test_other_sessions_paths_and_the_nameless_are_left_alone(
    completion: CompletionService, backend: ScriptedBackend, first: dict[str, str], second: dict[str, str]
) -> None:
    backend.hold()
    requests = (("x", first), ("y", second))
    tasks = [asyncio.create_task(complete(completion, prefix=prefix, **fields)) for prefix, fields in requests]
    await backend.arrived(2)
    backend.release()
    assert [answer.reason for answer in await asyncio.gather(*tasks)] == [None, None]


async def test_warming_up_answers_at_once_and_runs_behind(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.hold()
    assert await completion.warm_up(CompletionInput(prefix="x", max_tokens=0))
    await backend.arrived(1)
    asked = infill_asked(backend)
    assert (asked.max_tokens, asked.priority) == (0, Priority.BACKGROUND)
    await completion.aclose()
    assert backend.cancelled == 1


async def test_a_completion_supersedes_the_warming_up_of_its_place(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue([asyncio.Event()], "text")
    await completion.warm_up(CompletionInput(prefix="x", max_tokens=0, session="s"))
    await backend.arrived(1)
    assert (await complete(completion, prefix="xy", session="s")).completions
    await backend.was_cancelled(1)


async def test_a_failing_warm_up_is_logged_and_harms_nobody(
    completion: CompletionService, backend: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    backend.enqueue(BackendUnavailableError("no model"))
    await completion.warm_up(CompletionInput(prefix="x", path="a.py", max_tokens=0))
    await backend.arrived(1)
    await complete(completion, prefix="x")
    assert "warming up a.py failed: no model" in caplog.text


async def test_leaving_cancels_the_work(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue(["begun", asyncio.Event()])
    async with aclosing(completion.complete(CompletionInput(prefix="x"))) as events:
        async for event in events:
            if isinstance(event, CompletionStarted):
                break
    assert backend.cancelled == 1


async def test_an_answer_from_the_cache_needs_no_look_at_the_syntax(
    completion: CompletionService, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def parse_aside(*_: object, **__: object) -> None:
        raise AssertionError("the text is parsed")

    backend.enqueue("one + two")
    place = {"suffix": "\n", "path": "a.py", "session": "s"}
    await complete(completion, prefix="total = ", **place)
    monkeypatch.setattr(plan, "parse_aside", parse_aside)
    for typed, cached in (("", "exact"), ("o", "typed_through"), ("one ", "typed_through")):
        answer = await complete(completion, prefix=f"total = {typed}", **place)
        assert (answer.cached, text_of(answer)) == (cached, "one + two".removeprefix(typed))
    with pytest.raises(AssertionError, match="the text is parsed"):
        await complete(completion, prefix="other = ", **place)

"""What reaches the backend as a person opens a place, types, jumps and comes back."""

import asyncio

import pytest

from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.counters import Counters
from andiron_models.router import Router
from andiron_models.types import ExtraFile, InfillRequest, Priority
from andiron_testing.completions import complete, infill_asked, until
from andiron_testing.scripted import ScriptedBackend

PLACE = {"session": "s", "path": "a.py"}
LINES = "".join(f"value_{number} = compute({number})\n" for number in range(400))
SUFFIX = "\n" + "".join(f"print(value_{number})\n" for number in range(100))


async def prepared(backend: ScriptedBackend, count: int) -> InfillRequest:
    """Wait until the backend has finished so many requests, and return the last."""
    await until(lambda: backend.finished >= count)
    return infill_asked(backend)


async def test_typing_appends_to_what_was_sent_and_the_suffix_keeps_still(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("", [asyncio.Event()], "")
    await complete(completion, prefix=LINES, suffix=SUFFIX, **PLACE)
    first = infill_asked(backend, 0)
    await complete(completion, prefix=LINES + "x = f(", suffix=")" + SUFFIX, **PLACE)
    later = [request for request in backend.requests if isinstance(request, InfillRequest) and request.max_tokens][-1]
    assert later.prefix == first.prefix + "x = f("
    assert later.suffix == first.suffix
    assert later.place == first.place == "s:a.py"


async def test_a_cold_place_is_answered_from_a_small_window_and_a_large_one_is_prepared(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("a", "", "b")
    cold = await complete(completion, prefix=LINES, suffix=SUFFIX, **PLACE)
    small = infill_asked(backend, 0)
    assert cold.truncated is not None
    assert cold.truncated.what == "the beginning of prefix; the end of suffix"
    warming = await prepared(backend, 2)
    assert (warming.max_tokens, warming.priority, warming.place) == (0, Priority.BACKGROUND, "s:a.py:next")
    assert len(warming.prefix) > 1.5 * len(small.prefix)
    assert warming.prefix.endswith(small.prefix[-200:])
    await complete(completion, prefix=LINES + "z", suffix=SUFFIX, **PLACE)
    assert infill_asked(backend).prefix == warming.prefix + "z"
    assert infill_asked(backend).suffix == warming.suffix


async def test_the_large_window_quotes_what_it_leaves_out_of_the_file(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("a", "")
    declared = "def measure_everything(first, second):\n    return first + second\n\n\n"
    await complete(completion, prefix=declared + LINES + "x = measure_everything(", suffix=SUFFIX, **PLACE)
    assert infill_asked(backend, 0).extra == ()
    warming = await prepared(backend, 2)
    assert warming.extra == (ExtraFile(path="a.py", content=declared.strip()),)
    assert "def measure_everything" not in warming.prefix


async def test_warming_up_and_completing_send_the_same_prompt(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("", "a")
    await completion.warm_up(CompletionInput(prefix=LINES, suffix=SUFFIX, max_tokens=0, session="s", path="a.py"))
    warming = await prepared(backend, 1)
    await complete(completion, prefix=LINES, suffix=SUFFIX, **PLACE)
    assert (infill_asked(backend).prefix, infill_asked(backend).suffix) == (warming.prefix, warming.suffix)
    assert len(backend.requests) == 2


async def test_without_a_session_nobody_comes_back_and_one_window_is_enough(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("a")
    await complete(completion, prefix=LINES, suffix=SUFFIX, path="a.py")
    await completion.aclose()
    assert len(backend.requests) == 1
    assert len(infill_asked(backend).prefix) > 1000


async def test_a_jump_begins_a_new_place_and_coming_back_finds_the_old_one(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue(*[""] * 8)
    elsewhere = LINES[: len(LINES) // 2].rpartition("\n")[0] + "\n"
    await complete(completion, prefix=LINES, suffix=SUFFIX, **PLACE)
    first = infill_asked(backend, 0)
    await complete(completion, prefix=elsewhere, suffix="\n" + LINES[len(elsewhere) :], **PLACE)
    await complete(completion, prefix=LINES + "x", suffix=SUFFIX, **PLACE)
    asked = [request for request in backend.requests if isinstance(request, InfillRequest) and request.max_tokens]
    assert [request.prefix[-20:] for request in asked] == [LINES[-20:], elsewhere[-20:], (LINES + "x")[-20:]]
    assert asked[2].suffix == first.suffix or len(asked[2].suffix) > len(first.suffix)


async def test_other_files_go_into_the_large_window_only(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    extra = (ExtraFile(path="maths.py", content="def compute(number):\n    return number\n"),)
    backend.enqueue("a", "")
    await complete(completion, prefix=LINES, suffix=SUFFIX, context=extra, **PLACE)
    assert infill_asked(backend, 0).extra == ()
    warming = await prepared(backend, 2)
    assert [file.path for file in warming.extra] == ["maths.py"]


async def test_a_backend_that_keeps_nothing_sees_the_text_as_it_is(backend: ScriptedBackend) -> None:
    cloud = ScriptedBackend("openai")
    service = CompletionService(Router({"local": backend, "openai": cloud}, "openai"), Counters())
    await complete(service, prefix=LINES + "f(", suffix=")" + SUFFIX, **PLACE)
    asked = infill_asked(cloud)
    assert asked.suffix.startswith(")\n")
    assert len(asked.prefix) > 5000
    assert len(cloud.requests) == 1
    await service.aclose()


@pytest.mark.parametrize(
    ("policy", "backend", "told"),
    [
        (CompletionPolicy(), "local", 2),
        (CompletionPolicy(second_way=False), "local", 0),
        (CompletionPolicy(second_way=False, least_line_logprob=None), "local", None),
        (CompletionPolicy(post_filters=False), "local", None),
        (CompletionPolicy(), "openai", None),
        (CompletionPolicy(), "auto", None),
    ],
)
async def test_log_probabilities_are_asked_for_only_where_they_decide(
    policy: CompletionPolicy, backend: str, told: int | None
) -> None:
    local, cloud = ScriptedBackend("local"), ScriptedBackend("openai")
    service = CompletionService(Router({"local": local, "openai": cloud}, backend), Counters(), policy=policy)
    await complete(service, prefix="x = ")
    asked = infill_asked(local if local.requests else cloud)
    assert asked.sampling.logprobs == told
    await service.aclose()

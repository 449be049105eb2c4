"""Who waits for what: shared runs, following a running one, the cache, the next suggestion prepared."""

import asyncio
from contextlib import aclosing

import pytest

from andiron_daemon.answers import TextDelta
from andiron_daemon.completion.desk import Desk
from andiron_daemon.completion.plan import make_plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.completion.types import CompletionAnswer, CompletionInput, FeedbackInput
from andiron_daemon.counters import Counters
from andiron_daemon.errors import InvalidRequestError, NotFoundError
from andiron_models.errors import BackendUnavailableError
from andiron_models.router import Router
from andiron_models.types import Priority, Usage
from andiron_testing.completions import all_events, complete, infill_asked, text_of, until
from andiron_testing.scripted import ScriptedBackend

ACCEPTED = FeedbackInput(event="accepted")
PLACE = {"session": "s", "path": "a.py"}


async def test_identical_requests_share_one_run(
    completion: CompletionService, backend: ScriptedBackend, counters: Counters
) -> None:
    backend.hold()
    asking = [
        asyncio.create_task(complete(completion, prefix="x = ", session=session, path="a.py"))
        for session in ("s", "s", "t", None)
    ]
    await backend.arrived(1)
    backend.enqueue("never")
    backend.release()
    answers = await asyncio.gather(*asking)
    assert len(backend.requests) == 1
    assert {text_of(answer) for answer in answers} == {"fill(4, 0)"}
    assert {answer.reason for answer in answers} == {None}
    assert len({answer.id for answer in answers}) == 4
    assert counters.tokens["local"].answers == 1


async def test_one_of_several_may_leave_without_harm(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.hold()
    first, second = (asyncio.create_task(complete(completion, prefix="x = ")) for _ in range(2))
    await backend.arrived(1)
    first.cancel()
    backend.release()
    assert text_of(await second) == "fill(4, 0)"
    assert backend.cancelled == 0


async def test_a_failure_reaches_everybody_who_waits(completion: CompletionService, backend: ScriptedBackend) -> None:
    gate = asyncio.Event()
    backend.enqueue([gate, BackendUnavailableError("gone")])
    asking = [asyncio.create_task(complete(completion, prefix="x = ")) for _ in range(2)]
    await backend.arrived(1)
    gate.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(error) for error in told] == [BackendUnavailableError, BackendUnavailableError]


async def test_who_types_what_is_being_written_waits_for_it(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    gate = asyncio.Event()
    backend.enqueue(["foo(", gate, "bar)"])
    first = asyncio.create_task(complete(completion, prefix="x = ", **PLACE))
    await backend.arrived(1)
    second = asyncio.create_task(complete(completion, prefix="x = f", **PLACE))
    assert (await first).reason == "superseded"
    third = asyncio.create_task(complete(completion, prefix="x = fo", **PLACE))
    assert (await second).reason == "superseded"
    gate.set()
    answer = await third
    assert (text_of(answer), answer.cached, answer.usage) == ("o(bar)", "typed_through", Usage())
    assert (len(backend.requests), backend.cancelled) == (1, 0)


async def test_who_types_something_else_has_it_written_anew(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    gate = asyncio.Event()
    backend.enqueue([gate, "foo", asyncio.Event()], "ar")
    first = asyncio.create_task(complete(completion, prefix="x = ", **PLACE))
    await backend.arrived(1)
    second = asyncio.create_task(complete(completion, prefix="x = b", **PLACE))
    assert (await first).reason == "superseded"
    gate.set()
    answer = await second
    assert (text_of(answer), answer.cached) == ("ar", "no")
    await backend.was_cancelled(1)


async def test_following_can_be_turned_off(backend: ScriptedBackend) -> None:
    service = CompletionService(Router({"local": backend}), Counters(), policy=CompletionPolicy(follow_running=False))
    backend.enqueue(["foo", asyncio.Event()], "oo")
    first = asyncio.create_task(complete(service, prefix="x = ", **PLACE))
    await backend.arrived(1)
    assert text_of(await complete(service, prefix="x = f", **PLACE)) == "oo"
    assert (await first).reason == "superseded"
    assert len(backend.requests) == 2
    await service.aclose()


async def test_what_was_suggested_is_typed_through_without_the_model(
    completion: CompletionService, backend: ScriptedBackend, counters: Counters
) -> None:
    backend.enqueue("foo(bar)")
    first = await complete(completion, prefix="x = ")
    again, through = (
        await complete(completion, prefix="x = "),
        await complete(completion, prefix="x = foo(", suffix=")"),
    )
    assert (first.cached, again.cached, through.cached) == ("no", "exact", "typed_through")
    assert (text_of(again), text_of(through), through.usage) == ("foo(bar)", "bar", Usage())
    assert (through.backend, through.model, through.finish_reason) == ("local", "scripted-1", "stop")
    assert len(backend.requests) == 1
    assert counters.tokens["local"].answers == 1


async def test_what_the_limit_cut_short_is_written_anew_when_half_of_it_is_typed(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue(["foo(", "bar,", " never sent"], ["ar, baz)"])
    cut = await complete(completion, prefix="x = ", max_tokens=2)
    assert (text_of(cut), cut.finish_reason) == ("foo(bar,", "length")
    through = await complete(completion, prefix="x = foo(", max_tokens=2)
    assert (text_of(through), through.cached, through.finish_reason) == ("bar,", "typed_through", "length")
    renewed = await complete(completion, prefix="x = foo(b", max_tokens=2)
    assert (text_of(renewed), renewed.cached, renewed.finish_reason) == ("ar, baz)", "no", "stop")
    last = await complete(completion, prefix="x = foo(bar, ba", max_tokens=2)
    assert (text_of(last), last.cached) == ("z)", "typed_through")


async def test_a_cached_answer_is_told_as_a_stream_too(completion: CompletionService, backend: ScriptedBackend) -> None:
    backend.enqueue("foo")
    await complete(completion, prefix="x = ")
    started, delta, answer = await all_events(completion, stream=True, prefix="x = f")
    assert delta == TextDelta(text="oo")
    assert (type(started).__name__, type(answer).__name__) == ("CompletionStarted", "CompletionAnswer")


async def test_generation_is_stopped_where_the_text_is_enough(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue(["return 1\n", "\n\ndef g", asyncio.Event()])
    answer = await complete(completion, prefix="def f():\n    ", suffix="\n", path="a.py")
    assert (text_of(answer), answer.finish_reason) == ("return 1", "stop")
    assert backend.cancelled == 1


async def test_several_candidates_are_sampled_and_told_apart(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("one", "two", "one")
    answer = await complete(completion, prefix="x = ", n=3)
    assert [completion.text for completion in answer.completions] == ["one", "two"]
    temperatures = [infill_asked(backend, number).sampling.temperature for number in range(3)]
    assert temperatures == [0.0, 0.6, 0.6]
    assert answer.usage.completion_tokens == 3


async def test_confirmed_lines_stay_whatever_comes_after(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    gate = asyncio.Event()
    backend.enqueue(["a = 1\n", "    b = 2\n", gate, "    c = (\n", "    print("])
    deltas: list[str] = []
    request = CompletionInput(prefix="def f():\n    ", path="a.py")
    async with aclosing(completion.complete(request, stream=True)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                gate.set()
                deltas.append(event.text)
            elif isinstance(event, CompletionAnswer):
                assert "".join(deltas) == text_of(event) == "a = 1\n    b = 2"
    assert len(deltas) > 1


async def test_after_an_acceptance_the_next_suggestion_is_there_already(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("foo()", "\ny = 2")
    first = await complete(completion, prefix="x = ", suffix="\n", **PLACE)
    await completion.take_feedback(first.id, ACCEPTED)
    await backend.arrived(2)
    asked = infill_asked(backend)
    assert (asked.prefix, asked.priority) == ("x = foo()", Priority.BACKGROUND)
    await until(lambda: backend.finished >= 2)
    following = await complete(completion, prefix="x = foo()", suffix="\n", **PLACE)
    assert (text_of(following), len(backend.requests)) == ("\ny = 2", 2)


async def test_what_was_prepared_is_thrown_away_when_somebody_goes_elsewhere(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("foo()", [asyncio.Event()], "1")
    first = await complete(completion, prefix="x = ", **PLACE)
    await completion.take_feedback(first.id, ACCEPTED)
    await backend.arrived(2)
    assert text_of(await complete(completion, prefix="y = ", **PLACE)) == "1"
    await backend.was_cancelled(1)


async def test_who_asks_for_what_is_being_prepared_does_not_wait_behind_everything_else(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    backend.enqueue("foo()", [asyncio.Event()], "\ny = 2")
    first = await complete(completion, prefix="x = ", **PLACE)
    await completion.take_feedback(first.id, ACCEPTED)
    await backend.arrived(2)
    assert text_of(await complete(completion, prefix="x = foo()", **PLACE)) == "\ny = 2"
    assert infill_asked(backend).priority is Priority.COMPLETION


@pytest.mark.parametrize(
    "given",
    [FeedbackInput(event="shown"), FeedbackInput(event="rejected"), FeedbackInput(event="accepted", accepted_chars=2)],
)
async def test_nothing_is_prepared_where_the_suggestion_was_not_taken_whole(
    completion: CompletionService, backend: ScriptedBackend, given: FeedbackInput
) -> None:
    backend.enqueue("foo()")
    first = await complete(completion, prefix="x = ", **PLACE)
    await completion.take_feedback(first.id, given)
    await complete(completion, prefix="z = ", **PLACE)
    assert len(backend.requests) == 2


async def test_nothing_is_prepared_where_tokens_are_paid_for(backend: ScriptedBackend) -> None:
    cloud = ScriptedBackend("openai")
    service = CompletionService(Router({"local": backend, "openai": cloud}, "openai"), Counters())
    cloud.enqueue("foo()")
    first = await complete(service, prefix="x = ", **PLACE)
    await service.take_feedback(first.id, ACCEPTED)
    assert await service.warm_up(CompletionInput(prefix="x = ", max_tokens=0))
    await service.aclose()
    assert len(cloud.requests) == 1


async def test_feedback_for_what_was_never_offered_is_refused(
    completion: CompletionService, backend: ScriptedBackend
) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        await completion.take_feedback("nope", ACCEPTED)
    backend.enqueue("")
    nothing = await complete(completion, prefix="x = ")
    with pytest.raises(NotFoundError):
        await completion.take_feedback(nothing.id, ACCEPTED)


@pytest.mark.parametrize("accepted", [-1, 6])
async def test_no_more_than_was_offered_can_be_accepted(
    completion: CompletionService, backend: ScriptedBackend, accepted: int
) -> None:
    backend.enqueue("foo()")
    first = await complete(completion, prefix="x = ")
    with pytest.raises(InvalidRequestError, match="accepted_chars"):
        await completion.take_feedback(first.id, FeedbackInput(event="accepted", accepted_chars=accepted))


async def test_closing_ends_what_runs(backend: ScriptedBackend) -> None:
    service = CompletionService(Router({"local": backend}), Counters())
    backend.enqueue([asyncio.Event()])
    asking = asyncio.create_task(complete(service, prefix="x = "))
    await backend.arrived(1)
    await service.aclose()
    with pytest.raises(BackendUnavailableError, match="stopping"):
        await asking
    assert backend.cancelled == 1


async def test_the_order_in_which_requests_came_decides_who_is_newer() -> None:
    policy = CompletionPolicy()
    desk = Desk(policy)
    older, newer = [await make_plan(CompletionInput(prefix=prefix, session="s"), policy) for prefix in ("a", "b")]
    async with desk.ticket(newer, 2) as first_read, desk.ticket(older, 1) as second_read:
        assert (first_read.is_superseded, second_read.is_superseded) == (False, True)
    async with desk.ticket(older, 1) as first_read, desk.ticket(newer, 2) as second_read:
        assert (first_read.is_superseded, second_read.is_superseded) == (True, False)

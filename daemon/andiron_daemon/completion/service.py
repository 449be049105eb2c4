"""Completes code at a cursor: from a request to a suggestion, through everything this package is made of.

    plan ─► cache ─► a run under way ─► place and prompt ─► run ─► polish ─► answer
                          background: windows prepared, the next suggestion after an accepted one

A request with a session supersedes the one before it at the same path: the older answers with nothing, and
its work is cancelled unless the newer one can use it.
"""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Callable

import msgspec

from andiron_daemon.answers import TextDelta, all_truncated
from andiron_daemon.completion.anchor import Place, Places
from andiron_daemon.completion.answer import answer_from_cache, answer_from_run, answer_nothing, told
from andiron_daemon.completion.background import Preparation, Work
from andiron_daemon.completion.cache import Found, Identity, SuggestionCache
from andiron_daemon.completion.desk import Desk, Ticket
from andiron_daemon.completion.examples import Examples
from andiron_daemon.completion.feedback import Feedback
from andiron_daemon.completion.kept import Acceptances
from andiron_daemon.completion.plan import Plan, look_around, make_plan, read_plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.prompts import Prompts, left_out, place_key
from andiron_daemon.completion.run import Outcome, Run
from andiron_daemon.completion.speed import Speed
from andiron_daemon.completion.statistics import CompletionStatus, Statistics, StatisticsStore
from andiron_daemon.completion.types import CompletionAnswer, CompletionInput, CompletionStarted, FeedbackInput
from andiron_daemon.counters import Counters
from andiron_daemon.errors import DaemonError
from andiron_daemon.identifiers import new_id
from andiron_models.errors import BackendUnavailableError, ModelError
from andiron_models.router import Router
from andiron_models.types import Priority

CompletionEvent = CompletionStarted | TextDelta | CompletionAnswer

_log = logging.getLogger(__name__)


class CompletionService:
    """Code completion: one for the daemon; `aclose` ends what runs behind."""

    def __init__(
        self,
        router: Router,
        counters: Counters,
        store: StatisticsStore | None = None,
        policy: CompletionPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
        is_paused: Callable[[], bool] = lambda: False,
        examples: Examples | None = None,
    ) -> None:
        self._examples = examples
        self._is_paused = is_paused
        self._router = router
        self._counters = counters
        self._policy = policy or CompletionPolicy()
        self._speed = Speed(router, self._policy.default_tokens_per_second, clock)
        self._desk = Desk(self._policy, clock)
        self._places = Places(self._policy, self._desk.idle_clock)
        self._prompts = Prompts(self._policy, self._speed, self._places)
        self._cache = SuggestionCache(self._policy)
        self._preparation = Preparation(self._policy.preparations, self._desk.idle_clock)
        self._feedback = Feedback()
        self._acceptances = Acceptances(clock)
        self._statistics = Statistics(store)
        self._behind: set[asyncio.Task[None]] = set()
        self._order = itertools.count()
        self._is_closing = False

    async def complete(
        self, request: CompletionInput, *, request_id: str | None = None, stream: bool = False
    ) -> AsyncGenerator[CompletionEvent, None]:
        """Complete at the cursor; closing the iterator cancels the work.

        With `stream`, whole lines are told as soon as nothing can take them back; the deltas always join to the
        first completion's text.

        Raises:
            DaemonError: if there is no cursor, a value is out of range, or nothing can be completed there.
            ModelError: if no completion can be had.
        """
        order = next(self._order)
        plan = read_plan(request, self._policy)
        found = self._cache.find(plan.identity, plan.gap) if plan.refusal is None else None
        if plan.refusal is None and found is None:
            plan = await look_around(plan, self._policy)
        self._speed.refresh()
        for kept, accepted in self._acceptances.judge(plan):
            self._statistics.count_kept(plan, kept, accepted)
        identifier = new_id()
        refusal = "paused" if self._is_paused() else plan.refusal
        if refusal is not None:
            yield self._closed(plan, answer_nothing(identifier, refusal))
            return
        async with (
            self._desk.ticket(plan, order) as ticket,
            contextlib.aclosing(self._answer(plan, ticket, identifier, request_id, found, stream=stream)) as events,
        ):
            async for event in events:
                yield event

    async def warm_up(self, request: CompletionInput, *, request_id: str | None = None) -> str:
        """Have the place evaluated when there is nothing better to do; return an id at once.

        Raises:
            DaemonError: as for `complete`.
        """
        plan = await make_plan(msgspec.structs.replace(request, max_tokens=0), self._policy)
        self._speed.refresh()
        if plan.refusal is None and not self._is_paused():
            place = await self._prompts.place_of(plan)
            self._prepare(plan, place, request_id, also_in_force=True)
        return new_id()

    async def take_feedback(self, identifier: str, given: FeedbackInput) -> None:
        """Count what became of a suggestion; after it was accepted, prepare the next.

        Raises:
            NotFoundError: if no suggestion of that id was made lately.
            InvalidRequestError: if more was accepted than was suggested.
        """
        offered = self._feedback.take(identifier, given)
        self._statistics.count_feedback(offered, given)
        self._acceptances.remember(offered.plan, offered.text[: offered.accepted_characters(given)])
        if self._examples is not None:
            self._examples.settle(identifier, given, offered.accepted_characters(given))
        following = offered.following(given)
        if following is not None and self._policy.prefetch and not self._is_paused():
            task = asyncio.create_task(self._prefetch(following, offered.plan.identity))
            self._behind.add(task)
            task.add_done_callback(self._behind.discard)

    def forget_suggestions(self) -> None:
        """Have every place completed anew, as after another model was chosen."""
        self._cache.clear()

    async def status(self) -> CompletionStatus:
        """Say how completion is doing."""
        return await self._statistics.status(
            budgets=self._prompts.budgets(), places=self._places.count, cached=self._cache.count
        )

    async def aclose(self) -> None:
        """Cancel what runs, and save what was counted."""
        self._is_closing = True
        behind = list(self._behind)
        for task in behind:
            task.cancel()
        await asyncio.gather(*behind, return_exceptions=True)
        await self._desk.aclose()
        await self._preparation.aclose()
        await self._speed.aclose()
        await self._statistics.aclose()
        if self._examples is not None:
            await self._examples.aclose()

    # -- one answer

    async def _answer(
        self,
        plan: Plan,
        ticket: Ticket,
        identifier: str,
        request_id: str | None,
        known: Found | None,
        *,
        stream: bool,
    ) -> AsyncGenerator[CompletionEvent, None]:
        """Answer from what is known already, from the cache, from a run under way, or from a new run."""
        while not ticket.is_superseded:
            found = known or self._cache.find(plan.identity, plan.gap)
            if found is not None:
                ticket.detach()
                answer = self._closed(plan, answer_from_cache(identifier, plan, found, self._policy))
                for event in told(answer):
                    yield event
                return
            if ticket.run is None and not await self._attach(plan, ticket, request_id):
                continue
            async with contextlib.aclosing(self._wait(plan, ticket, identifier, stream=stream)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, CompletionAnswer):
                        return
            # The run it followed came to something else; there is nothing left but to have it written.
            ticket.detach()
        yield self._closed(plan, answer_nothing(identifier, "superseded", ticket.run))

    async def _attach(self, plan: Plan, ticket: Ticket, request_id: str | None) -> bool:
        """Join the run of an identical request, or start one; False if the answer has been found meanwhile."""
        if self._is_closing:
            raise BackendUnavailableError("the daemon is stopping", hint="Start it again with `andiron serve`.")
        run = self._desk.is_running(plan)
        if run is not None and run.is_background and not run.written:
            # Joined, it would wait behind everything else; what it has evaluated is not lost.
            run.task.cancel()
            run = None
        if run is None:
            run = await self._start(plan, request_id, Priority.COMPLETION)
        if run is None:
            return False
        if not ticket.is_superseded:
            ticket.attach(run)
        elif run.is_given_up:
            run.task.cancel()
        return True

    async def _wait(
        self, plan: Plan, ticket: Ticket, identifier: str, *, stream: bool
    ) -> AsyncGenerator[CompletionEvent, None]:
        """Tell of a run until it is done; without an answer when it came to something else than hoped for."""
        run, typed, shown = ticket.run, ticket.typed, ""
        is_started = False
        while not ticket.is_superseded and run is not None:
            since = run.version
            if not typed and run.first is not None and not is_started:
                is_started = True
                yield CompletionStarted(id=identifier, backend=run.first.backend, model=run.first.model)
            if stream and not typed:
                run.is_shown = True
                if len(run.confirmed) > len(shown):
                    yield TextDelta(text=plan.gap.restore(run.confirmed[len(shown) :]))
                    shown = run.confirmed
            if run.task.done():
                break
            if typed and not run.heads_for(typed):
                return
            await ticket.changed(since)
        if ticket.is_superseded or run is None:
            yield self._closed(plan, answer_nothing(identifier, "superseded", run))
            return
        outcome = await _outcome_of(run)
        if typed or outcome is None:
            return
        is_shared, run.is_counted = run.is_counted, True
        answer = answer_from_run(identifier, plan, outcome, run, self._policy)
        self._closed(plan, answer, is_shared=is_shared)
        text = answer.completions[0].text if answer.completions else ""
        left = text[len(plan.gap.restore(shown)) :]
        if left:
            yield TextDelta(text=left)
        yield answer

    async def _start(self, plan: Plan, request_id: str | None, priority: Priority) -> Run | None:
        """Start a run; None where the answer was found meanwhile."""
        place = await self._prompts.place_of(plan)
        started_meanwhile = self._desk.is_running(plan)
        if started_meanwhile is not None:
            return started_meanwhile
        if self._cache.find(plan.identity, plan.gap) is not None:
            return None
        key = place_key(plan)
        if place.pending is None and self._preparation.is_preparing(key, place.window):
            self._preparation.give_up(key)
        asked = self._prompts.request_for(plan, place.window, request_id)
        asked = msgspec.structs.replace(asked, priority=priority)
        window = place.window
        run = self._desk.start(
            plan,
            lambda: Run(plan, asked, lambda request: self._router.infill(request, plan.request.backend), self._policy),
        )
        run.truncated = left_out(plan, window)

        def finished(task: "asyncio.Task[Outcome]") -> None:
            self._keep(plan, run, task)
            if not self._is_closing:
                self._prepare(plan, place, request_id)

        run.task.add_done_callback(finished)
        return run

    def _keep(self, plan: Plan, run: Run, task: "asyncio.Task[Outcome]") -> None:
        """Remember a run's outcome for whoever comes to the same place."""
        if task.cancelled() and run.last is not None:
            self._statistics.count_waste(plan, run.last)
        if task.cancelled() or task.exception() is not None:
            return
        outcome = task.result()
        if plan.request.model is None:
            self._speed.answered_by(outcome.model)
        found = Found(
            cached="exact",
            suggestions=outcome.suggestions,
            reason=outcome.reason,
            backend=outcome.backend,
            model=outcome.model,
            truncated=all_truncated(run.truncated, outcome.finish.truncated),
            is_cut_short=outcome.finish.reason == "length",
        )
        self._cache.keep(plan.identity, plan.gap, found)

    def _closed(self, plan: Plan, answer: CompletionAnswer, *, is_shared: bool = False) -> CompletionAnswer:
        """Count an answer, its cost only once where several share a run, and remember what was offered."""
        has_cost = answer.cached == "no" and answer.finish_reason != "cancelled" and not is_shared
        self._statistics.count_answer(plan, answer, has_cost=has_cost)
        if has_cost:
            self._counters.count_answer(answer)
        if answer.completions:
            self._feedback.offer(plan, answer)
            if self._examples is not None:
                self._examples.offer(plan, answer)
        return answer

    # -- behind

    def _prepare(self, plan: Plan, place: Place, request_id: str | None, *, also_in_force: bool = False) -> None:
        """Have the pending window of a place evaluated; or the one in force, where it is to be warmed."""
        if not self._prompts.is_local(plan):
            return  # elsewhere there is nothing to keep warm, and every token may be paid for
        key = place_key(plan)
        window = place.pending
        if window is None and also_in_force:
            window = place.window
        if window is None:
            return
        warming = msgspec.structs.replace(plan, max_tokens=0)
        asked = self._prompts.request_for(warming, window, request_id)
        if window is place.pending and asked.place is not None:
            # The engine drops a place's warm-up when a request of the same place comes; this is to go on beside it.
            asked = msgspec.structs.replace(asked, place=f"{asked.place}:next")
        work = Work(place, window, lambda: self._router.infill(asked, plan.request.backend))
        self._preparation.prepare(key, work)

    async def _prefetch(self, request: CompletionInput, identity: Identity) -> None:
        """Have the next suggestion written, for the cache, unless it is there or somebody asked meanwhile."""
        try:
            plan = await make_plan(request, self._policy, identity)
            if not self._prompts.is_local(plan) or plan.refusal is not None or self._desk.is_busy(plan):
                return
            if self._cache.find(plan.identity, plan.gap) is not None:
                return
            run = await self._start(plan, None, Priority.BACKGROUND)
            if run is None or run.waiting:
                return
            self._desk.put_behind(plan, run)
            await asyncio.wait({run.task})
        except (DaemonError, ModelError) as error:
            _log.info("preparing the next suggestion failed: %s", error)


async def _outcome_of(run: Run) -> Outcome | None:
    """Return what a run came to; None if it was cancelled, as when it had run behind and was superseded."""
    await asyncio.wait({run.task})
    return None if run.task.cancelled() else run.task.result()

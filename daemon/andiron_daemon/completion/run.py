"""One generation under way, for as many requests as wait for it.

    asked ──► writing ──► done        nobody waits any more, or a newer one supersedes: cancelled

It stops the backend as soon as the text is enough, and polishes what was written. A request that is ahead of
where the run began, by text the run is about to write, may wait for it too (`heads_for`). With `is_shown` set,
lines are confirmed while the text grows; what is confirmed stays.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable

import msgspec

from andiron_daemon.completion.fork import other_way
from andiron_daemon.completion.multiline import Extent
from andiron_daemon.completion.plan import Plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.polish import Suggestion, polish, watch_for
from andiron_daemon.completion.stop import Watch
from andiron_daemon.completion.truncate import breaks
from andiron_daemon.completion.types import Reason
from andiron_models.errors import ModelError
from andiron_models.types import Delta, Finish, InfillRequest, Timings, TokenLogprob, Truncated, Usage

_log = logging.getLogger(__name__)
# Polishing may parse; beyond this much text it is done in a thread.
_INLINE_CHARACTERS = 4000

AskBackend = Callable[[InfillRequest], AsyncGenerator[Delta, None]]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    suggestions: tuple[Suggestion, ...]
    reason: Reason | None
    backend: str
    model: str
    finish: Finish


class _Text(msgspec.Struct, frozen=True):
    """What a backend wrote, and how it ended."""

    written: str
    logprobs: list[TokenLogprob]
    finish: Finish
    is_cut_short: bool


class Run:
    """A generation; made with a running event loop, over when `task` is."""

    def __init__(self, plan: Plan, asked: InfillRequest, ask: AskBackend, policy: CompletionPolicy) -> None:
        self.plan = plan
        self.is_background = False
        self.is_shown = False
        self.is_counted = False
        self.first: Delta | None = None
        self.last: Delta | None = None
        self.written = ""
        self.confirmed = ""
        self.waiting = 0
        self.version = 0
        self.truncated: Truncated | None = None
        self._asked = asked
        self._ask = ask
        self._policy = policy
        self._news = asyncio.Event()
        self.task: asyncio.Task[Outcome] = asyncio.create_task(self._work())
        self.task.add_done_callback(self._tell_end)

    def join(self) -> None:
        """Wait for it from now on; `leave` when not any more."""
        self.waiting += 1

    def leave(self) -> None:
        """Wait no more; the last to leave cancels the work."""
        self.waiting -= 1
        if self.is_given_up:
            self.task.cancel()

    @property
    def is_given_up(self) -> bool:
        """Whether nobody wants it any more."""
        return not self.waiting and not self.is_background

    async def changed(self, since: int) -> None:
        """Wait until something is new since a `version`: the first delta, more text, the end."""
        while self.version == since and not self.task.done():
            await self._news.wait()

    def heads_for(self, typed: str) -> bool:
        """Tell whether the text so far agrees with what was typed since the run's place."""
        return self.written.startswith(typed) or (not self.task.done() and typed.startswith(self.written))

    async def _work(self) -> Outcome:
        suggestions: dict[str, Suggestion] = {}
        reason: Reason | None = None
        finishes: list[Finish] = []
        for number in range(self.plan.request.n):
            last, outcome = await self._generate(number)
            finishes.append(last)
            if isinstance(outcome, Suggestion):
                suggestions.setdefault(outcome.text, outcome)
            elif not number:
                reason = outcome
        assert self.first is not None
        return Outcome(
            suggestions=tuple(suggestions.values()),
            reason=None if suggestions else reason,
            backend=self.first.backend,
            model=self.first.model,
            finish=_total(finishes),
        )

    async def _generate(self, number: int) -> tuple[Finish, Suggestion | Reason]:
        """Have one candidate written, the first greedily, and judge it."""
        asked = self._asked if not number else _sampled(self._asked, number, self._policy)
        text = await self._write(asked, "", number)
        outcome = await self._polished(text)
        finish = text.finish
        is_changeable = not number and not self.confirmed and self._policy.does("second_way")
        if is_changeable and await self._is_of_no_use(outcome):
            finish, outcome = await self._go_another_way(text, outcome)
        is_as_shown = isinstance(outcome, Suggestion) and outcome.text.startswith(self.confirmed)
        if not number and self.confirmed and not is_as_shown:
            outcome = Suggestion(self.confirmed)  # somebody has been shown that much
        return finish, outcome

    async def _go_another_way(self, first: "_Text", outcome: Suggestion | Reason) -> tuple[Finish, Suggestion | Reason]:
        """Have the text written anew from where the model was least sure; else keep to the first."""
        beginning = other_way(first.written, first.logprobs, self._policy.least_fork_logprob)
        if beginning is None:
            return first.finish, outcome
        gap_prefix = self._asked.prefix + beginning
        asked = msgspec.structs.replace(self._asked, prefix=gap_prefix)
        second = await self._write(asked, beginning, 0)
        other = await self._polished(second)
        finish = _total([first.finish, second.finish])
        if isinstance(other, str) or await self._is_of_no_use(other):
            return finish, outcome
        return finish, other

    async def _is_of_no_use(self, outcome: Suggestion | Reason) -> bool:
        """Tell whether another way is worth trying."""
        if isinstance(outcome, str):
            return outcome == "duplicates_suffix"
        scene = self.plan.scene
        if scene.gap.line_before.strip():
            return False  # half-typed code is broken whatever is suggested for it
        return await asyncio.to_thread(breaks, outcome.text, scene.gap, scene.language)

    async def _write(self, asked: InfillRequest, beginning: str, number: int) -> "_Text":
        """Have a candidate written, behind a beginning that is known, until it is enough."""
        watch = watch_for(self.plan.scene, self._policy)
        written, logprobs = beginning, list[TokenLogprob]()
        last: Delta | None = None
        was_stopped = bool(beginning) and self._is_enough(watch, beginning)
        async with contextlib.aclosing(self._ask(asked)) as deltas:
            async for delta in deltas:
                last = self.last = delta
                self.first = self.first or delta
                logprobs.extend(delta.logprobs)
                written += delta.text
                was_stopped = bool(delta.text) and self._is_enough(watch, delta.text)
                if not number:
                    self._take(written, delta.text)
                if was_stopped and delta.finish is None:
                    break
        finish = _finish(last, was_stopped=was_stopped)
        return _Text(written, logprobs, finish, is_cut_short=finish.reason == "length")

    def _is_enough(self, watch: Watch, text: str) -> bool:
        return self._policy.does("stop_early") and watch.feed(text) is not None

    def _take(self, written: str, piece: str) -> None:
        self.written = written
        if self.is_shown and "\n" in piece and self.plan.scene.extent is not Extent.LINE:
            self.confirmed = confirmed_lines(written, self.confirmed, self.plan, self._policy)
        self._tell()

    async def _polished(self, text: "_Text") -> Suggestion | Reason:
        def work() -> Suggestion | Reason:
            return polish(
                text.written, self.plan.scene, self._policy, is_cut_short=text.is_cut_short, logprobs=text.logprobs
            )

        gap = self.plan.gap
        if len(gap.prefix) + len(gap.suffix) + len(text.written) <= _INLINE_CHARACTERS:
            return work()
        return await asyncio.to_thread(work)

    def _tell(self) -> None:
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    def _tell_end(self, task: "asyncio.Task[Outcome]") -> None:
        self._news.set()
        if not task.cancelled() and task.exception() is not None and not self.waiting:
            _log.info("a completion nobody waits for failed: %s", task.exception())


def confirmed_lines(written: str, confirmed: str, plan: Plan, policy: CompletionPolicy) -> str:
    """Return how much of a text under way can be shown for good: lines that passed, with another one behind."""
    whole = written.rpartition("\n")[0].rpartition("\n")[0]
    if len(whole) <= len(confirmed):
        return confirmed
    judged = polish(whole, plan.scene, policy, is_cut_short=False)
    if isinstance(judged, Suggestion) and judged.text.startswith(confirmed):
        return judged.text
    return confirmed


def _finish(last: Delta | None, *, was_stopped: bool) -> Finish:
    if last is None:
        raise ModelError("the backend ended its completion without finishing it")
    if last.finish is not None:
        return msgspec.structs.replace(last.finish, reason="stop") if was_stopped else last.finish
    if not was_stopped:
        raise ModelError("the backend ended its completion without finishing it")
    return Finish(reason="stop", usage=last.usage or Usage(), timings=last.timings or Timings(), masked=last.masked)


def _sampled(asked: InfillRequest, number: int, policy: CompletionPolicy) -> InfillRequest:
    sampling = msgspec.structs.replace(asked.sampling, temperature=policy.candidate_temperature, seed=number)
    return msgspec.structs.replace(asked, sampling=sampling)


def _total(finishes: list[Finish]) -> Finish:
    """Sum several candidates up; they share how the first one ended."""
    if len(finishes) == 1:
        return finishes[0]
    usage = Usage(**{name: sum(getattr(finish.usage, name) for finish in finishes) for name in Usage.__struct_fields__})
    timings = Timings(
        **{name: sum(getattr(finish.timings, name) for finish in finishes) for name in Timings.__struct_fields__}
    )
    return msgspec.structs.replace(finishes[0], usage=usage, timings=timings)

"""From a plan to what the backend is asked, and to the place it belongs to.

Budgets follow the speed of the engine; making windows may parse and read through other files, and is done in
a thread.
"""

import asyncio

import msgspec

from andiron_daemon.answers import characters_for, estimate_tokens, tokens_for
from andiron_daemon.completion.anchor import Material, Place, PlaceKey, Places
from andiron_daemon.completion.budget import Budget, Budgets, budgets_for
from andiron_daemon.completion.context import choose_context
from andiron_daemon.completion.plan import Plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.speed import Speed
from andiron_daemon.completion.window import Window, make_window, stable_suffix
from andiron_daemon.syntax.parse import parse
from andiron_models.types import ExtraFile, InfillRequest, Priority, Sampling, Truncated

# What is read of the file's own text beyond a window.
_READ_ABOVE, _READ_BELOW = 32 * 1024, 16 * 1024
_PARSE_SECONDS = 0.1


class Prompts:
    """Makes requests to backends; keeps the places, and what was quoted for each path."""

    def __init__(self, policy: CompletionPolicy, speed: Speed, places: Places) -> None:
        self._policy = policy
        self._speed = speed
        self._places = places

    async def place_of(self, plan: Plan) -> Place:
        """Find the place a request is at, or enter a new one."""
        key, material = place_key(plan), self._material(plan)
        place = self._places.find(key, material)
        if place is not None:
            if self._places.outgrown(place, material):
                place.pending = await asyncio.to_thread(
                    self._window, plan, material, material.budgets.large, place.window.extra
                )
            return place
        quoted = self._places.quoted(key)
        if plan.request.context or len(material.prefix) > characters_for(material.budgets.small.prefix):
            small, large = await asyncio.to_thread(self._windows, plan, material, quoted)
        else:
            small, large = self._windows(plan, material, quoted)
        return self._places.enter(key, material, small, large)

    def request_for(self, plan: Plan, window: Window, request_id: str | None) -> InfillRequest:
        """Ask for a suggestion, or with no tokens for an evaluated prompt."""
        request, gap = plan.request, plan.gap
        prefix = window.text_for(gap.prefix)
        name = ":".join(plan.place_name)
        budgets = self._budgets(plan)
        return InfillRequest(
            prefix=gap.prefix if prefix is None else prefix,
            suffix=window.suffix,
            path=request.path,
            language=plan.scene.language.name if plan.scene.language is not None else request.language,
            extra=window.extra,
            model=request.model,
            max_tokens=plan.max_tokens,
            max_prompt_tokens=int(self._policy.prompt_slack * max(budgets.large.tokens, window.tokens)),
            single_line=plan.is_single_line,
            sampling=Sampling(logprobs=self._logprobs(plan)),
            priority=Priority.COMPLETION if plan.max_tokens else Priority.BACKGROUND,
            place=name if name != ":" else None,
            request_id=request_id,
        )

    def _logprobs(self, plan: Plan) -> int | None:
        """Say how many likeliest tokens to tell of: two show where the text could have gone another way.

        Servers elsewhere may refuse to tell, and the whole request with it.
        """
        if not self._policy.post_filters or not self._speed.is_here(plan.request.backend):
            return None
        if self._policy.second_way:
            return 2
        return None if self._policy.least_line_logprob is None else 0

    def is_local(self, plan: Plan) -> bool:
        """Tell whether this machine's engine answers, which keeps what it has evaluated."""
        return self._speed.tokens_per_second(plan.request.backend, plan.request.model) is not None

    def budgets(self) -> Budgets:
        """Say what the budgets are now, for requests that choose neither backend nor model."""
        return budgets_for(self._policy, self._speed.tokens_per_second(None, None))

    def _budgets(self, plan: Plan) -> Budgets:
        request = plan.request
        return budgets_for(self._policy, self._speed.tokens_per_second(request.backend, request.model))

    def _material(self, plan: Plan) -> Material:
        request = plan.request
        speed = self._speed.tokens_per_second(request.backend, request.model)
        # Who keeps no cache between requests loses nothing by seeing the text as it is.
        start = self._policy.suffix_start if speed is not None else "whole"
        return Material(
            prefix=plan.gap.prefix,
            stable_suffix=stable_suffix(plan.gap.suffix, start),
            budgets=budgets_for(self._policy, speed),
            tokens_per_second=speed,
        )

    def _windows(self, plan: Plan, material: Material, quoted: tuple[ExtraFile, ...]) -> tuple[Window, Window]:
        large = self._window(plan, material, material.budgets.large, quoted)
        small_budget = material.budgets.small
        if plan.request.session is None or large.tokens <= self._policy.worth_two_stages * small_budget.tokens:
            return large, large  # nobody comes back, or there is little to leave for later
        return self._window(plan, material, small_budget, ()), large

    def _window(self, plan: Plan, material: Material, budget: Budget, quoted: tuple[ExtraFile, ...]) -> Window:
        prefix = material.prefix
        extra = choose_context(
            plan.request.context,
            own=beyond(material, budget, plan.request.path),
            prefix=prefix,
            suffix=material.stable_suffix,
            tokens=budget.context,
            before=quoted,
            policy=self._policy,
        )
        spare = budget.context - sum(estimate_tokens(file.content) for file in extra)
        budget = msgspec.structs.replace(budget, prefix=budget.prefix + max(0, spare))
        is_cut = len(prefix) > characters_for(budget.prefix)
        syntax = parse(prefix, plan.scene.language, limit_seconds=_PARSE_SECONDS) if is_cut else None
        return make_window(prefix, material.stable_suffix, budget, self._policy.header_share, syntax, extra)


def beyond(material: Material, budget: Budget, path: str | None) -> ExtraFile:
    """Return what a window of a budget shows nothing of: the file's own text far above and far below."""
    if not budget.context:
        return ExtraFile(path=path or "", content="")
    above = material.prefix[: -characters_for(budget.prefix)].rpartition("\n")[0]
    below = material.stable_suffix[characters_for(budget.suffix) :].partition("\n")[2]
    return ExtraFile(path=path or "", content=f"{above[-_READ_ABOVE:]}\n{below[:_READ_BELOW]}")


def place_key(plan: Plan) -> PlaceKey:
    """Name where a place is looked for."""
    request = plan.request
    return (request.session or "", request.path or "", f"{request.backend or ''}:{request.model or ''}")


def left_out(plan: Plan, window: Window) -> Truncated | None:
    """Say what of the request's text is not in a window."""
    gap = plan.gap
    before = gap.dropped_before + max(0, (window.start_in(gap.prefix) or 0) - len(window.header))
    unseen = len(stable_suffix(gap.suffix)) - len(window.suffix)
    behind = gap.dropped_behind + max(0, unseen)
    real = [
        (count, what) for count, what in ((before, "the beginning of prefix"), (behind, "the end of suffix")) if count
    ]
    if not real:
        return None
    dropped = tokens_for(sum(count for count, _ in real))
    return Truncated(dropped_tokens=dropped, what="; ".join(what for _, what in real))

"""The answers completion gives, however they came about."""

from collections.abc import Sequence

from andiron_daemon.answers import TextDelta, all_truncated, unfinished
from andiron_daemon.completion.cache import Found
from andiron_daemon.completion.plan import Plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.polish import Suggestion
from andiron_daemon.completion.run import Outcome, Run
from andiron_daemon.completion.types import Completion, CompletionAnswer, CompletionStarted, Reason
from andiron_models.types import Timings, Usage


def answer_from_run(
    identifier: str, plan: Plan, outcome: Outcome, run: Run, policy: CompletionPolicy
) -> CompletionAnswer:
    """Answer with what was written."""
    finish = outcome.finish
    completions = _completions(plan, outcome.suggestions, policy)
    return CompletionAnswer(
        id=identifier,
        completions=completions,
        cached="no",
        reason=outcome.reason if outcome.reason or completions else "duplicates_suffix",
        backend=outcome.backend,
        model=outcome.model,
        finish_reason=finish.reason,
        usage=finish.usage,
        timings=finish.timings,
        truncated=all_truncated(run.truncated, finish.truncated),
        fallback=finish.fallback,
        masked=finish.masked,
        withheld=finish.withheld,
    )


def answer_from_cache(identifier: str, plan: Plan, found: Found, policy: CompletionPolicy) -> CompletionAnswer:
    """Answer with what is known; it cost nothing."""
    completions = _completions(plan, found.suggestions, policy)
    return CompletionAnswer(
        id=identifier,
        completions=completions,
        cached=found.cached,
        reason=found.reason if found.reason or completions else "duplicates_suffix",
        backend=found.backend,
        model=found.model,
        finish_reason="length" if found.is_cut_short else "stop",
        usage=Usage(),
        timings=Timings(),
        truncated=found.truncated,
    )


def answer_nothing(identifier: str, reason: Reason, run: Run | None = None) -> CompletionAnswer:
    """Answer that nothing is offered, without a finished run."""
    first = run.first if run is not None else None
    finish = unfinished()
    return CompletionAnswer(
        id=identifier,
        completions=(),
        cached="no",
        reason=reason,
        backend=first.backend if first is not None else None,
        model=first.model if first is not None else None,
        finish_reason="cancelled" if reason == "superseded" else "stop",
        usage=finish.usage,
        timings=finish.timings,
    )


def told(answer: CompletionAnswer) -> list[CompletionStarted | TextDelta | CompletionAnswer]:
    """Tell an answer that is there at once as the events of a stream."""
    assert answer.backend is not None
    assert answer.model is not None
    started = CompletionStarted(id=answer.id, backend=answer.backend, model=answer.model)
    text = answer.completions[0].text if answer.completions else ""
    return [started, TextDelta(text=text), answer] if text else [started, answer]


def _completions(plan: Plan, suggestions: Sequence[Suggestion], policy: CompletionPolicy) -> tuple[Completion, ...]:
    """Fit suggestions to what stands right of the cursor now; what is left of none of them is not offered."""
    gap = plan.gap
    fitted = dict.fromkeys(suggestion.insertion(gap, policy) for suggestion in suggestions)
    return tuple(
        Completion(text=gap.restore(insertion.text), range=gap.range_over(insertion.replaced))
        for insertion in fitted
        if insertion.text
    )

"""Whether a suggestion is worth being shown; nothing is better than noise."""

import re
from collections.abc import Sequence

from andiron_daemon.completion.duplicates import repeats_line_above
from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.types import Reason
from andiron_models.types import TokenLogprob

_WORTH = re.compile(r"\w|[^\w\s)\]}>\"'`;,]")


def refusal(text: str, gap: Gap, policy: CompletionPolicy, logprobs: Sequence[TokenLogprob] = ()) -> Reason | None:
    """Say why a text should not be shown; None if it should."""
    stripped = text.strip()
    if not stripped:
        return "no_confidence"
    if is_unsure(logprobs, policy):
        return "no_confidence"
    if repeats_line_above(text, gap):
        return "no_confidence"
    if len(stripped) < policy.least_characters and not _ends_something(stripped, gap):
        return "not_worthwhile"
    if _WORTH.search(stripped) is None and stripped in gap.line_behind:
        return "duplicates_suffix"
    return None


def is_unsure(logprobs: Sequence[TokenLogprob], policy: CompletionPolicy) -> bool:
    """Tell whether the model was guessing, where it was asked how sure it is: what chance its first line has."""
    return policy.least_line_logprob is not None and _line_logprob(logprobs) < policy.least_line_logprob


def _line_logprob(logprobs: Sequence[TokenLogprob]) -> float:
    total, written = 0.0, ""
    for token in logprobs:
        total += token.logprob
        written += token.token
        if "\n" in written.lstrip():
            break
    return total


def _ends_something(text: str, gap: Gap) -> bool:
    """Tell whether a single sign is what a line still lacks, such as its colon or bracket."""
    return not gap.line_behind.strip() and text in ")]}:;" and bool(gap.line_before.strip())

"""How much text a prompt may have: by how fast the machine reads and how long a person should wait.

The small window is what a cold place can be answered from in time; the large one is what the background can
prepare while the person looks around or types on.
"""

import msgspec

from andiron_daemon.completion.policy import CompletionPolicy


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens for each part of a window; `prefix` includes the header above a cut."""

    prefix: int
    suffix: int
    context: int

    @property
    def tokens(self) -> int:
        """All parts together."""
        return self.prefix + self.suffix + self.context


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """The two windows of a place, and what may be evaluated anew without anybody noticing."""

    small: Budget
    large: Budget
    unnoticed_tokens: int


def budgets_for(policy: CompletionPolicy, tokens_per_second: float | None) -> Budgets:
    """Work out the budgets at a speed; None is a backend that tells none, and has no cold start to speak of."""
    if tokens_per_second is None:
        large = _divide(policy, policy.remote_window_tokens)
        return Budgets(small=large, large=large, unnoticed_tokens=policy.remote_window_tokens)
    in_time = tokens_per_second * policy.cold_target_ms / 1000
    suffix = max(policy.least_suffix_tokens, int(in_time * policy.suffix_share))
    small = Budget(prefix=max(policy.least_prefix_tokens, int(in_time) - suffix), suffix=suffix, context=0)
    prepared = min(policy.most_window_tokens, int(tokens_per_second * policy.warm_seconds))
    large = small if prepared <= small.tokens else _divide(policy, prepared)
    if not policy.two_stage:
        small = large
    return Budgets(small=small, large=large, unnoticed_tokens=int(tokens_per_second * policy.warm_target_ms / 1000))


def _divide(policy: CompletionPolicy, tokens: int) -> Budget:
    suffix = max(policy.least_suffix_tokens, int(tokens * policy.suffix_share))
    context = int(tokens * policy.context_share)
    return Budget(prefix=max(policy.least_prefix_tokens, tokens - suffix - context), suffix=suffix, context=context)

"""Times as llama.cpp tells them: of the prompt and of what was predicted, each by the token and by the second."""

import msgspec

from andiron_models.types import Timings, Usage


class LlamaTimings(msgspec.Struct, frozen=True, kw_only=True):
    """llama.cpp's `timings`; nulls where nothing was counted."""

    cache_n: int
    prompt_n: int
    prompt_ms: float
    prompt_per_token_ms: float | None
    prompt_per_second: float | None
    predicted_n: int
    predicted_ms: float
    predicted_per_token_ms: float | None
    predicted_per_second: float | None


def llama_timings(usage: Usage, timings: Timings) -> LlamaTimings:
    """Write ours in llama.cpp's words."""
    prompt_n, predicted_n = usage.prompt_tokens_evaluated, usage.completion_tokens
    return LlamaTimings(
        cache_n=usage.prompt_tokens_cached,
        prompt_n=prompt_n,
        prompt_ms=round(timings.prompt_ms, 3),
        prompt_per_token_ms=_ratio(timings.prompt_ms, prompt_n),
        prompt_per_second=_ratio(1000 * prompt_n, timings.prompt_ms),
        predicted_n=predicted_n,
        predicted_ms=round(timings.generate_ms, 3),
        predicted_per_token_ms=_ratio(timings.generate_ms, predicted_n),
        predicted_per_second=_ratio(1000 * predicted_n, timings.generate_ms),
    )


def _ratio(amount: float, of: float) -> float | None:
    return round(amount / of, 3) if of else None

"""How much a model is shown: its context, less the answer, shared between this turn's context and what went before.

Counting tokens is the model's affair; here text is measured in characters, on the safe side: one that is not
ASCII counts as its bytes, and a token as three.
"""

import msgspec

# What a model is taken to hold when its backend does not say.
_USUAL_CONTEXT = 8192
# A cloud's models hold far more than is worth paying for in each turn.
_LARGEST_CONTEXT = 32_768
_SMALLEST_PROMPT = 512
_MARGIN_TOKENS = 64
# The rest stays free for what the estimate misses, and for completions beside the chat.
_SHARE = 0.75
_CHARACTERS_PER_TOKEN = 3
# A bare machine evaluates about a hundred tokens a second.
_LARGEST_QUOTATION = 6000


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """In characters as `size_of` counts them: the whole prompt, and the most this turn's context may take of it."""

    prompt: int
    context: int


def budget_for(context_length: int | None, answer_tokens: int) -> Budget:
    """Divide a model's context."""
    length = int(_SHARE * min(context_length or _USUAL_CONTEXT, _LARGEST_CONTEXT))
    # An answer that was asked to be longer than the context can be no reason to show nothing.
    answer = min(answer_tokens, length // 2)
    prompt = max(length - answer - _MARGIN_TOKENS, min(_SMALLEST_PROMPT, length // 2))
    return Budget(
        prompt=prompt * _CHARACTERS_PER_TOKEN, context=min(prompt // 3, _LARGEST_QUOTATION) * _CHARACTERS_PER_TOKEN
    )


def size_of(text: str) -> int:
    """Measure a text."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))

"""Where a text could have gone another way: the place at which the model was least sure of it.

When what was written is of no use (it stands behind the cursor already, or breaks what was whole), the next best
way is not a second throw of dice: it is to take the likeliest other token where there was a real choice, and to
have the text written on from there. What the engine has evaluated up to the fork is used again.
"""

from collections.abc import Sequence

from andiron_models.types import TokenLogprob


def other_way(written: str, logprobs: Sequence[TokenLogprob], least_logprob: float) -> str | None:
    """Return the beginning of the likeliest other text; None where there was no real choice.

    Args:
        written: what was written, from the cursor on.
        logprobs: of its tokens, each with the likeliest others; the first may begin before the cursor.
        least_logprob: what is less likely than this is no choice.
    """
    start = len(written) - sum(len(token.token) for token in logprobs)
    best: str | None = None
    for token in logprobs:
        before = written[:start] if start >= 0 else ""
        if before.strip() and "\n" in before[len(before) - len(before.lstrip()) :]:
            break
        for text, logprob in token.top if start >= 0 else ():
            if text.strip() not in ("", token.token.strip()) and logprob >= least_logprob:
                best, least_logprob = before + text, logprob
        start += len(token.token)
    return best

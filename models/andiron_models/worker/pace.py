"""How long this machine takes for a batch of so many tokens, learned while it works.

The scheduler asks it for slice lengths and for the cost of letting another request join a batch.
Costs are kept as a piecewise-linear curve over a few batch sizes, each a moving average.
"""

import itertools
from bisect import bisect_left

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
_WEIGHT = 0.25
_LEAST_MS = 0.001


class Pace:
    """A learned curve from batch size to milliseconds; before any reading it guesses a slow machine."""

    def __init__(self) -> None:
        self._milliseconds: dict[int, float] = {}

    def record(self, tokens: int, milliseconds: float) -> None:
        """Take one reading into the average of its nearest size, moved there along the curve known so far.

        However wrong the curve is, as when the machine has become faster since: a larger batch takes at least as
        long, and no longer by the token. So no reading is moved further than that.
        """
        size = _nearest(tokens)
        by_the_curve = self.milliseconds(size) / self.milliseconds(tokens)
        least, most = sorted((1.0, size / tokens))
        scaled = max(milliseconds, _LEAST_MS) * min(max(by_the_curve, least), most)
        known = self._milliseconds.get(size)
        self._milliseconds[size] = scaled if known is None else known + _WEIGHT * (scaled - known)

    def milliseconds(self, tokens: int) -> float:
        """Estimate the time for a batch of `tokens`."""
        points = sorted(self._milliseconds.items())
        if not points:
            return 50.0 + 8.0 * tokens
        if tokens <= points[0][0]:
            return points[0][1] if points[0][0] == 1 else points[0][1] * tokens / points[0][0]
        for (low, low_ms), (high, high_ms) in itertools.pairwise(points):
            if tokens <= high:
                return low_ms + (high_ms - low_ms) * (tokens - low) / (high - low)
        last, last_ms = points[-1]
        return last_ms * tokens / last

    def tokens_within(self, milliseconds: float, limit: int) -> int:
        """Find the largest batch, between 8 and `limit` tokens, that takes at most `milliseconds`."""
        best = min(8, limit)
        low, high = best, limit
        while low <= high:
            middle = (low + high) // 2
            if self.milliseconds(middle) <= milliseconds:
                best = max(best, middle)
                low = middle + 1
            else:
                high = middle - 1
        return best

    def tokens_per_second(self, tokens: int) -> float:
        """Estimate throughput at a batch size."""
        return 1000.0 * tokens / max(self.milliseconds(tokens), 0.001)


def _nearest(tokens: int) -> int:
    index = bisect_left(_SIZES, tokens)
    if index == len(_SIZES):
        return _SIZES[-1]
    if index and tokens - _SIZES[index - 1] <= _SIZES[index] - tokens:
        return _SIZES[index - 1]
    return _SIZES[index]

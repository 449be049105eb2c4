"""How less urgent work keeps a share of the time: it earns while others go first, and pays for what it adds.

Each class has an account of its own, so that a chat's answer does not spend what a warm-up has earned.
"""

from collections.abc import Collection, Mapping

from andiron_models.types import Priority

SHARES = {Priority.COMPLETION: 0.0, Priority.CHAT: 0.25, Priority.BACKGROUND: 0.05}
LIMIT_MS = 1000.0


class Credit:
    """Milliseconds of compute each waiting class may spend; debts are possible, and bounded too."""

    def __init__(self) -> None:
        self._milliseconds: dict[Priority, float] = {}

    def of(self, priority: Priority) -> float:
        """Tell what a class has earned and not spent."""
        return self._milliseconds.get(priority, 0.0)

    def settle(self, elapsed_ms: float, outranked: Collection[Priority], spent_ms: Mapping[Priority, float]) -> None:
        """Book one batch: classes that were outranked earn and pay; the others' accounts are closed."""
        self._milliseconds = {
            priority: _bounded(self.of(priority) + SHARES[priority] * elapsed_ms - spent_ms.get(priority, 0.0))
            for priority in outranked
        }


def _bounded(milliseconds: float) -> float:
    return max(-LIMIT_MS, min(LIMIT_MS, milliseconds))

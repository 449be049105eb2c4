"""How fast the local engine reads prompts: asked of it now and then, never waited for."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from andiron_models.errors import ModelError
from andiron_models.router import AUTO, LOCAL, Router

_log = logging.getLogger(__name__)
_FRESH_SECONDS = 30.0
_RETRY_SECONDS = 2.0


class Speed:
    """The engine's figures as last told; `aclose` ends the asking."""

    def __init__(
        self, router: Router, default_tokens_per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._router = router
        self._default = default_tokens_per_second
        self._clock = clock
        self._by_model: dict[str, float] = {}
        self._default_model: str | None = None
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def tokens_per_second(self, backend: str | None, model: str | None) -> float | None:
        """Say how fast a prompt is read; None for a backend that is not this machine's engine."""
        if (backend or self._router.policy) not in (AUTO, LOCAL):
            return None
        model = model or self._default_model
        if model in self._by_model:
            return self._by_model[model]
        # Until one has answered, which model completes is not known here; the slowest is the safe guess.
        return min(self._by_model.values(), default=self._default)

    def is_here(self, backend: str | None) -> bool:
        """Tell whether only this machine's engine can answer, and no other backend in its stead."""
        return (backend or self._router.policy) == LOCAL

    def answered_by(self, model: str) -> None:
        """Note which model completes where none is named."""
        self._default_model = model

    def refresh(self) -> None:
        """Ask again in the background, unless that was done a moment ago."""
        now = self._clock()
        patience = _FRESH_SECONDS if self._by_model else _RETRY_SECONDS
        if now - self._asked_at < patience or (self._asking is not None and not self._asking.done()):
            return
        self._asked_at = now
        self._asking = asyncio.create_task(self._ask())

    async def aclose(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self) -> None:
        try:
            statuses = await self._router.status()
        except ModelError as error:
            _log.info("the engine's speed is not known: %s", error)
            return
        for status in statuses:
            if status.name == LOCAL:
                self._by_model.update(_speeds(status.engine))


def _speeds(engine: dict[str, Any]) -> dict[str, float]:
    workers = engine.get("workers", ())
    told = ((worker.get("model"), worker.get("prompt_tokens_per_second")) for worker in workers)
    return {model: float(speed) for model, speed in told if isinstance(model, str) and speed}

"""How the local model is, in a word: what an open route may tell as often as anybody asks."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Literal

from andiron_models.backend import Backend
from andiron_models.router import LOCAL
from andiron_models.types import BackendState

ModelWord = Literal["loaded", "loading", "idle", "failed", "none"]
# So long a word is good; a backend is not asked more often, however often this is.
KEPT_SECONDS = 0.1
_PATIENCE_SECONDS = 0.5
_WORDS: dict[BackendState, ModelWord] = {
    "ready": "loaded",
    "loading": "loading",
    "idle": "idle",
    "failed": "failed",
    "unreachable": "failed",
    "unconfigured": "none",
}


class LocalModel:
    """Remembers the word for a moment; used from the event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._word: ModelWord = "loading"
        self._good_until = -1.0

    @property
    def known(self) -> ModelWord | None:
        """The word while it is good; None where `word` has to ask."""
        return self._word if self._clock() < self._good_until else None

    async def word(self, backends: Mapping[str, Backend]) -> ModelWord:
        """Say how the local backend is; while it does not say so in time, what it said last stands.

        A busy machine may take a while, and that is no failure. What never said anything is taken to be loading.
        """
        known = self.known
        if known is None:
            known = self._word = await _ask(backends.get(LOCAL)) or self._word
            self._good_until = self._clock() + KEPT_SECONDS
        return known


async def _ask(local: Backend | None) -> ModelWord | None:
    if local is None:
        return "none"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return _WORDS[(await local.status()).state]
    except TimeoutError:
        return None

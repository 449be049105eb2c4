"""A backend that is unsure of some of what it says."""

import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import msgspec

from andiron_models.backend import Backend
from andiron_models.types import BackendStatus, ChatRequest, Delta, InfillRequest, ModelInfo, TokenLogprob


class DoubtingBackend:
    """Another backend, that tells how sure it is: of a piece that holds a word of `sureness`, as sure as that says."""

    def __init__(self, inner: Backend, sureness: Mapping[str, float]) -> None:
        self._inner = inner
        self._sureness = sureness

    @property
    def name(self) -> str:
        """The other backend's."""
        return self._inner.name

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the other backend's."""
        return await self._inner.models()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer as the other does, with probabilities where they are asked for."""
        async with aclosing(self._inner.chat(request)) as deltas:
            async for delta in deltas:
                if not delta.text or request.sampling.logprobs is None:
                    yield delta
                    continue
                sure = min((share for word, share in self._sureness.items() if word in delta.text), default=1.0)
                told = TokenLogprob(token=delta.text, logprob=math.log(sure))
                yield msgspec.structs.replace(delta, logprobs=(told,))

    def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap as the other does."""
        return self._inner.infill(request)

    async def forget(self, place: str) -> None:
        """Have the other forget."""
        await self._inner.forget(place)

    async def status(self) -> BackendStatus:
        """Say how the other is."""
        return await self._inner.status()

    async def aclose(self) -> None:
        """Close the other."""
        await self._inner.aclose()

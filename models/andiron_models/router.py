"""Which backend answers a request.

The router holds the backends by name and a policy. It is the only part that knows more than one of them;
how a backend works is its own affair.
"""

import contextlib
from collections.abc import AsyncGenerator, Mapping

from andiron_models.backend import Backend
from andiron_models.errors import InvalidRequestError
from andiron_models.types import BackendStatus, ChatRequest, Delta, InfillRequest, ModelInfo


class Router:
    """Answer every request with one of the backends."""

    def __init__(self, backends: Mapping[str, Backend], policy: str = "local") -> None:
        self._backends = dict(backends)
        self._policy = policy

    async def chat(self, request: ChatRequest, backend: str | None = None) -> AsyncGenerator[Delta, None]:
        """Answer the last message; `backend` overrides the policy."""
        async with contextlib.aclosing(self._chosen(backend).chat(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def infill(self, request: InfillRequest, backend: str | None = None) -> AsyncGenerator[Delta, None]:
        """Fill the gap; `backend` overrides the policy."""
        async with contextlib.aclosing(self._chosen(backend).infill(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def models(self) -> tuple[ModelInfo, ...]:
        """List every backend's models."""
        return tuple([model for backend in self._backends.values() for model in await backend.models()])

    async def status(self) -> tuple[BackendStatus, ...]:
        """Say how every backend is."""
        return tuple([await backend.status() for backend in self._backends.values()])

    async def aclose(self) -> None:
        """Close every backend."""
        for backend in self._backends.values():
            await backend.aclose()

    def _chosen(self, name: str | None) -> Backend:
        name = name or self._policy
        if name == "auto":
            name = "local"
        if name not in self._backends:
            known = ", ".join(["auto", *self._backends])
            raise InvalidRequestError(f"there is no backend {name!r}", hint=f"The backends are: {known}.")
        return self._backends[name]

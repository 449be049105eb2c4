"""The seam every source of text stands behind.

A backend is made by a factory registered under the entry point group `andiron.backends`
(see `registry`) and must pass tests/contracts/test_backend.py.
"""

from collections.abc import AsyncGenerator
from typing import Protocol

from andiron_models.types import BackendStatus, ChatRequest, Delta, InfillRequest, ModelInfo


class Backend(Protocol):
    """Something that answers chats and fills gaps.

    `chat` and `infill` yield deltas; the first tells that the request was taken, the last carries `finish`.
    Closing the iterator (or cancelling the task in it) cancels the work. Both raise a ModelError, before the
    first delta or between two. Requests may run at once; what that means is the backend's affair.
    """

    @property
    def name(self) -> str:
        """The word by which people choose this backend."""

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the models that can be asked for; empty when there are none."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer the last message."""

    def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap between prefix and suffix."""

    async def forget(self, place: str) -> None:
        """Drop what is kept of a place a request named; a place that is not known is forgotten already."""

    async def status(self) -> BackendStatus:
        """Say how it is, quickly and without raising."""

    async def aclose(self) -> None:
        """Cancel what runs and free what is held; may be called again."""

"""The seam every source of text stands behind.

A backend is made by a factory registered under the entry point group `andiron.backends`
(see `registry`) and must pass tests/contracts/test_backend.py. What only some can do beyond that stands in
Protocols of its own (`Tokenizes`, `ContinuesText`, `Embeds`), to be asked for through the router; who keeps one of
these passes tests/contracts/test_backend_capabilities.py. `Chooses` is for a backend of several models.
"""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol, runtime_checkable

from andiron_models.types import (
    BackendStatus,
    ChatRequest,
    Delta,
    Embeddings,
    EmbedRequest,
    InfillRequest,
    ModelInfo,
    TextRequest,
    Token,
)

Verb = Literal["chat", "infill"]


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


@runtime_checkable
class Opens(Protocol):
    """A backend that stands for another one, in front of it or until it is loaded."""

    async def opened(self) -> Backend:
        """Give the backend itself, for what it can do beyond the seam.

        Raises:
            BackendUnavailableError: it cannot be loaded.
        """


@runtime_checkable
class Chooses(Protocol):
    """A backend of several models that can be told which of them answers where none is named."""

    def choose(self, verb: Verb, model: str | None) -> None:
        """Have a model answer from the next request on; None leaves the choice to the backend."""


@runtime_checkable
class Tokenizes(Protocol):
    """A backend that shows how its models see text; a model is loaded for it."""

    async def tokenize(self, text: str, *, model: str | None, special: bool, begin: bool) -> tuple[Token, ...]:
        """Cut a text into tokens; `special` reads the texts of special tokens as such, `begin` adds the first one."""

    async def detokenize(self, tokens: tuple[int, ...], *, model: str | None) -> str:
        """Put tokens together to a text again."""

    async def apply_template(self, request: ChatRequest) -> str:
        """Write a conversation as the text the model is shown."""


@runtime_checkable
class ContinuesText(Protocol):
    """A backend that continues a text as it stands."""

    def continue_text(self, request: TextRequest) -> AsyncGenerator[Delta, None]:
        """Continue the prompt; a stream like that of `Backend.chat`."""


@runtime_checkable
class Embeds(Protocol):
    """A backend that turns texts into vectors."""

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed every text.

        Raises:
            NotConfiguredError: no model was chosen for it.
        """

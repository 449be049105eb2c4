"""A backend that is not on this machine, seen through a screen: nothing reaches it but through here.

    request ─ private files out ─ secrets masked ─ written down ─► backend ─ secrets put back ─► answer

Wrapped around the backend itself, it stands below the router: chats, completions, assists, titles and summaries,
fallbacks and requests that name a backend all pass it. What a backend can do beyond the two verbs is not passed
on, so that there is no way around.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from andiron_daemon.errors import StorageError
from andiron_daemon.identifiers import new_id
from andiron_daemon.privacy.covering import (
    Covered,
    PrivatePathError,
    cover_chat,
    cover_infill,
    size_bytes,
)
from andiron_daemon.privacy.ignore import IgnoredPaths
from andiron_daemon.privacy.mask import Restorer
from andiron_daemon.storage.records import time_now
from andiron_daemon.storage.sendings import Kind, Outcome, Sending
from andiron_models.backend import Backend
from andiron_models.errors import ModelError
from andiron_models.types import BackendStatus, ChatRequest, Delta, InfillRequest, ModelInfo

__all__ = ("PrivatePathError", "ScreenedBackend", "SendingLog")

_log = logging.getLogger(__name__)
Request = TypeVar("Request", ChatRequest, InfillRequest)


class SendingLog(Protocol):
    """Where sendings are written down."""

    async def add(self, sending: Sending) -> None:
        """Keep one, before it is sent."""

    async def withdraw(self, identifier: str) -> None:
        """Drop one of which nothing was sent after all."""

    async def finish(
        self, identifier: str, outcome: Outcome, prompt_tokens: int | None, completion_tokens: int | None
    ) -> None:
        """Add how one ended."""


class ScreenedBackend:
    """Another backend behind the screen.

    Args:
        backend: the one that is not on this machine.
        host: where it is, for the log.
        sendings: where every request is written down; one that cannot be is sent all the same, with a warning.
        ignored: the files whose text stays here.
        known: values that are secret whatever they look like; what is added later counts from then on.
    """

    def __init__(
        self, backend: Backend, host: str, sendings: SendingLog, ignored: IgnoredPaths, known: Sequence[str] = ()
    ) -> None:
        self._backend = backend
        self._host = host
        self._sendings = sendings
        self._ignored = ignored
        self._known = known

    @property
    def name(self) -> str:
        """The word by which people choose the backend."""
        return self._backend.name

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the backend's models."""
        return await self._backend.models()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer the last message, with secrets masked and private files left out."""
        covered = await asyncio.to_thread(cover_chat, request, self._ignored, self._known)
        async with contextlib.aclosing(self._send(covered, "chat", self._backend.chat)) as deltas:
            async for delta in deltas:
                yield delta

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap, with secrets masked and private files left out.

        Raises:
            PrivatePathError: the gap itself is in a private file.
        """
        covered = await asyncio.to_thread(cover_infill, request, self._ignored, self._known)
        async with contextlib.aclosing(self._send(covered, "completion", self._backend.infill)) as deltas:
            async for delta in deltas:
                yield delta

    async def forget(self, place: str) -> None:
        """Have the backend drop what it keeps of a place."""
        await self._backend.forget(place)

    async def status(self) -> BackendStatus:
        """Say how the backend is."""
        return await self._backend.status()

    async def aclose(self) -> None:
        """Close the backend."""
        await self._backend.aclose()

    async def _send(
        self, covered: Covered[Request], kind: Kind, ask: Callable[[Request], AsyncGenerator[Delta, None]]
    ) -> AsyncGenerator[Delta, None]:
        sending = await self._write_down(covered, kind)
        restorer = Restorer(covered.mask)
        outcome: Outcome | None = "failed"
        last: Delta | None = None
        try:
            async with contextlib.aclosing(ask(covered.request)) as deltas:
                async for delta in deltas:
                    last = delta
                    outcome = "answered" if delta.finish is not None else outcome
                    for restored in _restored(delta, restorer, covered):
                        yield restored
        except ModelError as error:
            outcome = None if error.nothing_sent else outcome
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled" if outcome == "failed" else outcome
            raise
        finally:
            await asyncio.shield(self._finish(sending, outcome, last))

    async def _write_down(self, covered: Covered[Request], kind: Kind) -> Sending:
        request = covered.request
        sending = Sending(
            id=new_id(),
            at=time_now(),
            backend=self.name,
            host=self._host,
            model=request.model or await self._usual_model(),
            kind=kind,
            bytes=size_bytes(request),
            masked=covered.mask.count,
            paths=covered.paths,
            withheld=covered.withheld,
            request_id=request.request_id,
        )
        try:
            await self._sendings.add(sending)
        except StorageError as error:
            _log.warning("a request to %s is not in the privacy log: %s", self._host, error.message)
        return sending

    async def _usual_model(self) -> str:
        models = await self._backend.models()
        return models[0].id if models else ""

    async def _finish(self, sending: Sending, outcome: Outcome | None, last: Delta | None) -> None:
        """Add how it ended; one of which nothing was sent is taken out again."""
        usage = last.finish.usage if last is not None and last.finish is not None else None
        prompt_tokens = usage.prompt_tokens if usage is not None else None
        completion_tokens = usage.completion_tokens if usage is not None else None
        with contextlib.suppress(StorageError):  # that it was sent has been told already
            if outcome is None:
                await self._sendings.withdraw(sending.id)
                return
            await self._sendings.finish(sending.id, outcome, prompt_tokens, completion_tokens)


def _restored(delta: Delta, restorer: Restorer, covered: Covered[Request]) -> Iterator[Delta]:
    """Put the secrets back into a piece, and say how many there are; what was held comes before the end."""
    text = restorer.feed(delta.text) if delta.text else ""
    calls = tuple(
        msgspec.structs.replace(call, arguments=covered.mask.uncover(call.arguments)) for call in delta.tool_calls
    )
    delta = msgspec.structs.replace(delta, text=text, tool_calls=calls, masked=covered.mask.count)
    if delta.finish is None:
        yield delta
        return
    if rest := text + restorer.rest():
        yield msgspec.structs.replace(delta, text=rest, finish=None, tool_calls=())
    finish = msgspec.structs.replace(delta.finish, masked=covered.mask.count, withheld=covered.withheld)
    yield msgspec.structs.replace(delta, text="", finish=finish)

"""A backend that says what it was told to, when it was told to; for tests of everything above the seam.

It keeps the whole Backend contract (tests/contracts/test_backend.py runs over it). A test steers it with
`enqueue` and `hold`, and waits with `arrived` and `was_cancelled`, so that no test needs to sleep.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence

from andiron_models.backend import Verb
from andiron_models.errors import BackendUnavailableError, InvalidRequestError, ModelError, ModelNotFoundError
from andiron_models.types import (
    BackendState,
    BackendStatus,
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    InfillRequest,
    ModelInfo,
    Priority,
    Timings,
    ToolCall,
    Usage,
    check_sampling,
)

Piece = str | ToolCall | asyncio.Event | ModelError
Reply = str | ModelError | Sequence[Piece]
Request = ChatRequest | InfillRequest


class ScriptedBackend:
    """Answer each request with the next reply enqueued, or with an echo when there is none.

    A reply is a text (sent word by word), a ModelError (raised before the first delta), or a list of pieces: texts
    and calls of tools are sent as they are, an event is waited for, an error is raised there. A piece counts as one
    token. `requests` keeps what was asked; `cancelled` counts streams closed before their end, `finished` those that
    came to it. Chats that nobody waits for (of background priority) are apart from all that: they are kept in
    `background_requests`, and answered from `background_replies`, else with nothing.
    """

    def __init__(
        self,
        name: str = "scripted",
        model: str = "scripted-1",
        *,
        more_models: Sequence[str] = (),
        can_infill: bool = True,
        state: BackendState = "ready",
    ) -> None:
        self.model = model
        self.requests: list[Request] = []
        self.background_requests: list[ChatRequest] = []
        self.background_replies: deque[Reply] = deque()
        self.cancelled = 0
        self.finished = 0
        self.closed = False
        self.forgotten: list[str] = []
        self.chosen: dict[Verb, str | None] = {}
        self.state: BackendState = state
        self._name = name
        self._ids = (model, *more_models)
        self._can_infill = can_infill
        self._replies: deque[Reply] = deque()
        self._open = asyncio.Event()
        self._open.set()
        self._closing = asyncio.Event()
        self._changed = asyncio.Condition()

    @property
    def name(self) -> str:
        """The word by which people choose this backend."""
        return self._name

    def enqueue(self, *replies: Reply) -> None:
        """Add replies, one for each request to come."""
        self._replies.extend(replies)

    def hold(self) -> None:
        """Let requests arrive and be taken, but send no text until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Send what was held."""
        self._open.set()

    async def arrived(self, count: int = 1) -> None:
        """Wait until so many requests have been taken in all."""
        await self._until(lambda: len(self.requests) >= count)

    async def was_cancelled(self, count: int = 1) -> None:
        """Wait until so many streams have been closed early in all."""
        await self._until(lambda: self.cancelled >= count)

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the models it was made with."""
        return tuple(
            ModelInfo(id=model, backend=self._name, state="loaded", context_length=4096, can_infill=self._can_infill)
            for model in self._ids
        )

    def choose(self, verb: Verb, model: str | None) -> None:
        """Answer with a model where none is named."""
        self.chosen[verb] = model

    def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer with the next reply, or echo the last message."""
        return self._answer_aside(request) if request.priority is Priority.BACKGROUND else self._answer(request)

    def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Answer with the next reply, or a call whose name tells the gap's sizes."""
        return self._answer(request)

    async def status(self) -> BackendStatus:
        """Say the state it was given."""
        return BackendStatus(name=self._name, state=self.state, models=await self.models())

    async def forget(self, place: str) -> None:
        """Note the place."""
        self.forgotten.append(place)

    async def aclose(self) -> None:
        """End what runs with `backend_unavailable`."""
        self.closed = True
        self._closing.set()

    async def _answer(self, request: Request) -> AsyncGenerator[Delta, None]:
        chosen = self.chosen.get("chat" if isinstance(request, ChatRequest) else "infill")
        model = request.model or chosen or self.model
        self._check(request, model)
        started = time.perf_counter()
        self.requests.append(request)
        reply = self._replies.popleft() if self._replies else _echo(request)
        await self._tell()
        if isinstance(reply, ModelError):
            raise reply
        pieces: Sequence[Piece] = _words(reply) if isinstance(reply, str) else reply
        ended = False
        count = 0
        reason: FinishReason = "stop"
        try:
            yield Delta(backend=self._name, model=model)
            await self._wait(self._open)
            for piece in pieces:
                if isinstance(piece, ModelError):
                    ended = True
                    raise piece
                if isinstance(piece, asyncio.Event):
                    await self._wait(piece)
                    continue
                if request.max_tokens is not None and count >= request.max_tokens:
                    reason = "length"
                    break
                count += 1
                if isinstance(piece, ToolCall):
                    yield Delta(backend=self._name, model=model, tool_calls=(piece,))
                    continue
                yield Delta(backend=self._name, model=model, text=piece)
            ended = True
            self.finished += 1
            yield Delta(backend=self._name, model=model, finish=_finish(request, reason, count, started))
        finally:
            if not ended:
                self.cancelled += 1
                await self._tell()

    async def _answer_aside(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self._check(request, request.model or self.model)
        self.background_requests.append(request)
        reply = self.background_replies.popleft() if self.background_replies else ""
        if isinstance(reply, ModelError):
            raise reply
        for piece in _words(reply) if isinstance(reply, str) else reply:
            if isinstance(piece, asyncio.Event):
                await self._wait(piece)
            elif isinstance(piece, str):
                yield Delta(backend=self._name, model=self.model, text=piece)
        yield Delta(backend=self._name, model=self.model, finish=_finish(request, "stop", 1, time.perf_counter()))

    def _check(self, request: Request, model: str) -> None:
        if self.closed:
            raise BackendUnavailableError(f"the backend {self._name!r} is closed")
        check_sampling(request.sampling)
        if model not in self._ids:
            hint = f"The models are: {', '.join(self._ids)}."
            raise ModelNotFoundError(f"{self._name} has no model {model!r}", hint=hint, details={"model": model})
        if isinstance(request, ChatRequest) and not request.messages:
            raise InvalidRequestError("there is no message to answer")

    async def _wait(self, event: asyncio.Event) -> None:
        """Wait for the event; being closed meanwhile is an error, as it is for a real backend."""
        waiters = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await waiter
        if self.closed:
            raise BackendUnavailableError(f"the backend {self._name!r} was closed")

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _until(self, happened: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(happened)


def _echo(request: Request) -> str:
    if isinstance(request, ChatRequest):
        return f"You said: {request.messages[-1].content}"
    return f"fill({len(request.prefix)}, {len(request.suffix)})"


def _words(text: str) -> list[str]:
    """Cut a text behind each space, so that the pieces join to it again."""
    return [piece for piece in text.replace(" ", " \0").split("\0") if piece]


def _finish(request: Request, reason: FinishReason, count: int, started: float) -> Finish:
    texts = [message.content for message in request.messages] if isinstance(request, ChatRequest) else [request.prefix]
    prompt_tokens = sum(len(text.split()) for text in texts)
    elapsed_ms = (time.perf_counter() - started) * 1000
    usage = Usage(prompt_tokens=prompt_tokens, prompt_tokens_evaluated=prompt_tokens, completion_tokens=count)
    return Finish(reason=reason, usage=usage, timings=Timings(generate_ms=elapsed_ms, total_ms=elapsed_ms))

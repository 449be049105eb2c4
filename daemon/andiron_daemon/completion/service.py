"""Completes code at a cursor.

A request with a session supersedes the one before it at the same path: the older is cancelled in its backend
and answers with nothing. The model's prompt is laid out by the backend; the context beyond the request is
not gathered yet.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from andiron_daemon.answers import TextDelta, all_truncated, unfinished
from andiron_daemon.completion.gap import Gap, is_multiline, read_gap
from andiron_daemon.completion.types import Completion, CompletionAnswer, CompletionInput, CompletionStarted, Reason
from andiron_daemon.counters import Counters
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.identifiers import new_id
from andiron_daemon.positions import Range
from andiron_daemon.pump import Pump, pumped
from andiron_models.errors import ModelError
from andiron_models.router import Router
from andiron_models.types import Delta, Finish, InfillRequest, Priority

CompletionEvent = CompletionStarted | TextDelta | CompletionAnswer
_Place = tuple[str, str | None]

_log = logging.getLogger(__name__)
_LINE_TOKENS = 64
_BLOCK_TOKENS = 128
_MOST_TOKENS = 4096


class CompletionService:
    """Code completion: one for the daemon; `aclose` ends what warms up."""

    def __init__(self, router: Router, counters: Counters) -> None:
        self._router = router
        self._counters = counters
        self._running: dict[_Place, Pump[Delta]] = {}
        self._warming: set[asyncio.Task[None]] = set()

    async def complete(
        self, request: CompletionInput, *, request_id: str | None = None
    ) -> AsyncGenerator[CompletionEvent, None]:
        """Complete at the cursor; closing the iterator cancels the work.

        Raises:
            InvalidRequestError: if there is no cursor, or a value is out of range.
            ModelError: if no completion can be had.
        """
        gap = read_gap(request)
        asked = _infill_request(request, gap, request_id)
        identifier = new_id()
        last: Delta | None = None
        pieces: list[str] = []
        async with self._pump(request, asked) as pump:
            async for delta in pump:
                if last is None:
                    yield CompletionStarted(id=identifier, backend=delta.backend, model=delta.model)
                last = delta
                if delta.text:
                    pieces.append(delta.text)
                    yield TextDelta(text=delta.text)
            was_superseded = pump.was_stopped
        if was_superseded:
            answer = _answer(identifier, gap, "", last, "superseded")
        else:
            answer = _answer(identifier, gap, "".join(pieces), last, None)
            self._counters.count_answer(answer)
        yield answer

    def warm_up(self, request: CompletionInput, *, request_id: str | None = None) -> str:
        """Have the place evaluated when there is nothing better to do; return the id at once."""
        asked = _infill_request(request, read_gap(request), request_id)
        task = asyncio.create_task(self._warm(request, asked))
        self._warming.add(task)
        task.add_done_callback(self._warming.discard)
        return new_id()

    async def aclose(self) -> None:
        """Cancel what warms up."""
        warming = list(self._warming)
        for task in warming:
            task.cancel()
        await asyncio.gather(*warming, return_exceptions=True)

    async def _warm(self, request: CompletionInput, asked: InfillRequest) -> None:
        try:
            async with self._pump(request, asked) as pump:
                async for _ in pump:
                    pass
        except ModelError as error:
            _log.info("warming up %s failed: %s", request.path, error)

    @contextlib.asynccontextmanager
    async def _pump(self, request: CompletionInput, asked: InfillRequest) -> AsyncIterator[Pump[Delta]]:
        """Ask the router, after stopping what ran for the same session and path."""
        place = (request.session, request.path) if request.session is not None else None
        older = self._running.pop(place, None) if place is not None else None
        if older is not None:
            older.stop()
        async with pumped(self._router.infill(asked, request.backend)) as pump:
            if place is not None:
                self._running[place] = pump
            try:
                yield pump
            finally:
                if place is not None and self._running.get(place) is pump:
                    del self._running[place]


def _infill_request(request: CompletionInput, gap: Gap, request_id: str | None) -> InfillRequest:
    multiline = is_multiline(request, gap)
    max_tokens = request.max_tokens
    if max_tokens is None:
        max_tokens = _BLOCK_TOKENS if multiline else _LINE_TOKENS
    _check_range("max_tokens", max_tokens, 0, _MOST_TOKENS)
    _check_range("n", request.n, 1, 1)
    place = f"{request.session or ''}:{request.path or ''}"
    return InfillRequest(
        prefix=gap.prefix,
        suffix=gap.suffix,
        path=request.path,
        language=request.language,
        extra=request.context,
        model=request.model,
        max_tokens=max_tokens,
        single_line=not multiline,
        priority=Priority.COMPLETION if max_tokens else Priority.BACKGROUND,
        place=place if place != ":" else None,
        request_id=request_id,
    )


def _check_range(field: str, value: int, minimum: int, maximum: int) -> None:
    if not minimum <= value <= maximum:
        allowed = f"only {minimum} is possible" if minimum == maximum else f"{minimum} to {maximum} is possible"
        raise InvalidRequestError(
            f"{field} is {value}; {allowed}", details={"field": field, "minimum": minimum, "maximum": maximum}
        )


def _answer(identifier: str, gap: Gap, text: str, last: Delta | None, reason: Reason | None) -> CompletionAnswer:
    finish = _finish(last, reason)
    if not text and reason is None:
        reason = "no_confidence"
    here = Range(gap.position, gap.position)
    return CompletionAnswer(
        id=identifier,
        completions=(Completion(text=text, range=here),) if text else (),
        cached="no",
        reason=reason,
        backend=last.backend if last else None,
        model=last.model if last else None,
        finish_reason=finish.reason,
        usage=finish.usage,
        timings=finish.timings,
        truncated=all_truncated(gap.truncated, finish.truncated),
        fallback=finish.fallback,
    )


def _finish(last: Delta | None, reason: Reason | None) -> Finish:
    if reason == "superseded":
        return unfinished()
    if last is None or last.finish is None:
        raise ModelError("the backend ended its completion without finishing it")
    return last.finish

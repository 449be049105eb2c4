"""Gaps filled for clients that can only insert: the completion pipeline's suggestions, fitted to that.

A stop string of the client's ends the text, and so does its time: measured from the first sign of an answer, it
lets whole lines through that are there by then. A suggestion that would replace closing brackets right of the
cursor leaves them out at its end.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Literal

import msgspec

from andiron_daemon.answers import TextDelta, unfinished
from andiron_daemon.api.dialects.stops import StopReader
from andiron_daemon.completion.types import Completion, CompletionAnswer, CompletionInput, CompletionStarted
from andiron_daemon.pump import pumped
from andiron_daemon.services import Services
from andiron_models.types import Timings, Truncated, Usage

# The pipeline's own budgets are smaller; what is more than this bounds nothing.
_GENEROUS_TOKENS = 160

End = Literal["stop", "word", "length", "time", "superseded"]


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What came: `texts` of which the first is the best, and how it ended."""

    id: str
    texts: tuple[str, ...]
    end: End
    backend: str | None
    model: str | None
    stop_word: str = ""
    usage: Usage = Usage()
    timings: Timings = Timings()
    truncated: Truncated | None = None
    reason: str | None = None

    @property
    def text(self) -> str:
        """The best one, empty where nothing is worth showing."""
        return self.texts[0] if self.texts else ""

    @property
    def finish_reason(self) -> Literal["stop", "length"]:
        """In OpenAI's words."""
        return "length" if self.end in ("length", "time") else "stop"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sets beside the gap."""

    stops: tuple[str, ...] = ()
    seconds: float | None = None


def bounded(max_tokens: int | None) -> int | None:
    """Take over a client's bound where it is one."""
    return max_tokens if max_tokens is not None and 0 <= max_tokens < _GENEROUS_TOKENS else None


async def fill(services: Services, request: CompletionInput, limits: Limits, *, request_id: str) -> Filled:
    """Fill a gap and wait for all of it."""
    filled: Filled | None = None
    async with contextlib.aclosing(fill_as_stream(services, request, limits, request_id=request_id)) as pieces:
        async for piece in pieces:
            filled = piece if isinstance(piece, Filled) else filled
    assert filled is not None
    return filled


async def fill_as_stream(
    services: Services, request: CompletionInput, limits: Limits, *, request_id: str
) -> AsyncGenerator[str | Filled, None]:
    """Fill a gap, telling pieces as they come and the whole at the end."""
    reader = StopReader(limits.stops)
    told = waiting = ""
    started: CompletionStarted | None = None
    moment: float | None = None
    is_late = False
    events = services.completion.complete(request, request_id=request_id, stream=True)
    async with pumped(events) as pump:
        while True:
            event = await pump.next_within(_seconds_until(moment))
            shown = ""
            match event:
                case CompletionStarted():
                    started = event
                    moment = _moment_in(limits.seconds)
                case TextDelta():
                    # Each piece waits for the next: the end of the last one may have to give way.
                    shown, waiting = reader.push(waiting), event.text
                case CompletionAnswer():
                    shown = reader.push(_inserted(request, event, waiting)) + reader.finish()
                case None:
                    is_late, moment = True, None
            if is_late and "\n" in told + shown + waiting:
                shown += reader.push(waiting) + reader.finish()
            if shown:
                told += shown
                yield shown
            if isinstance(event, CompletionAnswer):
                yield _from_answer(request, event, told, reader.met, limits.stops)
                return
            if reader.met is not None or (is_late and "\n" in told):
                yield _broken_off(started, told, reader.met)
                return


def _moment_in(seconds: float | None) -> float | None:
    return None if seconds is None else asyncio.get_running_loop().time() + seconds


def _seconds_until(moment: float | None) -> float | None:
    return None if moment is None else moment - asyncio.get_running_loop().time()


def _inserted(request: CompletionInput, answer: CompletionAnswer, waiting: str) -> str:
    """Leave out of the end of a text what it would take the place of."""
    replaced = _replaced(request, answer.completions[0]) if answer.completions else ""
    return waiting.removesuffix(replaced)


def _replaced(request: CompletionInput, completion: Completion) -> str:
    """Say what right of the cursor a suggestion takes the place of."""
    units = completion.range.end.character - completion.range.start.character
    behind = (request.suffix or "")[:units].encode("utf-16-le", "surrogatepass")[: 2 * units]
    return behind.decode("utf-16-le", "replace") if units > 0 else ""


def _from_answer(
    request: CompletionInput, answer: CompletionAnswer, text: str, met: str | None, stops: tuple[str, ...]
) -> Filled:
    others = [
        _cut(completion.text.removesuffix(_replaced(request, completion)), stops)
        for completion in answer.completions[1:]
    ]
    end: End = "length" if answer.finish_reason == "length" else "stop"
    if met is not None:
        end = "word"
    elif answer.reason == "superseded":
        end = "superseded"
    return Filled(
        id=answer.id,
        texts=tuple(dict.fromkeys(one for one in (text, *others) if one)),
        end=end,
        stop_word=met or "",
        backend=answer.backend,
        model=answer.model,
        usage=answer.usage,
        timings=answer.timings,
        truncated=answer.truncated,
        reason=answer.reason,
    )


def _cut(text: str, stops: tuple[str, ...]) -> str:
    reader = StopReader(stops)
    return reader.push(text) + reader.finish()


def _broken_off(started: CompletionStarted | None, text: str, met: str | None) -> Filled:
    finish = unfinished()
    return Filled(
        id=started.id if started is not None else "",
        texts=(text,) if text else (),
        end="time" if met is None else "word",
        stop_word=met or "",
        backend=started.backend if started is not None else None,
        model=started.model if started is not None else None,
        usage=finish.usage,
        timings=finish.timings,
    )

"""Answers of a model, kept in a file as they come: asked once, judged as often as is liked.

A question that was asked before, word for word, is answered from the file. So both columns of a table stand on the
same answers, and a run that was interrupted goes on where it was.
"""

import hashlib
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from andiron_models.backend import Backend
from andiron_models.types import (
    BackendStatus,
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    InfillRequest,
    ModelInfo,
    Timings,
    TokenLogprob,
    Usage,
)


class NotRecordedError(Exception):
    """A question is not in a record that is only read."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One answer in its pieces, each with the log probability of its least likely token."""

    key: str
    pieces: tuple[tuple[str, float | None], ...]
    reason: FinishReason
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(text for text, _ in self.pieces)


class Record:
    """The file and what is in it; a last line that was cut is left out."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_bytes().split(b"\n") if file.exists() else [b""]
        self._answers = {one.key: one for one in (msgspec.json.decode(line, type=Recorded) for line in lines[:-1])}
        if lines[-1]:
            file.write_bytes(b"".join(line + b"\n" for line in lines[:-1]))

    def get(self, key: str) -> Recorded | None:
        """Return the answer to a question, if it was asked before."""
        return self._answers.get(key)

    def add(self, answer: Recorded) -> None:
        """Write an answer at the end of the file."""
        self._answers[answer.key] = answer
        with self._file.open("ab") as stream:
            stream.write(msgspec.json.encode(answer) + b"\n")


class RecordingBackend:
    """Another backend, asked only what is not in the file, and without `is_asked` nothing at all.

    `unasked` names fields of schemas that are told as empty, for questions that are not to be measured. With
    `is_sure`, probabilities are kept but not told.
    """

    name = "local"

    def __init__(
        self,
        inner: Backend,
        record: Record,
        model: str,
        unasked: frozenset[str] = frozenset(),
        *,
        is_asked: bool = True,
        is_sure: bool = False,
    ) -> None:
        self.told: list[Recorded] = []
        self._inner = inner
        self._record = record
        self._model = model
        self._unasked = unasked
        self._is_asked = is_asked
        self._is_sure = is_sure

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the other backend's."""
        return await self._inner.models()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer from the file, else ask, to the end, and write it there."""
        answer = self._empty(request.sampling.json_schema)
        if answer is None:
            key = _key(self._model, request)
            answer = self._record.get(key) or await self._asked(key, request)
            self.told.append(answer)
        yield Delta(backend=self.name, model=self._model)
        for text, logprob in answer.pieces:
            logprobs = () if logprob is None or self._is_sure else (TokenLogprob(token=text, logprob=logprob),)
            yield Delta(backend=self.name, model=self._model, text=text, logprobs=logprobs)
        finish = Finish(reason=answer.reason, usage=Usage(), timings=Timings())
        yield Delta(backend=self.name, model=self._model, finish=finish)

    def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap; nothing is kept of it."""
        return self._inner.infill(request)

    async def forget(self, place: str) -> None:
        """Drop what the other backend keeps of a place."""
        await self._inner.forget(place)

    async def status(self) -> BackendStatus:
        """Say how the other backend is."""
        return await self._inner.status()

    async def aclose(self) -> None:
        """Close the other backend."""
        await self._inner.aclose()

    def _empty(self, schema: dict[str, Any] | None) -> Recorded | None:
        names = sorted(self._unasked & set((schema or {}).get("properties", ())))
        if not names:
            return None
        return Recorded(key="", pieces=((json.dumps({name: [] for name in names}), None),), reason="stop")

    async def _asked(self, key: str, request: ChatRequest) -> Recorded:
        if not self._is_asked:
            raise NotRecordedError(key)
        pieces: list[tuple[str, float | None]] = []
        reason: FinishReason = "stop"
        started = time.perf_counter()
        async with aclosing(self._inner.chat(request)) as deltas:
            async for delta in deltas:
                if delta.text:
                    pieces.append((delta.text, min((one.logprob for one in delta.logprobs), default=None)))
                if delta.finish is not None:
                    reason = delta.finish.reason
        seconds = time.perf_counter() - started
        answer = Recorded(key=key, pieces=tuple(pieces), reason=reason, seconds=round(seconds, 1))
        self._record.add(answer)
        print(f"  {len(pieces)} pieces in {seconds:.0f} s", file=sys.stderr, flush=True)
        return answer


def _key(model: str, request: ChatRequest) -> str:
    """Name a question by all that its answer depends on."""
    asked = (model, request.messages, request.max_tokens, request.sampling)
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:24]

"""The Backend over OpenAI's API.

One retry, before the first delta only, for what passes by itself (429, 5xx, a lost connection). Closing an
iterator closes its HTTP stream. Token counts are the server's; a server that sends none gives zeros, and so
does an answer that was ended from here.

A gap is filled through the completions endpoint with a suffix where a compatible server has it (asked once,
remembered for each model), else by a chat model (see `hole_filler`), whose cleaned answer comes in one piece.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

from andiron_models.configuration import Configuration, OpenAIConfiguration
from andiron_models.errors import BackendUnavailableError, InvalidRequestError, ModelError, ModelNotFoundError
from andiron_models.openai import hole_filler, wire
from andiron_models.openai.connection import Connection, Endpoint
from andiron_models.openai.errors import before_sending
from andiron_models.types import (
    BackendStatus,
    ChatRequest,
    Delta,
    Finish,
    InfillRequest,
    ModelInfo,
    Timings,
    Truncated,
    Usage,
)

NAME = "openai"
# How long a server that has said why its answer ended may still take to count its tokens and end its stream.
GRACE_SECONDS = 2.0
_NO_SUFFIX_STATUS = (400, 404, 405, 422, 501)
_MOST_IDS_SHOWN = 20
_log = logging.getLogger(__name__)


def create(configuration: Configuration) -> "OpenAIBackend":
    """Make the backend; nothing of the SDK is imported and nothing connected yet."""
    return OpenAIBackend(configuration.openai, Connection(configuration.openai))


class OpenAIBackend:
    """Answers through OpenAI or a server that speaks like it."""

    def __init__(
        self, configuration: OpenAIConfiguration, connection: Connection, *, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._configuration = configuration
        self._grace_seconds = grace_seconds
        self._connection = connection
        self._server = connection.server
        self._without_suffix: set[str] = set()

    @property
    def name(self) -> str:
        """The word by which people choose this backend."""
        return NAME

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the configured model, without asking the server; nothing while a key is known to be missing."""
        if self._connection.lacks_key:
            return ()
        return (ModelInfo(id=self._configuration.model, backend=NAME, state="available", can_infill=True),)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer the last message."""
        with before_sending():
            wire.check_request(request.sampling, is_openai=self._server.is_openai)
            asked = self._checked_tokens(request)
        arguments = wire.chat_arguments(
            request.messages,
            request.model or self._configuration.model,
            asked,
            request.sampling,
            is_openai=self._server.is_openai,
            tools=request.tools,
            tool_choice=request.tool_choice,
            parallel_tool_calls=request.parallel_tool_calls,
        )
        async with contextlib.aclosing(self._generate("chat", arguments)) as deltas:
            async for delta in deltas:
                yield delta

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap between prefix and suffix; nothing can be warmed up here, so no tokens means no request."""
        with before_sending():
            wire.check_request(request.sampling, is_openai=self._server.is_openai)
            if request.max_tokens < 0:
                message = f"max_tokens is {request.max_tokens}, which is less than 0"
                raise InvalidRequestError(message, details={"field": "max_tokens"})
        model = request.model or self._configuration.model
        if request.max_tokens == 0:
            yield Delta(backend=NAME, model=model)
            finish = Finish(reason="length", usage=Usage(), timings=Timings())
            yield Delta(backend=NAME, model=model, finish=finish)
            return
        was_sent = False
        if not self._server.is_openai and model not in self._without_suffix:
            try:
                async with contextlib.aclosing(self._infill_by_suffix(request, model)) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except _NoSuffixError:
                _log.info("%s fills no gaps with %s; its chat is asked to", self._server.shown, model)
                self._without_suffix.add(model)
                was_sent = True
        try:
            async with contextlib.aclosing(self._infill_by_chat(request, model)) as deltas:
                async for delta in deltas:
                    yield delta
        except ModelError as error:
            error.nothing_sent = error.nothing_sent and not was_sent
            raise

    async def status(self) -> BackendStatus:
        """Say how it went last, without asking keyring or server."""
        failure = self._connection.failure
        lacks_key = self._connection.lacks_key
        models = await self.models()
        if self._connection.closed:
            return BackendStatus(name=NAME, state="failed", detail="closed")
        if lacks_key:
            detail = f"there is no key for {self._server.shown}"
            return BackendStatus(name=NAME, state="unconfigured", detail=detail, hint=self._server.key_hint)
        if failure is not None:
            return BackendStatus(
                name=NAME, state="unreachable", models=models, detail=failure.message, hint=failure.hint
            )
        if lacks_key is None:
            detail = "the system keyring is asked for a key on first use"
            return BackendStatus(name=NAME, state="idle", models=models, detail=detail, hint=self._server.key_hint)
        return BackendStatus(name=NAME, state="ready", models=models, detail=self._server.shown)

    async def forget(self, place: str) -> None:
        """Nothing is kept here of any place."""

    async def aclose(self) -> None:
        """Cancel what runs and close the connections."""
        await self._connection.aclose()

    def _checked_tokens(self, request: ChatRequest) -> int:
        """Check that there is something to answer, and say in how many tokens at most."""
        if not request.messages:
            raise InvalidRequestError("there is no message to answer", details={"field": "messages"})
        asked = self._configuration.max_tokens if request.max_tokens is None else request.max_tokens
        if asked < 1:
            raise InvalidRequestError(f"max_tokens is {asked}, which is less than 1", details={"field": "max_tokens"})
        return min(asked, self._configuration.max_tokens)

    async def _infill_by_suffix(self, request: InfillRequest, model: str) -> AsyncGenerator[Delta, None]:
        gap = hole_filler.gap_within(request, takes_extra=False)
        arguments = wire.completion_arguments(gap.prefix, gap.suffix, model, request.max_tokens, request.sampling)
        generated = self._generate("completions", arguments, single_line=request.single_line, truncated=gap.truncated)
        taken = False
        async with contextlib.aclosing(generated) as deltas:
            try:
                async for delta in deltas:
                    taken = True
                    yield delta
            except (InvalidRequestError, ModelNotFoundError, BackendUnavailableError) as error:
                if taken or error.details.get("http_status") not in _NO_SUFFIX_STATUS:
                    raise
                raise _NoSuffixError from error

    async def _infill_by_chat(self, request: InfillRequest, model: str) -> AsyncGenerator[Delta, None]:
        """Gather the whole answer first: what has to be cleaned off is known only then."""
        gap = hole_filler.gap_within(request, takes_extra=True)
        messages = hole_filler.filler_messages(request, gap)
        # A stop string may well stand in the fences that are cleaned off, so they are looked for afterwards.
        sampling = msgspec.structs.replace(request.sampling, stop=(), logprobs=None)
        arguments = wire.chat_arguments(messages, model, request.max_tokens, sampling, is_openai=self._server.is_openai)
        text = ""
        async with contextlib.aclosing(self._generate("chat", arguments, truncated=gap.truncated)) as deltas:
            async for delta in deltas:
                text += delta.text
                if delta.finish is None:
                    if not delta.text:
                        yield delta
                    continue
                text, was_cut = hole_filler.finished(hole_filler.clean(text, gap), request)
                if text:
                    yield Delta(backend=NAME, model=model, text=text)
                reason = "stop" if was_cut else delta.finish.reason
                yield msgspec.structs.replace(delta, finish=msgspec.structs.replace(delta.finish, reason=reason))

    async def _generate(
        self,
        endpoint: Endpoint,
        arguments: dict[str, Any],
        *,
        single_line: bool = False,
        truncated: Truncated | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """Stream one answer; `single_line` ends it from here, where the count of tokens is never learnt."""
        model = arguments["model"]
        started = time.perf_counter()
        answer = wire.Answer(self._server.shown, single_line=single_line)
        try:
            async with self._connection.stream(endpoint, arguments) as chunks:
                yield Delta(backend=NAME, model=model)
                async for chunk in _until_over(chunks, answer, self._server.shown, self._grace_seconds):
                    text, logprobs = answer.take(chunk)
                    if text or logprobs:
                        yield Delta(backend=NAME, model=model, text=text, logprobs=logprobs)
                    if answer.is_cut:
                        break
        except ModelError as error:
            if isinstance(error, ModelNotFoundError):
                await self._name_models(error)
            if not answer.is_over:
                raise
            _log.info("%s did not end its stream well, after its answer: %s", self._server.shown, error.message)
        reason = answer.reason()
        rest = answer.rest()
        if rest:
            yield Delta(backend=NAME, model=model, text=rest)
        calls = answer.calls()
        if calls:
            yield Delta(backend=NAME, model=model, tool_calls=calls)
        finish = Finish(reason=reason, usage=answer.usage, timings=answer.timings(started), truncated=truncated)
        yield Delta(backend=NAME, model=model, finish=finish)

    async def _name_models(self, error: ModelNotFoundError) -> None:
        """Say which models a compatible server has; OpenAI's are too many to be of use."""
        error.hint = "Set OPENAI_MODEL to a model of the server."
        if self._server.is_openai:
            return
        try:
            ids = await self._connection.model_ids()
        except ModelError as listing_error:
            _log.info("%s does not list its models: %s", self._server.shown, listing_error.message)
            return
        if ids:
            error.hint = f"The server's models are: {', '.join(ids[:_MOST_IDS_SHOWN])}. Set OPENAI_MODEL to one."


async def _until_over(
    chunks: AsyncIterator[Any], answer: wire.Answer, server: str, grace_seconds: float
) -> AsyncGenerator[Any, None]:
    """Pass chunks on; a server that holds its stream open behind the answer is not waited for."""
    loop = asyncio.get_running_loop()
    until: float | None = None
    while True:
        if until is None and answer.is_over:
            until = loop.time() + grace_seconds
        limit = asyncio.timeout_at(until)
        try:
            async with limit:
                chunk = await anext(chunks, None)
        except TimeoutError:
            if not limit.expired():
                raise
            _log.info("%s did not end its stream after its answer; it was ended from here", server)
            return
        if chunk is None:
            return
        yield chunk


class _NoSuffixError(Exception):
    """The server cannot fill a gap by prefix and suffix; caught in this module."""

"""`POST /v1/fim/completions`: a gap, asked for and answered as Mistral's clients do."""

import contextlib
import time
from collections.abc import AsyncGenerator

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import openai_bodies as bodies
from andiron_daemon.api.dialects.completions_bodies import FimBody
from andiron_daemon.api.dialects.failures import openai_failure
from andiron_daemon.api.dialects.filling import Filled, Limits, bounded, fill, fill_as_stream
from andiron_daemon.api.dialects.llamacpp_timings import llama_timings
from andiron_daemon.api.dialects.names import chosen
from andiron_daemon.api.dialects.openai_chat import usage_info
from andiron_daemon.api.dialects.openai_reading import read_limit, read_stops
from andiron_daemon.api.dialects.streams import DONE, event, send
from andiron_daemon.api.wire import json_response, read_body, wants_stream
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.identifiers import new_id
from andiron_daemon.middleware.request_id import request_id_of


async def complete(request: web.Request) -> web.StreamResponse:
    """Fill a gap."""
    body = await read_body(request, FimBody)
    services, request_id = request.app[keys.SERVICES], request_id_of(request)
    choice = chosen(services, body.model)
    asked = CompletionInput(
        prefix=body.prompt,
        suffix=body.suffix,
        max_tokens=bounded(read_limit(body.max_tokens)) or None,
        backend=choice.backend,
        model=choice.model,
    )
    limits = Limits(stops=read_stops(body.stop))
    if wants_stream(request, bool(body.stream)):
        pieces = fill_as_stream(services, asked, limits, request_id=request_id)
        return await send(request, _chunks(pieces, body.model or ""), "sse", openai_failure)
    return json_response(_whole(await fill(services, asked, limits, request_id=request_id), body.model or ""))


def _whole(filled: Filled, asked_model: str) -> bodies.ChatCompletion:
    message = bodies.AnswerMessage(content=filled.text)
    return bodies.ChatCompletion(
        id=filled.id,
        object="chat.completion",
        created=int(time.time()),
        model=filled.model or asked_model,
        backend=filled.backend,
        choices=[bodies.ChatChoice(index=0, message=message, finish_reason=filled.finish_reason)],
        usage=usage_info([filled.usage]),
        timings=llama_timings(filled.usage, filled.timings),
    )


async def _chunks(pieces: AsyncGenerator[str | Filled, None], asked_model: str) -> AsyncGenerator[bytes, None]:
    identifier, created = f"fim-{new_id()}", int(time.time())

    def chunk(choice: bodies.ChunkChoice, usage: bodies.UsageInfo | None = None) -> bytes:
        return event(
            bodies.ChatChunk(
                id=identifier,
                object="chat.completion.chunk",
                created=created,
                model=asked_model,
                choices=[choice],
                usage=usage,
            )
        )

    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Filled):
                end = bodies.ChunkChoice(index=0, delta=bodies.ChatDelta(), finish_reason=piece.finish_reason)
                yield chunk(end, usage_info([piece.usage]))
            else:
                yield chunk(bodies.ChunkChoice(index=0, delta=bodies.ChatDelta(role="assistant", content=piece)))
    yield DONE

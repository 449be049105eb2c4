"""`POST /infill`, as llama.vim, llama.vscode and others send it: a gap for the completion pipeline.

`id_slot` is the session: a client has one cursor in a slot, and its newer request supersedes the older. What
tunes sampling is the pipeline's own affair. A request for no tokens warms the place up and is answered at once.
"""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects.failures import llamacpp_failure
from andiron_daemon.api.dialects.filling import End, Filled, Limits, bounded, fill, fill_as_stream
from andiron_daemon.api.dialects.fim_prompt import FimPrompt
from andiron_daemon.api.dialects.generation import MOST_CHOICES
from andiron_daemon.api.dialects.llamacpp_bodies import (
    GenerateFields,
    GenerationSettings,
    InfillBody,
    LlamaCompletion,
    LlamaPiece,
    StopType,
)
from andiron_daemon.api.dialects.llamacpp_timings import llama_timings
from andiron_daemon.api.dialects.names import Choice, chosen, known_models
from andiron_daemon.api.dialects.openai_reading import read_limit, read_stops, refuse_bias
from andiron_daemon.api.dialects.streams import event, send
from andiron_daemon.api.wire import read_body
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.middleware.request_id import request_id_of
from andiron_daemon.services import Services
from andiron_models.types import ExtraFile

# A client may ask to be told no more than these of an answer, `timings/prompt_n` for one inside.
_SEPARATOR = "/"
_STOP_TYPES: dict[End, StopType] = {
    "stop": "eos",
    "word": "word",
    "length": "limit",
    "time": "limit",
    "superseded": "none",
}


async def infill(request: web.Request) -> web.StreamResponse:
    """Fill a gap; with several wanted, the answer is a list."""
    body = await read_body(request, InfillBody)
    extra = [
        ExtraFile(path=chunk.filename or "snippet", content=chunk.text) for chunk in body.input_extra if chunk.text
    ]
    gap = FimPrompt(body.input_prefix + body.prompt, body.input_suffix, None, tuple(extra))
    return await answer_gap(request, gap, body, body.prompt)


async def answer_gap(request: web.Request, gap: FimPrompt, body: GenerateFields, prompt: str) -> web.StreamResponse:
    """Fill a gap, however it was written down; `prompt` is what the answer shows as such."""
    refuse_bias(body)
    services, request_id = request.app[keys.SERVICES], request_id_of(request)
    choice = chosen(services, body.model)
    asked = _asked(gap, body, choice)
    if asked.max_tokens == 0:
        if (gap.prefix + gap.suffix).strip():
            await services.completion.warm_up(asked, request_id=request_id)
        return json_body({})
    seconds = body.t_max_predict_ms / 1000 if body.t_max_predict_ms and body.t_max_predict_ms > 0 else None
    limits = Limits(stops=read_stops(body.stop), seconds=seconds)
    settings = GenerationSettings(
        n_ctx=await context_length(services, choice),
        n_predict=-1 if body.n_predict is None else body.n_predict,
        model=body.model or "",
        stop=limits.stops,
        stream=bool(body.stream),
    )
    told = _Teller(max(0, body.id_slot), prompt, settings)
    if body.stream:
        pieces = fill_as_stream(services, asked, limits, request_id=request_id)
        return await send(request, told.pieces(pieces), "sse", llamacpp_failure)
    filled = await fill(services, asked, limits, request_id=request_id)
    answers = [
        chosen_fields(told.whole(filled, text, index), body.response_fields)
        for index, text in enumerate(filled.texts or ("",))
    ]
    return json_body(answers if (body.n_cmpl or 1) > 1 else answers[0])


def _asked(gap: FimPrompt, body: GenerateFields, choice: Choice) -> CompletionInput:
    return CompletionInput(
        prefix=gap.prefix,
        suffix=gap.suffix,
        path=gap.path,
        context=gap.context,
        max_tokens=bounded(read_limit(body.n_predict)),
        # More are clamped: its own clients ask for three without knowing.
        n=1 if body.stream else min(max(body.n_cmpl or 1, 1), MOST_CHOICES),
        session=f"slot {body.id_slot}" if body.id_slot >= 0 else None,
        backend=choice.backend,
        model=choice.model,
    )


async def context_length(services: Services, choice: Choice) -> int:
    """Say how much the model holds, 0 where nobody knows."""
    lengths = [
        info.context_length
        for _, info in await known_models(services)
        if info.context_length and choice.model in (None, info.id)
    ]
    return lengths[0] if lengths else 0


class _Teller:
    """Writes down what fills a gap."""

    def __init__(self, slot: int, prompt: str, settings: GenerationSettings) -> None:
        self._slot = slot
        self._prompt = prompt
        self._settings = settings

    def whole(self, filled: Filled, text: str, index: int = 0) -> LlamaCompletion:
        """Tell one of the texts with what it cost."""
        usage = filled.usage
        return LlamaCompletion(
            content=text,
            index=index,
            model=filled.model or self._settings.model,
            generation_settings=self._settings,
            timings=llama_timings(usage, filled.timings),
            tokens_cached=usage.prompt_tokens + usage.completion_tokens,
            tokens_evaluated=usage.prompt_tokens,
            tokens_predicted=usage.completion_tokens,
            truncated=filled.truncated is not None,
            stop_type=_STOP_TYPES[filled.end],
            stopping_word=filled.stop_word,
            has_new_line="\n" in text,
            prompt=self._prompt,
            id_slot=self._slot,
            backend=filled.backend,
            completion_id=filled.id,
            reason=filled.reason if filled.reason is not None else msgspec.UNSET,
        )

    async def pieces(self, pieces: AsyncGenerator[str | Filled, None]) -> AsyncGenerator[bytes, None]:
        """Tell the text as it comes."""
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Filled):
                    yield event(self.whole(piece, ""))
                else:
                    yield event(LlamaPiece(content=piece, id_slot=self._slot))


def chosen_fields(answer: LlamaCompletion, fields: Sequence[str] | None) -> Any:
    """Reduce an answer to the fields asked for; one from inside keeps its path as its name."""
    if fields is None:
        return answer
    whole = msgspec.to_builtins(answer)
    told: dict[str, Any] = {}
    for field in fields:
        value: Any = whole
        for part in field.split(_SEPARATOR):
            value = value.get(part, msgspec.UNSET) if isinstance(value, dict) else msgspec.UNSET
        if value is not msgspec.UNSET:
            told[field] = value
    return told


def json_body(body: Any) -> web.Response:
    """Answer with JSON as compact as clients that search it by pattern want it."""
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")

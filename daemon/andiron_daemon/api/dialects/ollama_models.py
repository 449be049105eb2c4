"""Ollama's `/api/version`, `tags`, `show`, `ps`, `embed`, `pull` and `delete`: what there is, and getting more."""

import contextlib
import datetime
import time
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import ollama_bodies as bodies
from andiron_daemon.api.dialects.failures import ollama_failure
from andiron_daemon.api.dialects.model_facts import Facts, all_facts
from andiron_daemon.api.dialects.names import LATEST, Choice, chosen, known_models
from andiron_daemon.api.dialects.ollama_reading import FILL_TEMPLATE
from andiron_daemon.api.dialects.streams import line, send
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.library import PullDone, PullProgress, PullStarted
from andiron_daemon.services import Services
from andiron_models.errors import ModelNotFoundError
from andiron_models.router import LOCAL
from andiron_models.types import Embeddings, EmbedRequest, ModelInfo

# Clients look for features by it; this is the one whose protocol this is.
_SPOKEN_VERSION = "0.12.6"
GREETING = "Ollama is running"
_PORT = 11434
_NO_FACTS = Facts(modified_at="1970-01-01T00:00:00+00:00")
_NANOSECONDS = 1_000_000_000


def is_ollamas_port(request: web.Request) -> bool:
    """Tell whether a request came in by the port Ollama's clients know."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return name is not None and name[1] == _PORT


async def version(request: web.Request) -> web.Response:
    """Tell a version clients can work with."""
    return json_response(bodies.OllamaVersion(version=_SPOKEN_VERSION))


async def tags(request: web.Request) -> web.Response:
    """List the models that can be asked for."""
    services = request.app[keys.SERVICES]
    facts = await all_facts(services)
    rows = [_row(name, info, facts.get(info.id, _NO_FACTS)) for name, info in await known_models(services)]
    return json_response(bodies.OllamaModels(models=rows))


async def running(request: web.Request) -> web.Response:
    """List the models that are in memory."""
    services = request.app[keys.SERVICES]
    facts = await all_facts(services)
    idle = datetime.timedelta(seconds=services.settings.idle_seconds or 365 * 86400)
    expires = (datetime.datetime.now(datetime.UTC) + idle).isoformat()
    rows = [
        _row(name, info, facts.get(info.id, _NO_FACTS), expires=expires)
        for name, info in await known_models(services)
        if info.state == "loaded" and info.backend == LOCAL
    ]
    return json_response(bodies.OllamaModels(models=rows))


async def show(request: web.Request) -> web.Response:
    """Show what there is to know of a model."""
    body = await read_body(request, bodies.NameBody)
    services = request.app[keys.SERVICES]
    name, info = await _found(services, body.wanted)
    facts = (await all_facts(services)).get(info.id, _NO_FACTS)
    fills = info.can_infill or bool(facts.fim_tokens)
    context_length = info.context_length or facts.context_length
    model_info: dict[str, Any] = {
        "general.architecture": facts.architecture,
        "general.basename": facts.basename or info.id,
        "general.parameter_count": facts.parameters,
        f"{facts.architecture}.context_length": context_length,
    }
    if facts.embedding_length is not None:
        model_info[f"{facts.architecture}.embedding_length"] = facts.embedding_length
    return json_response(
        bodies.Shown(
            modelfile=f"FROM {name}\n",
            parameters=f"num_ctx {context_length}" if context_length else "",
            template=FILL_TEMPLATE if fills else "{{ .Prompt }}",
            details=_details(facts),
            model_info=model_info,
            capabilities=_capabilities(info, facts, fills=fills),
            modified_at=facts.modified_at,
        )
    )


def _capabilities(info: ModelInfo, facts: Facts, *, fills: bool) -> list[str]:
    able = [
        ("completion", info.can_chat),
        ("insert", fills),
        ("tools", info.can_call_tools or facts.calls_tools or info.backend == "openai"),
        ("embedding", info.can_embed),
    ]
    return [word for word, can in able if can]


async def _found(services: Services, wanted: str) -> tuple[str, ModelInfo]:
    choice = chosen(services, wanted)
    for name, info in await known_models(services):
        if choice in (Choice(), Choice(None, info.id), Choice(info.backend, info.id)):
            return name, info
    raise ModelNotFoundError(f"there is no model {wanted!r}", details={"model": wanted})


def _row(name: str, info: ModelInfo, facts: Facts, *, expires: str | None = None) -> bodies.OllamaModel:
    tagged = name + LATEST
    return bodies.OllamaModel(
        name=tagged,
        model=tagged,
        modified_at=facts.modified_at,
        size=info.size_bytes or 0,
        digest="",
        details=_details(facts),
        expires_at=expires,
        size_vram=0 if expires is not None else None,
        context_length=info.context_length if expires is not None else None,
    )


def _details(facts: Facts) -> bodies.OllamaDetails:
    return bodies.OllamaDetails(
        family=facts.architecture,
        families=[facts.architecture],
        parameter_size=facts.size_in_words,
        quantization_level=facts.quantization,
    )


async def embed(request: web.Request) -> web.Response:
    """Turn texts into vectors."""
    body = await read_body(request, bodies.EmbedBody)
    started = time.perf_counter()
    texts = (body.input,) if isinstance(body.input, str) else tuple(body.input)
    if not texts:
        return json_response(
            bodies.Embedded(model=body.model, embeddings=[], total_duration=0, load_duration=0, prompt_eval_count=0)
        )
    found = await _embedded(request, body.model, texts, cuts=body.truncate)
    width = len(found.vectors[0])
    if body.dimensions not in (None, width):
        raise InvalidRequestError(
            f"dimensions is {body.dimensions}, but {found.model} gives {width}", details={"field": "dimensions"}
        )
    return json_response(
        bodies.Embedded(
            model=body.model,
            embeddings=[list(vector) for vector in found.vectors],
            total_duration=round((time.perf_counter() - started) * _NANOSECONDS),
            load_duration=0,
            prompt_eval_count=found.prompt_tokens,
        )
    )


async def embed_one(request: web.Request) -> web.Response:
    """Turn one text into a vector, as it was asked for before."""
    body = await read_body(request, bodies.OldEmbedBody)
    found = await _embedded(request, body.model, (body.prompt,), cuts=True)
    return json_response(bodies.OldEmbedded(embedding=list(found.vectors[0])))


async def _embedded(request: web.Request, model: str, texts: tuple[str, ...], *, cuts: bool) -> Embeddings:
    services = request.app[keys.SERVICES]
    choice = chosen(services, model)
    able = await services.router.embedder(choice.model, choice.backend)
    return await able.embed(EmbedRequest(texts=texts, model=choice.model, cuts=cuts))


async def pull(request: web.Request) -> web.StreamResponse:
    """Fetch a model, or say that it is here; the pull goes on when the client leaves."""
    body = await read_body(request, bodies.NameBody)
    lines = _pull_lines(request.app[keys.SERVICES], body.wanted)
    if body.stream:
        return await send(request, _encoded(lines), "ndjson", ollama_failure)
    async with contextlib.aclosing(lines):
        told = [one async for one in lines]
    return json_response(told[-1])


async def _pull_lines(services: Services, wanted: str) -> AsyncGenerator[bodies.PullLine, None]:
    model = chosen(services, wanted).model or wanted
    yield bodies.PullLine(status="pulling manifest")
    here = {info.id for info in await services.router.models() if info.backend == LOCAL}
    if model not in here:
        total: int | None = None
        async with contextlib.aclosing(services.library.pull(model)) as events:
            async for event in events:
                match event:
                    case PullStarted():
                        total = event.total
                    case PullProgress():
                        yield bodies.PullLine(
                            status=f"pulling {model}", digest=model, total=event.total or total, completed=event.bytes
                        )
                    case PullDone():
                        yield bodies.PullLine(status="verifying sha256 digest")
    yield bodies.PullLine(status="success")


async def _encoded(lines: AsyncGenerator[bodies.PullLine, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(lines):
        async for one in lines:
            yield line(one)


async def delete(request: web.Request) -> web.Response:
    """Delete a model from this machine."""
    body = await read_body(request, bodies.NameBody)
    services = request.app[keys.SERVICES]
    await services.library.remove(chosen(services, body.wanted).model or body.wanted)
    return web.Response()

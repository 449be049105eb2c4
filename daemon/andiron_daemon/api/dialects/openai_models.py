"""`GET /v1/models` and `POST /v1/embeddings`."""

import base64
import struct
import time
from collections.abc import Sequence

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import openai_bodies as bodies
from andiron_daemon.api.dialects.names import Choice, chosen, known_models
from andiron_daemon.api.dialects.openai_completions import text_of
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.services import Services
from andiron_models.errors import ModelNotFoundError
from andiron_models.router import LOCAL
from andiron_models.types import EmbedRequest, ModelInfo

_MOST_TEXTS = 2048


async def index(request: web.Request) -> web.Response:
    """List the models that can be asked for."""
    services = request.app[keys.SERVICES]
    rows = [_row(services, name, info) for name, info in await known_models(services)]
    return json_response(bodies.OpenAIModels(data=rows))


async def show(request: web.Request) -> web.Response:
    """Show one of them."""
    services, wanted = request.app[keys.SERVICES], request.match_info["id"]
    choice = chosen(services, wanted)
    for name, info in await known_models(services):
        if wanted == name or choice in (Choice(None, info.id), Choice(info.backend, info.id)):
            return json_response(_row(services, name, info))
    raise ModelNotFoundError(
        f"there is no model {wanted!r}", hint="GET /v1/models lists them.", details={"model": wanted}
    )


def _row(services: Services, name: str, info: ModelInfo) -> bodies.OpenAIModel:
    """Write a model down; to llama.cpp's clients the local ones look like theirs."""
    created = int(time.time() - services.uptime_seconds)
    meta = bodies.ModelMeta(n_ctx=info.context_length, n_ctx_train=info.context_length, size=info.size_bytes)
    owner = "llamacpp" if info.backend == LOCAL else info.backend
    return bodies.OpenAIModel(id=name, owned_by=owner, created=created, meta=meta)


async def embed(request: web.Request) -> web.Response:
    """Turn texts into vectors."""
    body = await read_body(request, bodies.EmbeddingBody)
    services = request.app[keys.SERVICES]
    choice = chosen(services, body.model)
    parts: Sequence[str | int | list[int]] = [body.input] if isinstance(body.input, str) else body.input
    if parts and all(isinstance(part, int) for part in parts):
        parts = [[part for part in parts if isinstance(part, int)]]
    if not 1 <= len(parts) <= _MOST_TEXTS:
        raise InvalidRequestError(
            f"there are {len(parts)} texts, which is not between 1 and {_MOST_TEXTS}", details={"field": "input"}
        )
    able = await services.router.embedder(choice.model, choice.backend)
    texts = tuple([await text_of(services, part, choice) for part in parts])
    found = await able.embed(EmbedRequest(texts=texts, model=choice.model))
    width = len(found.vectors[0])
    if body.dimensions is not None and body.dimensions != width:
        raise InvalidRequestError(
            f"dimensions is {body.dimensions}, but {found.model} gives {width}", details={"field": "dimensions"}
        )
    is_text = body.encoding_format == "base64"
    rows = [
        bodies.Embedding(index=number, embedding=_in_base64(vector) if is_text else list(vector))
        for number, vector in enumerate(found.vectors)
    ]
    usage = bodies.EmbeddingUsage(prompt_tokens=found.prompt_tokens, total_tokens=found.prompt_tokens)
    return json_response(bodies.EmbeddingList(data=rows, model=found.model, usage=usage))


def _in_base64(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

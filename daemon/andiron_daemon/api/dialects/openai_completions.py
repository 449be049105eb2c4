"""`POST /v1/completions`: a text continued, or a gap filled where there is a suffix or the prompt is made for one.

Gaps go through the completion pipeline, which chooses its own sampling. Other prompts are continued as they
stand; the texts of special tokens in them are special tokens, as clients that bring their own templates need it.
"""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import tabby
from andiron_daemon.api.dialects.completions_bodies import CompletionsBody, Prompt
from andiron_daemon.api.dialects.failures import openai_failure
from andiron_daemon.api.dialects.filling import Limits, bounded, fill, fill_as_stream
from andiron_daemon.api.dialects.fim_prompt import FimPrompt, parse_fim_prompt
from andiron_daemon.api.dialects.generation import checked_count, continue_text, gathered, seeded, side_by_side
from andiron_daemon.api.dialects.names import Choice, chosen
from andiron_daemon.api.dialects.openai_reading import read_limit, read_sampling, read_stops, refuse_bias
from andiron_daemon.api.dialects.streams import send
from andiron_daemon.api.dialects.text_teller import TextTeller
from andiron_daemon.api.wire import json_response, read_body, wants_stream
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.middleware.request_id import request_id_of
from andiron_daemon.services import Services
from andiron_models.types import TextRequest

# OpenAI's.
_TEXT_TOKENS = 16
_MOST_PROMPTS = 16


async def complete(request: web.Request) -> web.StreamResponse:
    """Continue prompts or fill a gap; a body with segments is Tabby's."""
    body = await read_body(request, CompletionsBody)
    if body.segments is not None:
        return await tabby.complete(request, body, body.segments)
    services = request.app[keys.SERVICES]
    if body.best_of is not None and body.best_of != (body.n or 1):
        raise InvalidRequestError("best_of is not n; nothing here is chosen from", details={"field": "best_of"})
    choice = chosen(services, body.model)
    prompts = await _prompts(services, body.prompt, choice)
    gap = FimPrompt(prompts[0], body.suffix) if body.suffix is not None else parse_fim_prompt(prompts[0])
    if gap is None:
        return await _continue(request, body, prompts, choice)
    if len(prompts) > 1:
        raise InvalidRequestError("several prompts are gaps", hint="Send one at a time.", details={"field": "prompt"})
    return await _fill(request, body, gap, choice)


async def _prompts(services: Services, prompt: Prompt | None, choice: Choice) -> list[str]:
    """Read prompts: one text, several, or tokens."""
    if prompt is None:
        raise InvalidRequestError("prompt: it is missing", details={"field": "prompt"})
    if isinstance(prompt, str):
        return [prompt]
    if prompt and all(isinstance(part, int) for part in prompt):
        prompt = [[part for part in prompt if isinstance(part, int)]]
    if not 1 <= len(prompt) <= _MOST_PROMPTS:
        raise InvalidRequestError(
            f"there are {len(prompt)} prompts, which is not between 1 and {_MOST_PROMPTS}", details={"field": "prompt"}
        )
    return [await text_of(services, part, choice) for part in prompt]


async def text_of(services: Services, part: str | int | list[int], choice: Choice) -> str:
    """Read a text that may have been sent as tokens."""
    if isinstance(part, str):
        return part
    tokens = (part,) if isinstance(part, int) else tuple(part)
    able = await services.router.tokenizer(choice.model, choice.backend)
    return await able.detokenize(tokens, model=choice.model)


async def _fill(request: web.Request, body: CompletionsBody, gap: FimPrompt, choice: Choice) -> web.StreamResponse:
    if body.logprobs is not None:
        raise InvalidRequestError(
            "logprobs are not told of what fills a gap", hint="Leave them out.", details={"field": "logprobs"}
        )
    refuse_bias(body)
    asked = CompletionInput(
        prefix=gap.prefix,
        suffix=gap.suffix,
        path=gap.path,
        language=body.language,
        context=gap.context,
        max_tokens=bounded(read_limit(body.max_tokens, body.n_predict)),
        n=checked_count(body.n),
        session=body.user,
        backend=choice.backend,
        model=choice.model,
    )
    services, request_id = request.app[keys.SERVICES], request_id_of(request)
    limits = Limits(stops=read_stops(body.stop))
    echo = gap.prefix if body.echo else ""
    told = TextTeller(1, (echo,), wants_usage=_wants_usage(body), asked_model=body.model)
    if asked.max_tokens == 0:
        return json_response(told.warmed(await services.completion.warm_up(asked, request_id=request_id)))
    if wants_stream(request, bool(body.stream)):
        pieces = fill_as_stream(services, asked, limits, request_id=request_id)
        return await send(request, told.filled_chunks(pieces), "sse", openai_failure)
    return json_response(told.filled(await fill(services, asked, limits, request_id=request_id)))


async def _continue(
    request: web.Request, body: CompletionsBody, prompts: list[str], choice: Choice
) -> web.StreamResponse:
    services = request.app[keys.SERVICES]
    limit = read_limit(body.max_tokens, body.n_predict)
    sampling = read_sampling(body, logprobs=body.logprobs)
    count = checked_count(body.n)
    asked = [
        TextRequest(
            prompt=prompt,
            model=choice.model,
            max_tokens=_TEXT_TOKENS if limit is None else limit,
            sampling=seeded(sampling, index),
            request_id=request_id_of(request),
        )
        for prompt in prompts
        for index in range(count)
    ]
    numbered = side_by_side([continue_text(services, one, choice.backend) for one in asked])
    echoes = tuple(one.prompt if body.echo else "" for one in asked)
    told = TextTeller(count, echoes, wants_usage=_wants_usage(body), asked_model=body.model)
    if wants_stream(request, bool(body.stream)):
        return await send(request, told.chunks(numbered), "sse", openai_failure)
    return json_response(told.whole(await gathered(numbered, len(asked))))


def _wants_usage(body: CompletionsBody) -> bool:
    return body.stream_options is not None and body.stream_options.include_usage

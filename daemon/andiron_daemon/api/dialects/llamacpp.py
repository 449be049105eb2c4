"""The rest of llama.cpp's server: text as it stands, what the server is, and what its model makes of text."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec
from aiohttp import web

from andiron_daemon import __version__, keys
from andiron_daemon.api.dialects import llamacpp_bodies as bodies
from andiron_daemon.api.dialects.failures import llamacpp_failure
from andiron_daemon.api.dialects.fim_prompt import parse_fim_prompt
from andiron_daemon.api.dialects.generation import (
    Whole,
    checked_count,
    continue_text,
    gathered,
    seeded,
    side_by_side,
)
from andiron_daemon.api.dialects.llamacpp_infill import answer_gap, chosen_fields, context_length, json_body
from andiron_daemon.api.dialects.llamacpp_timings import llama_timings
from andiron_daemon.api.dialects.model_facts import all_facts
from andiron_daemon.api.dialects.names import Choice, chosen, known_models
from andiron_daemon.api.dialects.openai_completions import text_of
from andiron_daemon.api.dialects.openai_reading import read_limit, read_messages, read_sampling, read_tools
from andiron_daemon.api.dialects.streams import event, send
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.middleware.request_id import request_id_of
from andiron_daemon.services import Services
from andiron_models.backend import Tokenizes
from andiron_models.types import ChatRequest, Delta, FinishReason, TextRequest, TokenLogprob

_STOP_TYPES: dict[FinishReason, bodies.StopType] = {"stop": "eos", "length": "limit", "cancelled": "none"}


async def complete(request: web.Request) -> web.StreamResponse:
    """Continue a text as it stands, or fill the gap it is made for; with several wanted, the answer is a list."""
    body = await read_body(request, bodies.CompletionBody)
    services = request.app[keys.SERVICES]
    choice = chosen(services, body.model)
    prompt = await _prompt(services, body.prompt, choice)
    gap = parse_fim_prompt(prompt)
    if gap is not None:
        return await answer_gap(request, gap, body, prompt)
    asked = TextRequest(
        prompt=prompt,
        model=choice.model,
        max_tokens=read_limit(body.n_predict, body.max_tokens),
        sampling=read_sampling(body, logprobs=body.n_probs or None),
        place=f"slot {body.id_slot}" if body.id_slot >= 0 else None,
        request_id=request_id_of(request),
    )
    told = Teller(asked, body, await context_length(services, choice))
    count = checked_count(body.n_cmpl, "n_cmpl")
    if body.stream:
        answer = continue_text(services, asked, choice.backend)
        return await send(request, told.pieces(answer), "sse", llamacpp_failure)
    several = [msgspec.structs.replace(asked, sampling=seeded(asked.sampling, index)) for index in range(count)]
    answers = side_by_side([continue_text(services, one, choice.backend) for one in several])
    wholes = [
        chosen_fields(told.whole(whole, index), body.response_fields)
        for index, whole in enumerate(await gathered(answers, count))
    ]
    return json_body(wholes if count > 1 else wholes[0])


async def _prompt(services: Services, prompt: str | Sequence[str | int], choice: Choice) -> str:
    """Read a prompt: a text, or texts and tokens in a row."""
    if isinstance(prompt, str):
        return prompt
    if all(isinstance(part, int) for part in prompt):
        return await text_of(services, [part for part in prompt if isinstance(part, int)], choice)
    return "".join([await text_of(services, part, choice) for part in prompt])


class Teller:
    """Writes one continuation down."""

    def __init__(self, asked: TextRequest, body: bodies.CompletionBody, n_ctx: int) -> None:
        self._asked = asked
        self._slot = max(0, body.id_slot)
        sampling = asked.sampling
        self._settings = bodies.GenerationSettings(
            n_ctx=n_ctx,
            n_predict=-1 if asked.max_tokens is None else asked.max_tokens,
            model=body.model or "",
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repeat_penalty,
            frequency_penalty=sampling.frequency_penalty,
            presence_penalty=sampling.presence_penalty,
            seed=sampling.seed,
            stop=sampling.stop,
            stream=bool(body.stream),
        )

    def whole(self, whole: Whole, index: int = 0, content: str | None = None) -> bodies.LlamaCompletion:
        """Tell all of it; `content` stands in place of what a stream has told already."""
        assert whole.last is not None
        finish = whole.last.finish
        assert finish is not None
        usage = finish.usage
        # A stop string ends an answer like an end token; which one it was only the engine knows.
        return bodies.LlamaCompletion(
            content=whole.text if content is None else content,
            index=index,
            model=whole.last.model,
            generation_settings=self._settings,
            timings=llama_timings(usage, finish.timings),
            tokens_cached=usage.prompt_tokens + usage.completion_tokens,
            tokens_evaluated=usage.prompt_tokens,
            tokens_predicted=usage.completion_tokens,
            truncated=finish.truncated is not None,
            stop_type=_STOP_TYPES[finish.reason],
            stopping_word="",
            has_new_line="\n" in whole.text,
            prompt=self._asked.prompt,
            id_slot=self._slot,
            completion_probabilities=_probabilities(whole.logprobs),
            backend=whole.last.backend,
        )

    async def pieces(self, answer: AsyncGenerator[Delta, None]) -> AsyncGenerator[bytes, None]:
        """Tell it as it comes; every event has `content` and `stop`."""
        whole = Whole()
        async with contextlib.aclosing(answer) as deltas:
            async for delta in deltas:
                whole.text += delta.text
                whole.last = delta
                if delta.text:
                    yield event(
                        bodies.LlamaPiece(
                            content=delta.text,
                            id_slot=self._slot,
                            tokens_predicted=delta.usage.completion_tokens if delta.usage is not None else 0,
                            tokens_evaluated=delta.usage.prompt_tokens if delta.usage is not None else 0,
                            completion_probabilities=_probabilities(delta.logprobs),
                        )
                    )
        yield event(self.whole(whole, content=""))


def _probabilities(logprobs: Sequence[TokenLogprob]) -> Any:
    if not logprobs:
        return msgspec.UNSET
    return [
        bodies.LlamaProbability(
            token=one.token,
            bytes=list(one.token.encode()),
            logprob=one.logprob,
            top_logprobs=[
                bodies.LlamaTop(token=token, bytes=list(token.encode()), logprob=logprob) for token, logprob in one.top
            ],
        )
        for one in logprobs
    ]


async def props(request: web.Request) -> web.Response:
    """Say what the server is."""
    services = request.app[keys.SERVICES]
    choice = chosen(services, request.query.get("model"))
    found = [pair for pair in await known_models(services) if choice.model in (None, pair[1].id)]
    model = found[0][0] if found else ""
    facts = (await all_facts(services)).get(found[0][1].id) if found else None
    n_ctx = await context_length(services, choice)
    return json_response(
        bodies.LlamaProps(
            default_generation_settings=bodies.LlamaModel(n_ctx=n_ctx, model=model),
            total_slots=len(await _slots(services)) or 1,
            model_alias=model,
            model_path=facts.path if facts is not None else "",
            chat_template=facts.template if facts is not None else "",
            build_info=f"andiron {__version__}",
        )
    )


async def slots(request: web.Request) -> web.Response:
    """List the engine's sequences, those at work first."""
    return json_body(await _slots(request.app[keys.SERVICES]))


async def _slots(services: Services) -> list[bodies.LlamaSlot]:
    rows: list[bodies.LlamaSlot] = []
    for backend in await services.router.status():
        for worker in backend.engine.get("workers", ()):
            running = worker.get("running", 0)
            for number in range(worker.get("slots", 0)):
                rows.append(
                    bodies.LlamaSlot(
                        id=len(rows),
                        n_ctx=worker.get("context_length", 0),
                        is_processing=number < running,
                        model=worker.get("model", ""),
                    )
                )
    return rows


async def tokenize(request: web.Request) -> web.Response:
    """Cut a text into tokens."""
    body = await read_body(request, bodies.TokenizeBody)
    able, choice = await _able(request, body.model)
    tokens = await able.tokenize(body.content, model=choice.model, special=body.parse_special, begin=body.add_special)
    pieces = [bodies.LlamaToken(id=token.id, piece=token.piece) for token in tokens]
    return json_response(bodies.TokenList(tokens=list(pieces) if body.with_pieces else [one.id for one in pieces]))


async def detokenize(request: web.Request) -> web.Response:
    """Put tokens together."""
    body = await read_body(request, bodies.DetokenizeBody)
    able, choice = await _able(request, body.model)
    return json_response(bodies.TextOfTokens(content=await able.detokenize(tuple(body.tokens), model=choice.model)))


async def apply_template(request: web.Request) -> web.Response:
    """Write a conversation as the model is shown it."""
    body = await read_body(request, bodies.ApplyTemplateBody)
    able, choice = await _able(request, body.model)
    tools, _ = read_tools(body.tools, None)
    asked = ChatRequest(messages=read_messages(body.messages), tools=tools, model=choice.model)
    return json_response(bodies.AppliedTemplate(prompt=await able.apply_template(asked)))


async def _able(request: web.Request, model: str | None) -> tuple[Tokenizes, Choice]:
    services = request.app[keys.SERVICES]
    choice = chosen(services, model)
    return await services.router.tokenizer(choice.model, choice.backend), choice

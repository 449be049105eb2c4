"""`POST /v1/chat/completions`: a conversation the client keeps, answered as OpenAI does."""

import contextlib
import time
from collections.abc import AsyncGenerator, Sequence

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import openai_bodies as bodies
from andiron_daemon.api.dialects.failures import openai_failure
from andiron_daemon.api.dialects.generation import (
    Numbered,
    Whole,
    chat,
    checked_count,
    gathered,
    place_of,
    seeded,
    side_by_side,
)
from andiron_daemon.api.dialects.llamacpp_timings import llama_timings
from andiron_daemon.api.dialects.names import Choice, chosen
from andiron_daemon.api.dialects.openai_reading import read_limit, read_messages, read_sampling, read_tools
from andiron_daemon.api.dialects.streams import DONE, event, send
from andiron_daemon.api.wire import json_response, read_body, wants_stream
from andiron_daemon.identifiers import new_id
from andiron_daemon.middleware.request_id import request_id_of
from andiron_models.types import ChatRequest, Delta, Finish, TokenLogprob, ToolCall, Usage

# Longer answers can be asked for; one that is not bounded at all could run on to the end of the context.
ANSWER_TOKENS = 2048
_REASON: dict[str, bodies.FinishWord] = {"stop": "stop", "length": "length", "cancelled": "stop"}


async def complete(request: web.Request) -> web.StreamResponse:
    """Answer a conversation, once or several times."""
    body = await read_body(request, bodies.ChatCompletionBody)
    services = request.app[keys.SERVICES]
    choice = chosen(services, body.model)
    count = checked_count(body.n)
    asked = _asked(body, choice, request_id_of(request))
    numbered = side_by_side([chat(services, _nth(asked, index), choice.backend) for index in range(count)])
    told = Teller(count, wants_usage=body.stream_options is not None and body.stream_options.include_usage)
    if wants_stream(request, bool(body.stream)):
        return await send(request, told.chunks(numbered), "sse", openai_failure)
    return json_response(told.whole(await gathered(numbered, count)))


def _asked(body: bodies.ChatCompletionBody, choice: Choice, request_id: str) -> ChatRequest:
    messages = read_messages(body.messages)
    limit = read_limit(body.max_completion_tokens, body.max_tokens, body.n_predict)
    logprobs = (body.top_logprobs or 0) if body.logprobs else None
    tools, tool_choice = read_tools(body.tools, body.tool_choice)
    return ChatRequest(
        messages=messages,
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        model=choice.model,
        max_tokens=ANSWER_TOKENS if limit is None else limit,
        sampling=read_sampling(body, body.response_format, logprobs),
        place=place_of(messages),
        request_id=request_id,
    )


def _nth(asked: ChatRequest, index: int) -> ChatRequest:
    return msgspec.structs.replace(asked, sampling=seeded(asked.sampling, index))


class Teller:
    """Writes answers down as OpenAI does, whole or in chunks."""

    def __init__(self, count: int, *, wants_usage: bool) -> None:
        self._id = f"chatcmpl-{new_id()}"
        self._created = int(time.time())
        self._wants_usage = wants_usage
        self._calls = [0] * count
        self._usages = [Usage()] * count
        self._begun: set[int] = set()

    def whole(self, answers: Sequence[Whole]) -> bodies.ChatCompletion:
        """Tell answers that have come to their end."""
        last = answers[0].last
        finish = last.finish if last is not None else None
        assert last is not None
        assert finish is not None
        usages = [answer.last.finish.usage for answer in answers if answer.last and answer.last.finish]
        return bodies.ChatCompletion(
            id=self._id,
            object="chat.completion",
            created=self._created,
            model=last.model,
            backend=last.backend,
            choices=[_choice(index, answer) for index, answer in enumerate(answers)],
            usage=usage_info(usages),
            timings=llama_timings(finish.usage, finish.timings),
            truncated=finish.truncated if finish.truncated is not None else msgspec.UNSET,
        )

    async def chunks(self, numbered: AsyncGenerator[Numbered, None]) -> AsyncGenerator[bytes, None]:
        """Tell answers as they come."""
        last: Delta | None = None
        async with contextlib.aclosing(numbered):
            async for index, delta in numbered:
                last = delta
                if index not in self._begun:
                    self._begun.add(index)
                    yield event(self._chunk(delta, index, bodies.ChatDelta(role="assistant", content="")))
                if delta.text or delta.logprobs:
                    logprobs = chat_logprobs(delta.logprobs) if delta.logprobs else None
                    yield event(self._chunk(delta, index, bodies.ChatDelta(content=delta.text), logprobs=logprobs))
                for call in delta.tool_calls:
                    yield event(self._chunk(delta, index, self._call(index, call)))
                if delta.finish is not None:
                    yield event(self._end(delta, index, delta.finish))
        if self._wants_usage and last is not None:
            head = self._chunk(last, None, usage=usage_info(self._usages))
            yield event(head)
        yield DONE

    def _call(self, index: int, call: ToolCall) -> bodies.ChatDelta:
        place = self._calls[index]
        self._calls[index] += 1
        function = bodies.FunctionCall(name=call.name, arguments=call.arguments)
        return bodies.ChatDelta(tool_calls=[bodies.CallDelta(index=place, id=call.id, function=function)])

    def _end(self, delta: Delta, index: int, finish: Finish) -> bodies.ChatChunk:
        self._usages[index] = finish.usage
        word = "tool_calls" if self._calls[index] else _REASON[finish.reason]
        return self._chunk(delta, index, bodies.ChatDelta(), word=word, finish=finish)

    def _chunk(
        self,
        delta: Delta,
        index: int | None,
        news: bodies.ChatDelta | None = None,
        *,
        word: bodies.FinishWord | None = None,
        logprobs: bodies.ChoiceLogprobs | None = None,
        finish: Finish | None = None,
        usage: bodies.UsageInfo | None = None,
    ) -> bodies.ChatChunk:
        choices = []
        if index is not None and news is not None:
            choices = [bodies.ChunkChoice(index=index, delta=news, finish_reason=word, logprobs=logprobs)]
        more: dict[str, object] = {}
        if finish is not None:
            more["timings"] = llama_timings(finish.usage, finish.timings)
            more |= {"truncated": finish.truncated} if finish.truncated is not None else {}
        if self._wants_usage:
            more["usage"] = usage
        return bodies.ChatChunk(
            id=self._id,
            object="chat.completion.chunk",
            created=self._created,
            model=delta.model,
            backend=delta.backend,
            choices=choices,
            **more,  # type: ignore[arg-type]  # each is of the field's type
        )


def _choice(index: int, answer: Whole) -> bodies.ChatChoice:
    calls = [
        bodies.CallPart(id=call.id, function=bodies.FunctionCall(name=call.name, arguments=call.arguments))
        for call in answer.tool_calls
    ]
    message = bodies.AnswerMessage(content=answer.text or (None if calls else ""))
    if calls:
        message = bodies.AnswerMessage(content=answer.text or None, tool_calls=calls)
    reason = answer.last.finish.reason if answer.last is not None and answer.last.finish is not None else "stop"
    return bodies.ChatChoice(
        index=index,
        message=message,
        finish_reason="tool_calls" if calls else _REASON[reason],
        logprobs=chat_logprobs(answer.logprobs) if answer.logprobs else None,
    )


def chat_logprobs(logprobs: Sequence[TokenLogprob]) -> bodies.ChoiceLogprobs:
    """Write log probabilities as a chat tells them."""
    return bodies.ChoiceLogprobs(
        content=[
            bodies.ContentLogprob(
                token=one.token,
                logprob=one.logprob,
                bytes=list(one.token.encode()),
                top_logprobs=[
                    bodies.TopLogprob(token=token, logprob=logprob, bytes=list(token.encode()))
                    for token, logprob in one.top
                ],
            )
            for one in logprobs
        ]
    )


def usage_info(usages: Sequence[Usage]) -> bodies.UsageInfo:
    """Count tokens: the prompt once, every answer."""
    prompt = max((usage.prompt_tokens for usage in usages), default=0)
    completion = sum(usage.completion_tokens for usage in usages)
    cached = max((usage.prompt_tokens_cached for usage in usages), default=0)
    return bodies.UsageInfo(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        prompt_tokens_details=bodies.PromptDetails(cached_tokens=cached),
    )

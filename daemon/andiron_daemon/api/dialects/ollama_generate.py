"""`POST /api/generate` and `/api/chat`: lines of JSON, the last of which counts."""

import base64
import binascii
import contextlib
from collections.abc import AsyncGenerator, Sequence

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import ollama_bodies as bodies
from andiron_daemon.api.dialects.failures import ollama_failure
from andiron_daemon.api.dialects.filling import Filled, Limits, bounded, fill_as_stream
from andiron_daemon.api.dialects.fim_prompt import FimPrompt, parse_fim_prompt
from andiron_daemon.api.dialects.generation import chat, continue_text, place_of
from andiron_daemon.api.dialects.names import Choice, chosen
from andiron_daemon.api.dialects.ollama_reading import (
    costs,
    last_line,
    limit_of,
    load_or_unload,
    sampling_of,
    time_now,
)
from andiron_daemon.api.dialects.openai_chat import ANSWER_TOKENS
from andiron_daemon.api.dialects.openai_reading import read_stops
from andiron_daemon.api.dialects.streams import line, send
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.middleware.request_id import request_id_of
from andiron_models.types import ChatRequest, Delta, Message, TextRequest, Tool, ToolCall

_JPEG = b"\xff\xd8"


async def generate(request: web.Request) -> web.StreamResponse:
    """Answer a prompt, continue it, or fill the gap behind it."""
    body = await read_body(request, bodies.GenerateBody)
    services, request_id = request.app[keys.SERVICES], request_id_of(request)
    choice = chosen(services, body.model)
    if not body.prompt and not body.suffix:
        reason = await load_or_unload(services, choice, body.keep_alive)
        return json_response(
            bodies.Generated(model=body.model, created_at=time_now(), response="", done=True, done_reason=reason)
        )
    gap = FimPrompt(body.prompt, body.suffix) if body.suffix else parse_fim_prompt(body.prompt)
    if gap is not None:
        options = body.options or bodies.Options()
        pieces = fill_as_stream(
            services,
            _gap(gap, options, choice),
            Limits(stops=read_stops(options.stop)),
            request_id=request_id,
        )
        lines = _filled_lines(pieces, body.model)
    elif body.raw:
        text = TextRequest(
            prompt=body.prompt,
            model=choice.model,
            max_tokens=limit_of(body.options),
            sampling=sampling_of(body.options, body.format),
            request_id=request_id,
        )
        lines = _text_lines(continue_text(services, text, choice.backend), body.model)
    else:
        asked = _as_chat(body, choice, request_id)
        lines = _text_lines(chat(services, asked, choice.backend), body.model)
    return await _answer(request, lines, body.stream)


def _gap(gap: FimPrompt, options: bodies.Options, choice: Choice) -> CompletionInput:
    return CompletionInput(
        prefix=gap.prefix,
        suffix=gap.suffix,
        path=gap.path,
        context=gap.context,
        max_tokens=bounded(limit_of(options)) or None,
        backend=choice.backend,
        model=choice.model,
    )


def _as_chat(body: bodies.GenerateBody, choice: Choice, request_id: str) -> ChatRequest:
    """Put the model's own template around a prompt; one of the client's in Go's language is beyond us."""
    if body.template:
        raise InvalidRequestError(
            "template: the model's own is used",
            hint="Send raw, with the template applied.",
            details={"field": "template"},
        )
    head = [] if body.system is None else [Message(role="system", content=body.system)]
    messages = (*head, Message(role="user", content=body.prompt, images=_images(body.images)))
    return ChatRequest(
        messages=messages,
        model=choice.model,
        max_tokens=limit_of(body.options) or ANSWER_TOKENS,
        sampling=sampling_of(body.options, body.format),
        place=place_of(messages),
        request_id=request_id,
    )


async def converse(request: web.Request) -> web.StreamResponse:
    """Answer a conversation."""
    body = await read_body(request, bodies.OllamaChatBody)
    services = request.app[keys.SERVICES]
    choice = chosen(services, body.model)
    if not body.messages:
        reason = await load_or_unload(services, choice, body.keep_alive)
        empty = bodies.AnsweredMessage(role="assistant", content="")
        return json_response(
            bodies.Chatted(model=body.model, created_at=time_now(), message=empty, done=True, done_reason=reason)
        )
    messages = _messages(body.messages)
    asked = ChatRequest(
        messages=messages,
        tools=tuple(
            Tool(
                name=tool.function.name,
                description=tool.function.description,
                parameters=tool.function.parameters or {},
            )
            for tool in body.tools or ()
        ),
        model=choice.model,
        max_tokens=limit_of(body.options) or ANSWER_TOKENS,
        sampling=sampling_of(body.options, body.format),
        place=place_of(messages),
        request_id=request_id_of(request),
    )
    return await _answer(request, _chat_lines(chat(services, asked, choice.backend), body.model), body.stream)


def _messages(messages: Sequence[bodies.OllamaMessage]) -> tuple[Message, ...]:
    """Read turns; calls have no names of their own here, so that they are numbered."""
    turns: list[Message] = []
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        calls = tuple(
            ToolCall(
                id=f"call_{index}_{number}",
                name=call.function.name,
                arguments=msgspec.json.encode(call.function.arguments).decode(),
            )
            for number, call in enumerate(message.tool_calls or ())
        )
        open_calls += [call.id for call in calls]
        answers = open_calls.pop(0) if message.role == "tool" and open_calls else None
        turns.append(
            Message(
                role=message.role,
                content=message.content,
                tool_calls=calls,
                tool_call_id=answers,
                images=_images(message.images),
            )
        )
    return tuple(turns)


def _images(images: Sequence[str] | None) -> tuple[str, ...]:
    """Write images, which come in base64, as URLs.

    Raises:
        InvalidRequestError: one is no base64.
    """
    urls = []
    for image in images or ():
        try:
            content = base64.b64decode(image, validate=True)
        except binascii.Error as error:
            raise InvalidRequestError("images: one is no base64", details={"field": "images"}) from error
        kind = "jpeg" if content.startswith(_JPEG) else "png"
        urls.append(f"data:image/{kind};base64,{image}")
    return tuple(urls)


Line = bodies.Generated | bodies.Chatted


async def _text_lines(deltas: AsyncGenerator[Delta, None], model: str) -> AsyncGenerator[Line, None]:
    async with contextlib.aclosing(deltas):
        async for delta in deltas:
            if delta.text:
                yield bodies.Generated(model=model, created_at=time_now(), response=delta.text)
            if delta.finish is not None:
                end = last_line(delta.finish, delta.backend)
                yield bodies.Generated(model=model, created_at=time_now(), response="", **end)


async def _filled_lines(pieces: AsyncGenerator[str | Filled, None], model: str) -> AsyncGenerator[Line, None]:
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, str):
                yield bodies.Generated(model=model, created_at=time_now(), response=piece)
                continue
            yield bodies.Generated(
                model=model,
                created_at=time_now(),
                response="",
                done=True,
                done_reason=piece.finish_reason,
                backend=piece.backend,
                truncated=piece.truncated,
                completion_id=piece.id,
                **costs(piece.usage, piece.timings),
            )


async def _chat_lines(deltas: AsyncGenerator[Delta, None], model: str) -> AsyncGenerator[Line, None]:
    async with contextlib.aclosing(deltas):
        async for delta in deltas:
            if delta.text or delta.tool_calls:
                calls = [_call(call) for call in delta.tool_calls] or None
                message = bodies.AnsweredMessage(role="assistant", content=delta.text, tool_calls=calls)
                yield bodies.Chatted(model=model, created_at=time_now(), message=message)
            if delta.finish is not None:
                message = bodies.AnsweredMessage(role="assistant", content="")
                end = last_line(delta.finish, delta.backend)
                yield bodies.Chatted(model=model, created_at=time_now(), message=message, **end)


def _call(call: ToolCall) -> bodies.OllamaCall:
    try:
        arguments = msgspec.json.decode(call.arguments, type=dict)
    except msgspec.DecodeError:
        arguments = {"arguments": call.arguments}  # a cloud's model wrote no object; nothing is dropped
    return bodies.OllamaCall(function=bodies.OllamaCallFunction(name=call.name, arguments=arguments))


async def _answer(request: web.Request, lines: AsyncGenerator[Line, None], stream: bool) -> web.StreamResponse:
    """Send lines as they come, or all of them as one."""
    if stream:
        return await send(request, _encoded(lines), "ndjson", ollama_failure)
    text = ""
    calls: list[bodies.OllamaCall] = []
    last: Line | None = None
    async with contextlib.aclosing(lines):
        async for last in lines:
            if isinstance(last, bodies.Generated):
                text += last.response
            else:
                text += last.message.content
                calls += last.message.tool_calls or ()
    assert last is not None
    if isinstance(last, bodies.Generated):
        return json_response(msgspec.structs.replace(last, response=text))
    message = bodies.AnsweredMessage(role="assistant", content=text, tool_calls=calls or None)
    return json_response(msgspec.structs.replace(last, message=message))


async def _encoded(lines: AsyncGenerator[Line, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(lines):
        async for one in lines:
            yield line(one)

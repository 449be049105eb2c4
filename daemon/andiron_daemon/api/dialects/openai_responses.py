"""`POST /v1/responses`: a conversation answered as OpenAI's newer API does, text and calls of functions."""

import contextlib
import time
from collections.abc import AsyncGenerator

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects import openai_bodies as bodies
from andiron_daemon.api.dialects import responses_bodies as parts
from andiron_daemon.api.dialects.failures import openai_failure
from andiron_daemon.api.dialects.generation import chat, place_of
from andiron_daemon.api.dialects.names import Choice, chosen
from andiron_daemon.api.dialects.openai_chat import ANSWER_TOKENS
from andiron_daemon.api.dialects.openai_reading import read_limit, read_messages, read_sampling, read_tools
from andiron_daemon.api.dialects.streams import event, send
from andiron_daemon.api.wire import json_response, read_body, wants_stream
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.identifiers import new_id
from andiron_daemon.middleware.request_id import request_id_of
from andiron_models.types import ChatRequest, Delta, Finish, ToolCall


async def respond(request: web.Request) -> web.StreamResponse:
    """Answer a conversation."""
    body = await read_body(request, parts.ResponsesBody)
    if body.previous_response_id is not None:
        raise InvalidRequestError(
            "previous_response_id: no response is kept here",
            hint="Send the whole conversation as input.",
            details={"field": "previous_response_id"},
        )
    services = request.app[keys.SERVICES]
    choice = chosen(services, body.model)
    answer = chat(services, _asked(body, choice, request_id_of(request)), choice.backend)
    events = Responding(body).events(answer)
    if wants_stream(request, bool(body.stream)):
        return await send(request, _written(events), "sse", openai_failure)
    async with contextlib.aclosing(events):
        told = [one async for one in events]
    response = told[-1].response
    assert response is not None
    return json_response(response)


async def _written(events: AsyncGenerator[parts.ResponseEvent, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(events):
        async for one in events:
            yield event(one, one.type)


def _asked(body: parts.ResponsesBody, choice: Choice, request_id: str) -> ChatRequest:
    messages = read_messages(_conversation(body))
    specs = [
        bodies.ToolSpec(
            function=bodies.FunctionSpec(name=tool.name, description=tool.description, parameters=tool.parameters)
        )
        for tool in body.tools or ()
    ]
    named = body.tool_choice
    if isinstance(named, parts.NamedFunctionTool):
        tools, tool_choice = read_tools(specs, bodies.NamedTool(function=bodies.NamedFunction(name=named.name)))
    else:
        tools, tool_choice = read_tools(specs, named)
    form = body.text.format if body.text is not None else None
    response_format = None
    if form is not None:
        response_format = bodies.ResponseFormat(type=form.type, schema=form.schema)
    limit = read_limit(body.max_output_tokens)
    fields = bodies.SamplingFields(temperature=body.temperature, top_p=body.top_p)
    return ChatRequest(
        messages=messages,
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        model=choice.model,
        max_tokens=ANSWER_TOKENS if limit is None else limit,
        sampling=read_sampling(fields, response_format),
        place=place_of(messages),
        request_id=request_id,
    )


def _conversation(body: parts.ResponsesBody) -> list[bodies.ChatMessage]:
    head = [] if body.instructions is None else [bodies.ChatMessage(role="system", content=body.instructions)]
    if isinstance(body.input, str):
        return [*head, bodies.ChatMessage(role="user", content=body.input)]
    return [*head, *(_turn(item, index) for index, item in enumerate(body.input))]


def _turn(item: parts.InputItem, index: int) -> bodies.ChatMessage:
    match item.type:
        case "message":
            return bodies.ChatMessage(role=item.role, content=item.content)
        case "function_call":
            function = bodies.FunctionCall(name=item.name or "", arguments=item.arguments or "")
            call = bodies.CallPart(id=item.call_id or "", function=function)
            return bodies.ChatMessage(role="assistant", tool_calls=[call])
        case "function_call_output":
            return bodies.ChatMessage(role="tool", content=item.output, tool_call_id=item.call_id)
    raise InvalidRequestError(
        f"input[{index}]: an item of type {item.type!r} cannot be read", details={"field": f"input[{index}]"}
    )


class Responding:
    """One response as it grows, told as events of which the last has all of it."""

    def __init__(self, body: parts.ResponsesBody) -> None:
        self._sequence = 0
        self._items: list[parts.OutputMessage | parts.OutputCall] = []
        self._text = ""
        self._message_id: str | None = None
        self._response = parts.Response(
            id=f"resp_{new_id()}",
            created_at=int(time.time()),
            model=body.model or "",
            status="in_progress",
            instructions=body.instructions,
            max_output_tokens=body.max_output_tokens,
            temperature=body.temperature,
            top_p=body.top_p,
            tools=tuple(body.tools or ()),
            parallel_tool_calls=body.parallel_tool_calls is not False,
        )

    async def events(self, answer: AsyncGenerator[Delta, None]) -> AsyncGenerator[parts.ResponseEvent, None]:
        """Tell the answer as it comes."""
        async with contextlib.aclosing(answer) as deltas:
            async for delta in deltas:
                if not self._sequence:
                    self._response = msgspec.structs.replace(self._response, model=delta.model, backend=delta.backend)
                    yield self._event("created", response=self._response)
                    yield self._event("in_progress", response=self._response)
                if delta.text:
                    for one in self._begin_message():
                        yield one
                    self._text += delta.text
                    yield self._of_part("output_text.delta", delta=delta.text, logprobs=())
                for call in delta.tool_calls:
                    for one in (*self._end_message(), *self._call(call)):
                        yield one
                if delta.finish is not None:
                    for one in self._end(delta.finish):
                        yield one

    def _begin_message(self) -> list[parts.ResponseEvent]:
        if self._message_id is not None:
            return []
        self._message_id = f"msg_{new_id()}"
        item = parts.OutputMessage(id=self._message_id, status="in_progress", content=())
        return [
            self._event("output_item.added", output_index=len(self._items), item=item),
            self._of_part("content_part.added", part=parts.OutputText(text="")),
        ]

    def _end_message(self, status: str = "completed") -> list[parts.ResponseEvent]:
        if self._message_id is None:
            return []
        part = parts.OutputText(text=self._text)
        told = [
            self._of_part("output_text.done", text=self._text, logprobs=()),
            self._of_part("content_part.done", part=part),
        ]
        item = parts.OutputMessage(
            id=self._message_id, status="incomplete" if status == "incomplete" else "completed", content=(part,)
        )
        told.append(self._event("output_item.done", output_index=len(self._items), item=item))
        self._items.append(item)
        self._message_id, self._text = None, ""
        return told

    def _call(self, call: ToolCall) -> list[parts.ResponseEvent]:
        item = parts.OutputCall(id=f"fc_{new_id()}", call_id=call.id, name=call.name, arguments=call.arguments)
        begun = msgspec.structs.replace(item, arguments="", status="in_progress")
        at = len(self._items)
        self._items.append(item)
        return [
            self._event("output_item.added", output_index=at, item=begun),
            self._event("function_call_arguments.delta", output_index=at, item_id=item.id, delta=call.arguments),
            self._event(
                "function_call_arguments.done",
                output_index=at,
                item_id=item.id,
                arguments=call.arguments,
                name=call.name,
            ),
            self._event("output_item.done", output_index=at, item=item),
        ]

    def _end(self, finish: Finish) -> list[parts.ResponseEvent]:
        is_cut = finish.reason == "length"
        told = [] if self._items else self._begin_message()
        told += self._end_message("incomplete" if is_cut else "completed")
        usage = finish.usage
        response = msgspec.structs.replace(
            self._response,
            status="incomplete" if is_cut else "completed",
            output=tuple(self._items),
            incomplete_details=parts.Incomplete() if is_cut else None,
            usage=parts.ResponseUsage(
                input_tokens=usage.prompt_tokens,
                output_tokens=usage.completion_tokens,
                total_tokens=usage.prompt_tokens + usage.completion_tokens,
                input_tokens_details=parts.InputDetails(cached_tokens=usage.prompt_tokens_cached),
            ),
        )
        return [*told, self._event("incomplete" if is_cut else "completed", response=response)]

    def _of_part(self, kind: str, **fields: object) -> parts.ResponseEvent:
        return self._event(kind, item_id=self._message_id, output_index=len(self._items), content_index=0, **fields)

    def _event(self, kind: str, **fields: object) -> parts.ResponseEvent:
        number, self._sequence = self._sequence, self._sequence + 1
        return parts.ResponseEvent(type=f"response.{kind}", sequence_number=number, **fields)  # type: ignore[arg-type]  # each of its field's type

"""The bodies of OpenAI's `/v1/responses`, as far as text and calls of functions go."""

from typing import Any, Literal

import msgspec

from andiron_daemon.api.dialects.openai_bodies import ContentPart


class InputItem(msgspec.Struct, frozen=True, kw_only=True):
    """A message, a function call of before, or what came of one."""

    type: str = "message"
    role: Literal["system", "developer", "user", "assistant"] = "user"
    content: str | list[ContentPart] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[ContentPart] | None = None


class FunctionTool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that may be called."""

    name: str
    type: Literal["function"] = "function"
    description: str | None = None
    parameters: dict[str, Any] | None = None


class NamedFunctionTool(msgspec.Struct, frozen=True, kw_only=True):
    """The function to call."""

    name: str
    type: Literal["function"] = "function"


class TextFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What form the text is to have."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str = "answer"
    schema: dict[str, Any] | None = None


class TextSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the text is to be."""

    format: TextFormat | None = None


class ResponsesBody(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, whole; nothing is kept, so that none can be continued by its id."""

    input: str | list[InputItem]
    model: str | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stream: bool | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: str | NamedFunctionTool | None = None
    parallel_tool_calls: bool | None = None
    text: TextSettings | None = None
    previous_response_id: str | None = None


class OutputText(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of text."""

    text: str
    type: Literal["output_text"] = "output_text"
    annotations: tuple[str, ...] = ()


class OutputMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """What the assistant says."""

    id: str
    status: Literal["in_progress", "completed", "incomplete"]
    content: tuple[OutputText, ...]
    role: Literal["assistant"] = "assistant"


class OutputCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="function_call"):
    """What the assistant wants called."""

    id: str
    call_id: str
    name: str
    arguments: str
    status: Literal["in_progress", "completed"] = "completed"


class InputDetails(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the input had been evaluated before."""

    cached_tokens: int = 0


class OutputDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing here reasons unseen."""

    reasoning_tokens: int = 0


class ResponseUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens counted."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: InputDetails = InputDetails()
    output_tokens_details: OutputDetails = OutputDetails()


class Incomplete(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no more."""

    reason: Literal["max_output_tokens"] = "max_output_tokens"


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The answer; `backend` is ours."""

    id: str
    created_at: int
    model: str
    status: Literal["in_progress", "completed", "incomplete"]
    output: tuple[OutputMessage | OutputCall, ...] = ()
    usage: ResponseUsage | None = None
    incomplete_details: Incomplete | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    backend: str | None = None
    error: None = None
    metadata: dict[str, str] = {}
    object: Literal["response"] = "response"
    parallel_tool_calls: bool = True
    tool_choice: str = "auto"
    tools: tuple[FunctionTool, ...] = ()
    store: Literal[False] = False


class ResponseEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a stream; which fields it has depends on its `type`."""

    type: str
    sequence_number: int = msgspec.field(default_factory=int)
    response: Response | None = None
    output_index: int | None = None
    content_index: int | None = None
    item_id: str | None = None
    item: OutputMessage | OutputCall | None = None
    part: OutputText | None = None
    delta: str | None = None
    text: str | None = None
    arguments: str | None = None
    name: str | None = None
    logprobs: tuple[str, ...] | None = None

"""Calls of tools in what a local model writes: asked for by its template, read out of its answer.

The template tells a model to write `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. Small models leave the
tags out, or put a code fence around: an answer that is nothing but one such object naming a known tool is a call too.
Where a call is required, a JSON schema lets the model write nothing else. What is no call after all stays text.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from andiron_models.errors import InvalidRequestError
from andiron_models.types import ChatRequest, Delta, Tool, ToolCall

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_FENCED = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)
_BARE_STARTS = ("{", "```json", "```\n{")


class _Written(msgspec.Struct):
    name: str
    arguments: dict[str, Any] = {}


def with_call_required(request: ChatRequest) -> ChatRequest:
    """Let a request that requires a call be answered with nothing but one.

    Raises:
        InvalidRequestError: the tool to call is none of those given, or a schema is asked for beside.
    """
    if not request.tools or request.tool_choice == "auto":
        return request
    chosen = [tool for tool in request.tools if request.tool_choice in ("required", tool.name)]
    if not chosen:
        names = ", ".join(tool.name for tool in request.tools)
        raise InvalidRequestError(
            f"there is no tool {request.tool_choice!r}",
            hint=f"The tools given are: {names}.",
            details={"field": "tool_choice"},
        )
    if request.sampling.json_schema is not None or request.sampling.grammar is not None:
        raise InvalidRequestError("a required call and a schema for the answer exclude each other")
    schemas = [_call_schema(tool) for tool in chosen]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return msgspec.structs.replace(request, sampling=msgspec.structs.replace(request.sampling, json_schema=schema))


def _call_schema(tool: Tool) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": tool.parameters or {"type": "object"}},
        "required": ["name", "arguments"],
    }


class CallReader:
    """Takes an answer as it grows and tells text from calls."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._names = {tool.name for tool in tools}
        self._held = ""
        self._may_be_bare = True

    def push(self, text: str) -> tuple[str, tuple[ToolCall, ...]]:
        """Take more of the answer; return the text that is surely text, and the calls that are whole."""
        self._held += text
        if self._may_be_bare:
            start = self._held.lstrip()
            if not start or any(start.startswith(bare[: len(start)]) for bare in _BARE_STARTS):
                return "", ()
            self._may_be_bare = False
        shown: list[str] = []
        calls: list[ToolCall] = []
        while (begin := self._held.find(_OPEN)) >= 0 and (end := self._held.find(_CLOSE, begin)) >= 0:
            call = self._call(self._held[begin + len(_OPEN) : end])
            whole = end + len(_CLOSE)
            shown.append(self._held[:begin].rstrip("\n") if call else self._held[:whole])
            if call is not None:
                calls.append(call)
            self._held = self._held[whole:].lstrip("\n") if call else self._held[whole:]
        if _OPEN not in self._held:
            kept = _beginning_of_tag(self._held)
            shown.append(self._held[: len(self._held) - kept])
            self._held = self._held[len(self._held) - kept :]
        return "".join(shown), tuple(calls)

    def finish(self) -> tuple[str, tuple[ToolCall, ...]]:
        """Return what was held back, as a call where it is one."""
        held, self._held = self._held, ""
        fenced = _FENCED.match(held)
        unclosed = held.partition(_OPEN)
        for text, before in ((held, ""), (fenced[1] if fenced else "", ""), (unclosed[2], unclosed[0])):
            call = self._call(text)
            if call is not None:
                return before.rstrip("\n"), (call,)
        return held, ()

    def _call(self, text: str) -> ToolCall | None:
        try:
            written = msgspec.json.decode(text.strip(), type=_Written)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return None
        if written.name not in self._names:
            return None
        arguments = msgspec.json.encode(written.arguments).decode()
        return ToolCall(id=f"call_{secrets.token_hex(12)}", name=written.name, arguments=arguments)


def _beginning_of_tag(text: str) -> int:
    """Say how much of the end may be the beginning of a tag."""
    return next((length for length in range(min(len(_OPEN) - 1, len(text)), 0, -1) if text.endswith(_OPEN[:length])), 0)


async def with_calls(deltas: AsyncGenerator[Delta, None], request: ChatRequest) -> AsyncGenerator[Delta, None]:
    """Turn what a model wrote as calls into calls, into one where no more are wanted."""
    reader = CallReader(request.tools)
    left = None if request.parallel_tool_calls else 1
    async with aclosing(deltas):
        async for delta in deltas:
            if delta.finish is not None:
                text, calls = reader.finish()
                calls = calls[:left]
                if text or calls:
                    yield Delta(backend=delta.backend, model=delta.model, text=text, tool_calls=calls)
                yield delta
                continue
            text, calls = reader.push(delta.text) if delta.text else ("", ())
            calls = calls[:left]
            left = None if left is None else left - len(calls)
            yield msgspec.structs.replace(delta, text=text, tool_calls=calls)

"""The kinds of requests a socket takes, one row each: whose work it is, and how it is named on the wire."""

from collections.abc import Callable
from typing import Any

import msgspec

from andiron_daemon.analysis.types import Analysis
from andiron_daemon.api.dispatch import ANALYSIS, CHAT, COMPLETION, Work
from andiron_daemon.api.wire import convert_body
from andiron_daemon.api.ws.messages import Frame
from andiron_daemon.chat.types import ChatAnswer, ChatContext
from andiron_daemon.completion.types import CompletionAnswer
from andiron_daemon.errors import InvalidRequestError

PING = "ping"
CANCEL = "cancel"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `message_field` is the body's name for the frame's message, `text_of` what `response` is to hold."""

    work: Work[Any, Any]
    reply: str
    delta: str
    message_field: str
    text_of: Callable[[msgspec.Struct], str]
    fields_of: Callable[[dict[str, Any]], dict[str, Any]] = dict


def _chat_fields(context: dict[str, Any]) -> dict[str, Any]:
    """Take what an editor has open also where it stands directly in the frame's context."""
    open_in_editor = {name: context[name] for name in ChatContext.__struct_fields__ if name in context}
    rest = {name: value for name, value in context.items() if name not in open_in_editor}
    return {"context": open_in_editor, **rest} if open_in_editor else rest


def _chat_text(answer: msgspec.Struct) -> str:
    return answer.message.content if isinstance(answer, ChatAnswer) else ""


def _completion_text(answer: msgspec.Struct) -> str:
    return answer.completions[0].text if isinstance(answer, CompletionAnswer) and answer.completions else ""


def _analysis_text(answer: msgspec.Struct) -> str:
    """Say in a line what was found; the rest is in the fields of the reply."""
    if not isinstance(answer, Analysis):
        return ""
    findings = len(answer.parse.errors) + len(answer.diagnostics)
    return f"{answer.metrics.lines} lines, {len(answer.symbols)} symbols, {findings} findings"


COMMANDS: dict[str, Command] = {
    "chat": Command(
        work=CHAT,
        reply="chat_response",
        delta="chat_delta",
        message_field="message",
        text_of=_chat_text,
        fields_of=_chat_fields,
    ),
    "code_analysis": Command(
        work=ANALYSIS,
        reply="analysis_response",
        delta="analysis_delta",
        message_field="code",
        text_of=_analysis_text,
    ),
    "completion": Command(
        work=COMPLETION,
        reply="completion_response",
        delta="completion_delta",
        message_field="prefix",
        text_of=_completion_text,
    ),
}


def find_command(kind: str) -> Command:
    """Find the row of a kind.

    Raises:
        InvalidRequestError: there is no such kind.
    """
    if kind not in COMMANDS:
        there = ", ".join([*COMMANDS, PING, CANCEL])
        raise InvalidRequestError(
            f"there is no message type {kind!r}", hint=f"The types are: {there}.", details={"field": "type"}
        )
    return COMMANDS[kind]


def read_request(command: Command, frame: Frame) -> Any:
    """Make the body that would have come over HTTP.

    Raises:
        InvalidRequestError: naming the field that is wrong.
    """
    fields = command.fields_of(frame.context or {})
    if frame.message is not None:
        fields[command.message_field] = frame.message
    return convert_body(fields | {"stream": frame.stream}, command.work.body)

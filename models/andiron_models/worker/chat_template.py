"""From a conversation to the text its model was trained on, by the template in the model's own file.

Templates are foreign code: they run in Jinja's sandbox. What people write is kept apart from what the
template writes, so that a message which contains `<|im_end|>` stays a message: each text from outside is replaced
by a mark, the rendered text is split at the marks, and only the template's own parts may become special tokens.
Tools and calls of them are marked text by text, and what a template writes of them as JSON is marked as a whole.
"""

import datetime
import json
import re
import secrets
from collections.abc import Sequence
from typing import Any, NoReturn

import jinja2
import jinja2.ext
import jinja2.sandbox
import msgspec

from andiron_models.errors import InvalidRequestError
from andiron_models.types import Message, Tool, ToolCall

_TEMPLATE_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_CHOOSE_HINT = "Choose another model: `andiron models list` shows them."
_MARKS = "andiron_marks"
# The one way of calling that answers are read for (see `local.tool_calls`).
_CALL_TAG = "<tool_call>"


class TemplateRaisedError(ValueError):
    """The template refused the conversation by its `raise_exception`."""


class Part(msgspec.Struct, frozen=True):
    """A piece of the rendered text; only `trusted` ones may hold special tokens."""

    text: str
    trusted: bool


class Marks:
    """Stands marks in for texts from outside, and texts for marks again."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(8)
        self._texts: dict[str, str] = {}
        self._pattern = re.compile(f"(\ue000{self._nonce}-\\d+\ue001)")

    def hide(self, text: str) -> str:
        """Give a mark for a text."""
        mark = f"\ue000{self._nonce}-{len(self._texts)}\ue001"
        self._texts[mark] = text
        return mark

    def hide_all(self, value: Any) -> Any:
        """Mark every text inside a JSON value; the keys of objects are looked up by templates and stay."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {key: self.hide_all(part) for key, part in value.items()}
        return [self.hide_all(part) for part in value] if isinstance(value, list) else value

    def show_all(self, value: Any) -> Any:
        """Undo `hide_all`."""
        if isinstance(value, str):
            return self._pattern.sub(lambda match: self._texts.get(match[0], match[0]), value)
        if isinstance(value, dict):
            return {key: self.show_all(part) for key, part in value.items()}
        return [self.show_all(part) for part in value] if isinstance(value, list) else value

    def split(self, text: str) -> list["Part"]:
        """Take a rendered text apart."""
        return [
            Part(self._texts[piece], trusted=False) if piece in self._texts else Part(piece, trusted=True)
            for piece in self._pattern.split(text)
            if piece
        ]


class ChatTemplate:
    """A compiled template with the begin and end texts of its model."""

    def __init__(self, source: str, begin_text: str = "", end_text: str = "") -> None:
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = _now
        try:
            self._template = environment.from_string(source)
        except (jinja2.TemplateError, SyntaxError, RecursionError) as error:
            raise InvalidRequestError(f"its chat template cannot be read: {error}", hint=_CHOOSE_HINT) from error
        self._variables: dict[str, Any] = {"bos_token": begin_text, "eos_token": end_text}
        self.knows_tools = "tools" in source and _CALL_TAG in source

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> list[Part]:
        """Render a conversation up to where the assistant begins to speak.

        Raises:
            InvalidRequestError: the template refuses this conversation.
        """
        marks = Marks()
        try:
            turns = [_turn(message, marks) for message in messages]
            functions = [_function(tool, marks) for tool in tools]
        except RecursionError as error:
            raise InvalidRequestError("a tool nests too deeply", hint="Make its parameters flatter.") from error
        return marks.split(self._render(turns, functions or None, marks))

    def _render(self, turns: list[dict[str, Any]], tools: list[dict[str, Any]] | None, marks: Marks) -> str:
        try:
            return self._template.render(
                messages=turns, add_generation_prompt=True, tools=tools, **self._variables, **{_MARKS: marks}
            )
        except _TEMPLATE_FAULTS as error:
            raise InvalidRequestError(
                f"this model's chat template refuses the conversation: {error}",
                hint="Some models want turns to alternate and know no system message.",
            ) from error


def _turn(message: Message, marks: Marks) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": marks.hide(message.content)}
    if message.tool_calls:
        if not message.content:
            turn["content"] = ""  # templates ask whether anything was said beside the calls
        turn["tool_calls"] = [_call(call, marks) for call in message.tool_calls]
    if message.tool_call_id is not None:
        turn["tool_call_id"] = marks.hide(message.tool_call_id)
    return turn


def _call(call: ToolCall, marks: Marks) -> dict[str, Any]:
    """Show a call as templates want it: its arguments as an object, where they are one."""
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = call.arguments
    function = {"name": marks.hide(call.name), "arguments": marks.hide_all(arguments)}
    return {"id": marks.hide(call.id), "type": "function", "function": function}


def _function(tool: Tool, marks: Marks) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    return {"type": "function", "function": marks.hide_all(function)}


def _raise(message: str) -> NoReturn:
    raise TemplateRaisedError(message)


def _now(layout: str) -> str:
    return datetime.datetime.now().astimezone().strftime(layout)


@jinja2.pass_context
def _to_json(context: jinja2.runtime.Context, value: Any, indent: int | None = None, **_: Any) -> str:
    marks: Marks = context[_MARKS]
    return marks.hide(json.dumps(marks.show_all(value), ensure_ascii=False, indent=indent))

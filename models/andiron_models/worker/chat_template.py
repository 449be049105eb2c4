"""From a conversation to the text its model was trained on, by the template in the model's own file.

Templates are foreign code: they run in Jinja's sandbox. What people write is kept apart from what the
template writes, so that a message which contains `<|im_end|>` stays a message: each content is replaced by a
mark, the rendered text is split at the marks, and only the template's own parts may become special tokens.
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
from andiron_models.types import Message

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


class TemplateRaisedError(ValueError):
    """The template refused the conversation by its `raise_exception`."""


class Part(msgspec.Struct, frozen=True):
    """A piece of the rendered text; only `trusted` ones may hold special tokens."""

    text: str
    trusted: bool


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

    def render(self, messages: Sequence[Message]) -> list[Part]:
        """Render a conversation up to where the assistant begins to speak.

        Raises:
            InvalidRequestError: the template refuses this conversation.
        """
        nonce = secrets.token_hex(8)
        marks = {f"\ue000{nonce}-{index}\ue001": message.content for index, message in enumerate(messages)}
        turns = [{"role": message.role, "content": mark} for message, mark in zip(messages, marks, strict=True)]
        parts: list[Part] = []
        for piece in re.split(f"(\ue000{nonce}-\\d+\ue001)", self._render(turns)):
            if piece in marks:
                parts.append(Part(marks[piece], trusted=False))
            elif piece:
                parts.append(Part(piece, trusted=True))
        return parts

    def _render(self, turns: list[dict[str, str]]) -> str:
        try:
            return self._template.render(messages=turns, add_generation_prompt=True, tools=None, **self._variables)
        except _TEMPLATE_FAULTS as error:
            raise InvalidRequestError(
                f"this model's chat template refuses the conversation: {error}",
                hint="Some models want turns to alternate and know no system message.",
            ) from error


def _raise(message: str) -> NoReturn:
    raise TemplateRaisedError(message)


def _now(layout: str) -> str:
    return datetime.datetime.now().astimezone().strftime(layout)


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)

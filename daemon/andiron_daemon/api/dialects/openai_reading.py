"""OpenAI's fields as ours: messages, tools, how tokens are chosen."""

from collections.abc import Sequence
from typing import Any

from andiron_daemon.api.dialects import openai_bodies as bodies
from andiron_daemon.errors import InvalidRequestError
from andiron_models.types import Message, Sampling, Tool, ToolCall

# As in the native chat.
_TEMPERATURE = 0.2
_TOP_P = 0.9
# More than any model's context.
_MOST_TOKENS = 100_000_000
_ANY_OBJECT: dict[str, Any] = {"type": "object"}


def read_messages(messages: Sequence[bodies.ChatMessage]) -> tuple[Message, ...]:
    """Read a conversation.

    Raises:
        InvalidRequestError: it is empty, or a part of it is of a kind nothing here can read.
    """
    if not messages:
        raise InvalidRequestError("messages is empty", hint="Send at least one.", details={"field": "messages"})
    return tuple(_message(message, index) for index, message in enumerate(messages))


def _message(message: bodies.ChatMessage, index: int) -> Message:
    texts, images = [], []
    parts = message.content if isinstance(message.content, list) else []
    if isinstance(message.content, str):
        texts.append(message.content)
    for part in parts:
        if part.type in ("text", "input_text", "output_text") and part.text is not None:
            texts.append(part.text)
        elif part.type in ("image_url", "input_image") and part.image_url is not None:
            images.append(part.image_url if isinstance(part.image_url, str) else part.image_url.url)
        else:
            field = f"messages[{index}].content"
            raise InvalidRequestError(f"{field}: a part of type {part.type!r} cannot be read", details={"field": field})
    calls = tuple(
        ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in message.tool_calls or ()
    )
    return Message(
        role="system" if message.role == "developer" else message.role,
        content="\n".join(texts),
        tool_calls=calls,
        tool_call_id=message.tool_call_id,
        images=tuple(images),
    )


def read_tools(
    tools: Sequence[bodies.ToolSpec] | None, choice: str | bodies.NamedTool | None
) -> tuple[tuple[Tool, ...], str]:
    """Read the tools, and which is to be called; with the choice `none` there are none.

    `auto` means what happens anyway, and is taken without tools too, where OpenAI refuses it.

    Raises:
        InvalidRequestError: the choice is none, or of a tool that is not there.
    """
    word = choice.function.name if isinstance(choice, bodies.NamedTool) else choice or "auto"
    if choice == "none":
        return (), "auto"
    if isinstance(choice, str) and choice not in ("auto", "required"):
        raise InvalidRequestError(
            f"tool_choice is {choice!r}, which is not none, auto, required or an object",
            details={"field": "tool_choice"},
        )
    found = [
        Tool(
            name=tool.function.name,
            description=tool.function.description,
            parameters=tool.function.parameters or {},
        )
        for tool in tools or ()
    ]
    names = [tool.name for tool in found]
    if word != "auto" and not (names if word == "required" else word in names):
        raise InvalidRequestError(
            f"tool_choice asks for a call of {'a tool' if word == 'required' else repr(word)}, and tools has none such",
            hint=f"The tools given are: {', '.join(names)}." if names else "Send tools, or leave tool_choice out.",
            details={"field": "tool_choice"},
        )
    return tuple(found), word


def read_stops(stop: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read stop strings, one or many."""
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def read_sampling(
    fields: bodies.SamplingFields, form: bodies.ResponseFormat | None = None, logprobs: int | None = None
) -> Sampling:
    """Read how tokens are chosen; what is not said is as in the native chat.

    Raises:
        InvalidRequestError: a form of the answer is asked for twice, or a bias in a form that is not read.
    """
    schema = fields.json_schema
    if form is not None and form.type != "text":
        if schema is not None or fields.grammar is not None:
            raise InvalidRequestError(
                "response_format and another form for the answer exclude each other",
                details={"field": "response_format"},
            )
        named = form.json_schema.schema if form.json_schema is not None else None
        schema = named or form.schema or _ANY_OBJECT
    defaults = Sampling()
    return Sampling(
        temperature=_TEMPERATURE if fields.temperature is None else fields.temperature,
        top_p=_TOP_P if fields.top_p is None else fields.top_p,
        top_k=defaults.top_k if fields.top_k is None else fields.top_k,
        min_p=defaults.min_p if fields.min_p is None else fields.min_p,
        repeat_penalty=defaults.repeat_penalty if fields.repeat_penalty is None else fields.repeat_penalty,
        frequency_penalty=fields.frequency_penalty or 0.0,
        presence_penalty=fields.presence_penalty or 0.0,
        seed=_seed(fields.seed),
        stop=read_stops(fields.stop),
        logit_bias=_bias(fields.logit_bias),
        grammar=fields.grammar,
        json_schema=schema,
        logprobs=logprobs,
    )


def _bias(given: dict[int, float] | list[Any] | None) -> dict[int, float]:
    """Read a bias of tokens; llama.cpp's pairs are written by its clients where there are none, too."""
    if isinstance(given, list) and given:
        raise InvalidRequestError(
            "logit_bias is a list, which is not read",
            hint="Send an object of token ids and numbers.",
            details={"field": "logit_bias"},
        )
    return given if isinstance(given, dict) else {}


def refuse_bias(fields: bodies.SamplingFields) -> None:
    """Refuse a bias where the completion pipeline chooses its own sampling.

    Raises:
        InvalidRequestError: there is one.
    """
    if fields.logit_bias:
        raise InvalidRequestError(
            "logit_bias is not taken for what fills a gap", hint="Leave it out.", details={"field": "logit_bias"}
        )


def _seed(seed: int | None) -> int | None:
    """Read a seed; -1 is llama.cpp's word for any."""
    return None if seed == -1 else seed


def read_limit(*limits: int | None) -> int | None:
    """Take the first limit that is given; -1 is llama.cpp's word for none.

    Raises:
        InvalidRequestError: it is out of range.
    """
    given = next((limit for limit in limits if limit is not None), None)
    if given is not None and not -1 <= given <= _MOST_TOKENS:
        raise InvalidRequestError(
            f"max_tokens is {given}, which is not between 0 and {_MOST_TOKENS}",
            details={"field": "max_tokens", "minimum": 0, "maximum": _MOST_TOKENS},
        )
    return None if given == -1 else given

"""From a request to a job: template or infill layout, tokens, sampler, stops.

Runs on the thread that reads the pipe, beside the evaluation, and touches only what the engine lets any
thread read.
"""

from collections.abc import Callable
from typing import Protocol

from andiron_models.errors import InvalidRequestError
from andiron_models.layout import InfillLayout
from andiron_models.types import ChatRequest, InfillRequest, Sampling, TextRequest, check_sampling
from andiron_models.worker.chat_template import ChatTemplate, Part
from andiron_models.worker.grammar import check_grammar
from andiron_models.worker.infill import InfillTokens, Prompt, continue_plainly, lay_out
from andiron_models.worker.job import Job, Lane
from andiron_models.worker.sampling import TokenSampler
from andiron_models.worker.text import AnswerText


class Reader(Protocol):
    """The part of the engine that turns text into tokens."""

    @property
    def context_length(self) -> int:
        """Cells in all."""

    @property
    def begin_token(self) -> int | None:
        """The token every text begins with, where the model wants one."""

    @property
    def chat_template(self) -> str | None:
        """The template in the model's file."""

    def special_text(self, name: str) -> str:
        """Return the text of the model's `bos` or `eos` token."""

    def infill_token_ids(self) -> tuple[int, int, int] | None:
        """Return the ids of the prefix, suffix and middle tokens the file names, if it names all."""

    def token_text(self, token: int) -> str:
        """Return the vocabulary's own text of a token."""

    def token_id(self, text: str) -> int | None:
        """Find the single special token of that text."""

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Turn text into tokens."""

    def sampler(self, sampling: Sampling) -> TokenSampler:
        """Make a request's sampler."""


class Preparation:
    """What is known of one loaded model about making prompts."""

    def __init__(self, reader: Reader, layout: InfillLayout | None) -> None:
        self._reader = reader
        self._infill = find_infill_tokens(reader, layout)
        self._ends = _end_tokens(reader, self._infill)
        self._template: ChatTemplate | None = None
        self._why_no_chat = "its file has no chat template"
        if reader.chat_template:
            try:
                self._template = ChatTemplate(
                    reader.chat_template, reader.special_text("bos"), reader.special_text("eos")
                )
            except InvalidRequestError as error:
                self._why_no_chat = error.message

    @property
    def can_chat(self) -> bool:
        """Whether the model's file has a chat template that can be read."""
        return self._template is not None

    @property
    def can_call_tools(self) -> bool:
        """Whether the template tells the model of tools, in the way its answers are read."""
        return self._template is not None and self._template.knows_tools

    @property
    def can_infill(self) -> bool:
        """Whether the model has the tokens to infill with."""
        return self._infill is not None

    def chat(self, job_id: int, request: ChatRequest) -> Job:
        """Make the job of a chat.

        Raises:
            InvalidRequestError: the model cannot chat, or the request cannot be meant.
        """
        _check(request.sampling)
        tokens: list[int] = []
        for part in self._parts(request):
            tokens += self._reader.tokenize(part.text, special=part.trusted)
        return self._continuing(job_id, request, tokens)

    def continue_text(self, job_id: int, request: TextRequest) -> Job:
        """Make the job that continues a text as it stands.

        Raises:
            InvalidRequestError: the request cannot be meant.
        """
        _check(request.sampling)
        return self._continuing(job_id, request, self._reader.tokenize(request.prompt, special=True))

    def chat_text(self, request: ChatRequest) -> str:
        """Write a conversation as the text the model is shown.

        Raises:
            InvalidRequestError: the model cannot chat, or not about this.
        """
        return "".join(part.text for part in self._parts(request))

    def _parts(self, request: ChatRequest) -> list[Part]:
        if self._template is None:
            raise InvalidRequestError(
                f"this model cannot chat: {self._why_no_chat}",
                hint="Choose another model for chat: `andiron models use ID --for chat`.",
            )
        if not request.messages:
            raise InvalidRequestError("there is no message to answer", hint="Send at least one.")
        if request.tools and not self._template.knows_tools:
            raise InvalidRequestError(
                "this model's chat template knows no tools",
                hint="Choose a model that calls tools, such as qwen2.5-coder-1.5b, or send none.",
                details={"field": "tools"},
            )
        if any(message.images for message in request.messages):
            raise InvalidRequestError("this model sees no images", hint="Send text.", details={"field": "messages"})
        return self._template.render(request.messages, request.tools)

    def _continuing(self, job_id: int, request: ChatRequest | TextRequest, tokens: list[int]) -> Job:
        begin = self._reader.begin_token
        if begin is not None and tokens[:1] != [begin]:
            tokens.insert(0, begin)
        return Job(
            job_id=job_id,
            lane=Lane.CHAT,
            priority=request.priority,
            prompt=Prompt(tokens=tokens),
            max_tokens=_checked(request.max_tokens),
            sampler=self._reader.sampler(request.sampling),
            text=AnswerText(request.sampling.stop),
            place=request.place,
        )

    def infill(self, job_id: int, request: InfillRequest, *, plainly: bool = False) -> Job:
        """Make the job of an infill; a model that cannot infill, or is not to, continues the prefix.

        Raises:
            InvalidRequestError: the request cannot be meant.
            ContextTooLongError: the budget leaves no room.
        """
        _check(request.sampling)
        max_tokens = _checked(request.max_tokens) or 0
        limit = self._reader.context_length - max_tokens - 1
        if request.max_prompt_tokens is not None:
            limit = min(limit, request.max_prompt_tokens)
        if self._infill is not None and not plainly:
            prompt = lay_out(request, self._infill, self._reader.tokenize, limit)
        else:
            prompt = continue_plainly(request, self._reader.begin_token, self._reader.tokenize, limit)
        return Job(
            job_id=job_id,
            lane=Lane.COMPLETION,
            priority=request.priority,
            prompt=prompt,
            max_tokens=max_tokens,
            sampler=self._reader.sampler(request.sampling),
            text=AnswerText(request.sampling.stop, single_line=request.single_line),
            place=request.place,
            end_tokens=frozenset() if _is_constrained(request.sampling) else self._ends,
        )


def find_infill_tokens(reader: Reader, layout: InfillLayout | None) -> InfillTokens | None:
    """Find a layout's tokens in the vocabulary; without a layout, what the model's file itself names."""
    if layout is None:
        ids = reader.infill_token_ids()
        if ids is None:
            return None
        prefix, suffix, middle = (reader.token_text(token) for token in ids)
        layout = InfillLayout(prefix_token=prefix, suffix_token=suffix, middle_token=middle)
        return InfillTokens(layout=layout, prefix=ids[0], suffix=ids[1], middle=ids[2], begin=reader.begin_token)
    find: Callable[[str], int | None] = reader.token_id
    found = find(layout.prefix_token), find(layout.suffix_token), find(layout.middle_token)
    if found[0] is None or found[1] is None or found[2] is None:
        return None
    return InfillTokens(
        layout=layout,
        prefix=found[0],
        suffix=found[1],
        middle=found[2],
        file=find(layout.file_token) if layout.file_token else None,
        begin=reader.begin_token,
    )


def _end_tokens(reader: Reader, infill: InfillTokens | None) -> frozenset[int]:
    if infill is None:
        return frozenset()
    ends = {infill.prefix, infill.suffix, infill.middle}
    for text in infill.layout.stop_tokens:
        token = reader.token_id(text)
        if token is not None:
            ends.add(token)
    return frozenset(ends)


def _check(sampling: Sampling) -> None:
    check_sampling(sampling)
    check_grammar(sampling)


def _is_constrained(sampling: Sampling) -> bool:
    """Tell whether a grammar decides where the answer ends."""
    return sampling.grammar is not None or sampling.json_schema is not None


def _checked(max_tokens: int | None) -> int | None:
    if max_tokens is not None and max_tokens < 0:
        raise InvalidRequestError(f"max_tokens is {max_tokens}, which is less than 0", hint="Leave it out.")
    return max_tokens

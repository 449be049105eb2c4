"""Texts as `/v1/completions` tells them, whole or in chunks, wherever they come from."""

import contextlib
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Literal

import msgspec

from andiron_daemon.api.dialects.completions_bodies import TextChoice, TextCompletion, TextLogprobs
from andiron_daemon.api.dialects.filling import Filled
from andiron_daemon.api.dialects.generation import Numbered, Whole
from andiron_daemon.api.dialects.llamacpp_timings import llama_timings
from andiron_daemon.api.dialects.openai_bodies import UsageInfo
from andiron_daemon.api.dialects.openai_chat import usage_info
from andiron_daemon.api.dialects.streams import DONE, event
from andiron_daemon.identifiers import new_id
from andiron_models.types import Delta, Finish, FinishReason, TokenLogprob, Usage


class TextTeller:
    """Writes down one request's texts: `count` for each prompt, behind its `echo`."""

    def __init__(self, count: int, echoes: Sequence[str], *, wants_usage: bool, asked_model: str | None) -> None:
        self._id = f"cmpl-{new_id()}"
        self._created = int(time.time())
        self._count = count
        self._echoes = echoes
        self._wants_usage = wants_usage
        self._model = asked_model or ""
        self._lengths = [len(echo) for echo in echoes]
        self._usages = [Usage()] * len(echoes)

    # -- text as it stands

    def whole(self, answers: Sequence[Whole]) -> TextCompletion:
        """Tell texts that have come to their end."""
        choices = []
        finishes = [answer.last.finish for answer in answers if answer.last is not None and answer.last.finish]
        for index, answer in enumerate(answers):
            text = self._echoes[index] + answer.text
            logprobs = _logprobs(answer.logprobs, len(self._echoes[index]))
            reason = _reason(finishes[index].reason)
            choices.append(TextChoice(index=index, text=text, finish_reason=reason, logprobs=logprobs))
        last = answers[0].last
        assert last is not None
        usages = [finish.usage for finish in finishes]
        return self._completion(last, choices, finish=finishes[0], usage=self._sum(usages))

    async def chunks(self, numbered: AsyncGenerator[Numbered, None]) -> AsyncGenerator[bytes, None]:
        """Tell texts as they come."""
        last: Delta | None = None
        begun: set[int] = set()
        async with contextlib.aclosing(numbered):
            async for index, delta in numbered:
                last = delta
                text = delta.text
                if index not in begun:
                    begun.add(index)
                    text = self._echoes[index] + text
                if text or delta.logprobs:
                    logprobs = _logprobs(delta.logprobs, self._lengths[index])
                    self._lengths[index] += len(delta.text)
                    yield event(self._completion(delta, [TextChoice(index=index, text=text, logprobs=logprobs)]))
                if delta.finish is not None:
                    self._usages[index] = delta.finish.usage
                    end = TextChoice(index=index, text="", finish_reason=_reason(delta.finish.reason))
                    yield event(self._completion(delta, [end], finish=delta.finish))
        if self._wants_usage and last is not None:
            yield event(self._completion(last, [], usage=self._sum(self._usages)))
        yield DONE

    def _sum(self, usages: Sequence[Usage]) -> UsageInfo:
        """Count each prompt once, and every text."""
        parts = [usage_info(usages[start : start + self._count]) for start in range(0, len(usages), self._count)]
        prompt = sum(part.prompt_tokens for part in parts)
        completion = sum(part.completion_tokens for part in parts)
        details = parts[0].prompt_tokens_details
        total = prompt + completion
        return UsageInfo(
            prompt_tokens=prompt, completion_tokens=completion, total_tokens=total, prompt_tokens_details=details
        )

    def _completion(
        self,
        delta: Delta,
        choices: list[TextChoice],
        *,
        finish: Finish | None = None,
        usage: UsageInfo | None = None,
    ) -> TextCompletion:
        truncated = finish.truncated if finish is not None else None
        return TextCompletion(
            id=self._id,
            created=self._created,
            model=delta.model,
            choices=choices,
            usage=usage if usage is not None or self._wants_usage else msgspec.UNSET,
            backend=delta.backend,
            timings=llama_timings(finish.usage, finish.timings) if finish is not None else msgspec.UNSET,
            truncated=truncated if truncated is not None else msgspec.UNSET,
        )

    # -- what fills a gap

    def filled(self, filled: Filled) -> TextCompletion:
        """Tell what fills a gap; where that is nothing, one empty text."""
        texts = filled.texts or ("",)
        choices = [
            TextChoice(index=index, text=self._echoes[0] + text, finish_reason=filled.finish_reason)
            for index, text in enumerate(texts)
        ]
        return self._of(filled, choices, usage=usage_info([filled.usage]), is_whole=True)

    async def filled_chunks(self, pieces: AsyncGenerator[str | Filled, None]) -> AsyncGenerator[bytes, None]:
        """Tell what fills a gap as it comes."""
        echo = self._echoes[0]
        unknown = Filled(id="", texts=(), end="stop", backend=None, model=None)
        if echo:
            yield event(self._of(unknown, [TextChoice(index=0, text=echo)]))
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, str):
                    yield event(self._of(unknown, [TextChoice(index=0, text=piece)]))
                    continue
                choices = [TextChoice(index=0, text="", finish_reason=piece.finish_reason)]
                for index, text in enumerate(piece.texts[1:], start=1):
                    choices.append(TextChoice(index=index, text=text, finish_reason=piece.finish_reason))
                yield event(self._of(piece, choices, is_whole=True))
                if self._wants_usage:
                    yield event(self._of(piece, [], usage=usage_info([piece.usage])))
        yield DONE

    def warmed(self, identifier: str) -> TextCompletion:
        """Tell that a place is being warmed up."""
        filled = Filled(id=identifier, texts=(), end="length", backend=None, model=None)
        return self.filled(filled)

    def _of(
        self, filled: Filled, choices: list[TextChoice], *, usage: UsageInfo | None = None, is_whole: bool = False
    ) -> TextCompletion:
        """Write down what fills a gap; its id is the one feedback is given to."""
        return TextCompletion(
            id=filled.id or self._id,
            created=self._created,
            model=filled.model or self._model,
            choices=choices,
            usage=usage if usage is not None or self._wants_usage else msgspec.UNSET,
            backend=filled.backend,
            timings=llama_timings(filled.usage, filled.timings) if is_whole else msgspec.UNSET,
            truncated=filled.truncated if filled.truncated is not None else msgspec.UNSET,
            reason=filled.reason if filled.reason is not None else msgspec.UNSET,
        )


def _reason(reason: FinishReason) -> Literal["stop", "length"]:
    return "length" if reason == "length" else "stop"


def _logprobs(logprobs: Sequence[TokenLogprob], offset: int) -> TextLogprobs | None:
    if not logprobs:
        return None
    offsets = []
    for one in logprobs:
        offsets.append(offset)
        offset += len(one.token)
    return TextLogprobs(
        tokens=[one.token for one in logprobs],
        token_logprobs=[one.logprob for one in logprobs],
        top_logprobs=[dict(one.top) for one in logprobs],
        text_offset=offsets,
    )

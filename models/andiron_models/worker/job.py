"""One request inside the engine: what is to be evaluated, what came of it, and when.

    queued ─► prompt ─► generating ─► over
      ▲          │           │
      └──────────┴───────────┘  paused: the room was needed, or someone more urgent came

A job knows nothing of slots or of other jobs; the scheduler moves it along.
"""

import enum
from collections.abc import Callable

import msgspec

from andiron_models.types import Finish, FinishReason, Priority, Timings, TokenLogprob, Truncated, Usage
from andiron_models.worker.infill import Prompt
from andiron_models.worker.sampling import Choice, Logits, TokenSampler
from andiron_models.worker.text import AnswerText
from andiron_models.worker.vocabulary import Vocabulary


class Lane(enum.Enum):
    """Which group of slots a job runs in, so that chats and completions do not evict each other."""

    COMPLETION = "completion"
    CHAT = "chat"


class Step(msgspec.Struct, frozen=True):
    """What one sampled token came to: text to show, and the reason if the answer is over."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    reason: FinishReason | None = None


class Job:
    """A request's progress; `tokens` grows when a paused job's own answer becomes part of what it evaluates."""

    def __init__(
        self,
        *,
        job_id: int,
        lane: Lane,
        priority: Priority,
        prompt: Prompt,
        max_tokens: int | None,
        sampler: TokenSampler,
        text: AnswerText,
        place: str | None = None,
        end_tokens: frozenset[int] = frozenset(),
    ) -> None:
        self.id = job_id
        self.lane = lane
        self.priority = priority
        self.tokens = list(prompt.tokens)
        self.pending = prompt.pending
        self.max_tokens = max_tokens
        self.place = place
        self.end_tokens = end_tokens
        self.order = 0
        self.next_token: int | None = None
        self.generated = 0
        self._sampler = sampler
        self._text = text
        self._truncated: Truncated | None = prompt.truncated
        self._prompt_length = len(prompt.tokens)
        self._cached: int | None = None
        self._evaluated = 0
        self._queued_at = 0.0
        self._started_at: float | None = None
        self._prompt_done_at: float | None = None

    @property
    def warms_only(self) -> bool:
        """Whether the prompt is to be evaluated and nothing generated."""
        return self.max_tokens == 0

    @property
    def is_generating(self) -> bool:
        """Whether a sampled token waits to be evaluated."""
        return self.next_token is not None

    def mark_queued(self, now: float, order: int) -> None:
        """Note that the job began to wait."""
        self._queued_at = now
        self.order = order

    def mark_started(self, now: float, cached: int) -> None:
        """Note that a slot was given with `cached` tokens already in it; only the first time counts."""
        if self._started_at is None:
            self._started_at = now
            self._cached = min(cached, self._prompt_length)

    def mark_evaluated(self, count: int) -> None:
        """Count prompt tokens as evaluated."""
        self._evaluated += count

    def mark_prompt_done(self, now: float) -> None:
        """Note that the prompt is evaluated; only the first time counts."""
        if self._prompt_done_at is None:
            self._prompt_done_at = now

    def pause(self, evaluated_tokens: list[int]) -> None:
        """Turn what was generated into more prompt, so that the job can go on in another slot."""
        if self.next_token is not None:
            self.tokens = [*evaluated_tokens, self.next_token]
            self.next_token = None

    def choose(self, logits: Logits, vocabulary: Vocabulary) -> Choice:
        """Sample the next token, among those that agree with what is already typed."""
        allowed = vocabulary.agreeing(self.pending) if self.pending else None
        if allowed is not None and not len(allowed):
            self.pending, allowed = b"", None  # bytes the model has no token for cannot be healed
        return self._sampler.choose(logits, allowed)

    def take(self, choice: Choice, piece: bytes, is_end: bool, name: Callable[[int], bytes]) -> Step:
        """Take a sampled token: heal, decode, look for stops, count."""
        if is_end:
            return Step(self._text.finish(), reason="stop")
        if self.pending:
            agreed = min(len(self.pending), len(piece))
            self.pending, piece = self.pending[agreed:], piece[agreed:]
            if not piece:
                self.next_token = choice.token
                return Step("")
        self.generated += 1
        shown = self._text.push(piece)
        logprobs = _named(choice, name)
        if self._text.stopped:
            return Step(shown, logprobs, "stop")
        if self.max_tokens is not None and self.generated >= self.max_tokens:
            return Step(shown + self._text.finish(), logprobs, "length")
        self.next_token = choice.token
        return Step(shown, logprobs)

    def rest(self) -> str:
        """Return the text still held back, when the answer ends for a reason of the engine's."""
        return self._text.finish()

    def usage(self) -> Usage:
        """Count the tokens so far."""
        cached = self._cached or 0
        missing = self._prompt_length - cached
        evaluated = missing if self._prompt_done_at is not None else min(missing, self._evaluated)
        return Usage(
            prompt_tokens=cached + evaluated,
            prompt_tokens_cached=cached,
            prompt_tokens_evaluated=evaluated,
            completion_tokens=self.generated,
        )

    def timings(self, now: float) -> Timings:
        """Say where the time went so far."""
        started = self._started_at if self._started_at is not None else now
        prompt_done = self._prompt_done_at if self._prompt_done_at is not None else now
        return Timings(
            queue_ms=1000 * (started - self._queued_at),
            prompt_ms=1000 * (prompt_done - started),
            generate_ms=1000 * (now - prompt_done),
            total_ms=1000 * (now - self._queued_at),
        )

    def finish(self, reason: FinishReason, now: float) -> Finish:
        """Sum the job up."""
        return Finish(reason=reason, usage=self.usage(), timings=self.timings(now), truncated=self._truncated)


def _named(choice: Choice, name: Callable[[int], bytes]) -> tuple[TokenLogprob, ...]:
    if choice.logprob is None:
        return ()

    def text(token: int) -> str:
        return name(token).decode("utf-8", errors="replace")

    top = tuple((text(token), logprob) for token, logprob in choice.top)
    return (TokenLogprob(token=text(choice.token), logprob=choice.logprob, top=top),)

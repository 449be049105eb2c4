"""Who is evaluated next: continuous batching, completion first, everything cancellable.

Each `step` makes one batch: the waiting tokens of the jobs that generate, and one slice of one prompt.

- The most urgent class present goes into every batch. The others join while the batch's extra cost fits
  the share of time they have earned meanwhile (see `credit`), so they are slowed, never stopped.
- A request is given a slot when it fits beside those as urgent as itself; where room runs out all the same,
  the least urgent job waits, and goes on where it was.
- A slice is about `SHORT_SLICE_MS` of compute while anybody's answer is being written beside it, for that is
  how long the next word of it takes; else longer, since short slices cost throughput: `LONG_SLICE_MS`, or
  `MIDDLE_SLICE_MS` where a completion is likely to come in and have the slice given up.
- A slice of lesser work is given up when a completion comes in; any batch is when its only request is
  cancelled. What such a batch evaluated is forgotten, so its tokens are simply evaluated again.

Everything it needs is injected: the engine, the clock, the place events go to. Only `submit`, `cancel` and
`step`, all from one thread, change it; `should_interrupt` may be asked from another.
"""

import collections
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from andiron_models.errors import ContextTooLongError, InvalidRequestError, ModelError, QueueFullError
from andiron_models.local import wire
from andiron_models.types import FinishReason, Priority
from andiron_models.worker.credit import Credit
from andiron_models.worker.job import Job, Lane
from andiron_models.worker.pace import Pace
from andiron_models.worker.sampling import Logits
from andiron_models.worker.slots import SequenceMemory, Slot, SlotTable
from andiron_models.worker.states import StateStore
from andiron_models.worker.vocabulary import Vocabulary

SHORT_SLICE_MS = 100.0
MIDDLE_SLICE_MS = 250.0
LONG_SLICE_MS = 400.0
_PATIENCE_MS = 400.0
_QUIET_SECONDS = 5.0


class Entry(NamedTuple):
    """One token to evaluate, at a position of a sequence; `wants_logits` if the next is to be sampled."""

    token: int
    position: int
    sequence: int
    wants_logits: bool


class Engine(SequenceMemory, Protocol):
    """What evaluates batches; see `engine` for the real one."""

    @property
    def context_length(self) -> int:
        """Cells in all, which is also the longest single sequence."""

    @property
    def batch_limit(self) -> int:
        """Entries one batch may have."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Token bytes."""

    def is_end(self, token: int) -> bool:
        """Tell whether a token ends an answer."""

    def decode(self, entries: Sequence[Entry]) -> bool:
        """Evaluate a batch; `False` when it was interrupted and has to be undone.

        Raises:
            ModelError: the batch cannot be evaluated.
        """

    def logits(self, row: int) -> Logits:
        """Return the logits behind the entry at `row` of the last batch."""


class Batch(msgspec.Struct, frozen=True):
    """What one step evaluates: slots that generate, one slice of a prompt, and who may break in."""

    generating: tuple[Slot, ...]
    prompt: Slot | None
    slice_tokens: int
    yields_to_completion: bool

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All that take part."""
        return self.generating if self.prompt is None else (*self.generating, self.prompt)


class Running(msgspec.Struct, frozen=True):
    """A snapshot for other threads of what is being evaluated."""

    jobs: frozenset[int] = frozenset()
    yields_to_completion: bool = False


class Scheduler:
    """The engine's queue and slots; see the module for the rules."""

    def __init__(
        self,
        engine: Engine,
        *,
        lanes: Sequence[Lane],
        queue_limit: int,
        states: StateStore,
        pace: Pace,
        clock: Callable[[], float],
        emit: Callable[[wire.FromWorker], None],
    ) -> None:
        self.pace = pace
        self.slots = SlotTable(engine, list(lanes), engine.context_length, states)
        self._engine = engine
        self._queue_limit = queue_limit
        self._clock = clock
        self._emit = emit
        self._waiting: list[Job] = []
        self._order = 0
        self._credit = Credit()
        self._completion_seen_at = float("-inf")
        self._running = Running()

    @property
    def waiting_count(self) -> int:
        """How many jobs have no slot yet."""
        return len(self._waiting)

    @property
    def running_count(self) -> int:
        """How many jobs have a slot."""
        return len(self.slots.busy)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._waiting and not self.slots.busy

    def submit(self, job: Job) -> None:
        """Queue a job, or fail it when the queue is full or its prompt can never be evaluated."""
        error = self._refusal(job)
        if error is not None:
            self._emit(wire.failed(job.id, error))
            return
        self._order += 1
        job.mark_queued(self._clock(), self._order)
        self._queue(job)
        self._emit(wire.Taken(id=job.id))
        self._supersede_warming(job)

    def cancel(self, job_id: int) -> None:
        """End a job where it is; an unknown one is over already."""
        for job in self._waiting:
            if job.id == job_id:
                self._waiting.remove(job)
                self._emit(wire.Done(id=job.id, finish=job.finish("cancelled", self._clock())))
                return
        for slot in self.slots.busy:
            if slot.job is not None and slot.job.id == job_id:
                self._finish(slot, slot.job, "cancelled")
                return

    def should_interrupt(self, *, completion_came: bool = False, cancelled: int | None = None) -> bool:
        """Tell, from any thread, whether the batch being evaluated is no longer worth finishing."""
        running = self._running
        if cancelled is not None and running.jobs == {cancelled}:
            return True
        return completion_came and running.yields_to_completion

    def step(self, has_news: Callable[[], bool] = lambda: False) -> bool:
        """Evaluate one batch; `False` when there was nothing to do.

        `has_news` is asked once `should_interrupt` can answer for the batch, so that nothing falls in between:
        what came before is seen here, what comes later interrupts.
        """
        self._admit()
        batch = self._plan()
        if batch is None:
            return False
        slots = batch.slots
        self._running = Running(
            jobs=frozenset(slot.job.id for slot in slots if slot.job), yields_to_completion=batch.yields_to_completion
        )
        try:
            if not has_news():
                self._evaluate(batch)
        except ModelError as error:
            for slot in slots:
                self.slots.discard(slot)
                self._fail_slot(slot, error)
        finally:
            self._running = Running()
        return True

    def _evaluate(self, batch: Batch) -> None:
        entries, rows = self._entries(batch)
        started = self._clock()
        whole = self._engine.decode(entries)
        self._running = Running()
        if not whole:
            for slot in batch.slots:
                self._undo(slot)
            return
        elapsed_ms = 1000 * (self._clock() - started)
        self.pace.record(len(entries), elapsed_ms)
        self._account(batch, elapsed_ms)
        self._commit(batch)
        for slot, row in rows:
            if slot.job is not None:
                self._sample(slot, slot.job, row)

    def _undo(self, slot: Slot) -> None:
        """Forget what an interrupted batch evaluated; where the engine cannot forget a part, all is done again."""
        known = slot.tokens
        if not self.slots.rewind(slot) and slot.job is not None:
            slot.job.pause(known)

    # -- who gets a slot

    def _queue(self, job: Job) -> None:
        self._waiting.append(job)
        self._waiting.sort(key=lambda waiting: (waiting.priority, waiting.order))

    def _refusal(self, job: Job) -> ModelError | None:
        if not job.tokens:
            return InvalidRequestError("the prompt is empty", hint="Send some text.")
        longest = self._engine.context_length - (0 if job.warms_only else 1)
        if len(job.tokens) > longest:
            return ContextTooLongError(
                f"the prompt has {len(job.tokens)} tokens, the model's context {self._engine.context_length}",
                hint="Send less text, or raise ANDIRON_CONTEXT_LENGTH.",
                details={"prompt_tokens": len(job.tokens), "context_length": self._engine.context_length},
            )
        if len(self._waiting) >= self._queue_limit:
            self._admit()
        if len(self._waiting) >= self._queue_limit:
            return QueueFullError(f"{len(self._waiting)} requests wait already", hint="Try again when some are done.")
        return None

    def _admit(self) -> None:
        crowded: set[Priority] = set()
        for job in list(self._waiting):
            if job.priority in crowded:
                continue
            if not self.slots.has_room_for(job):
                crowded.add(job.priority)  # smaller ones that came later do not overtake it
                continue
            slot = self.slots.choose(job)
            if slot is None:
                slot = self.slots.preemptible(job)
                if slot is None:
                    continue
                self._pause(slot)
            self._waiting.remove(job)
            cached = self.slots.give(slot, job)
            job.mark_started(self._clock(), cached)
            if job.priority is Priority.COMPLETION:
                self._completion_seen_at = self._clock()
            if cached >= len(job.tokens):
                self._finish(slot, job, "length")

    def _supersede_warming(self, job: Job) -> None:
        """End the warm-ups of a place a real request has come for; what they evaluated is reused."""
        if job.place is None or job.warms_only:
            return
        for other in [*self._waiting, *(slot.job for slot in self.slots.busy if slot.job)]:
            if other.warms_only and other.place == job.place and other.lane is job.lane:
                self.cancel(other.id)

    def _pause(self, slot: Slot) -> None:
        if slot.job is not None:
            job = slot.job
            job.pause(slot.tokens)
            self.slots.free(slot)
            self._queue(job)

    # -- what goes into a batch

    def _plan(self) -> Batch | None:
        busy = self.slots.busy
        if not busy:
            return None
        top = _priority(busy[0])
        besides = sum(1 for slot in busy if _generates(slot))
        generating = [slot for slot in busy if _priority(slot) is top and _generates(slot)]
        prompt = next((slot for slot in busy if _priority(slot) is top and not _generates(slot)), None)
        slice_tokens = self._slice(prompt, self._budget_ms(prompt, besides), besides) if prompt else 0
        for priority in sorted({_priority(slot) for slot in busy} - {top}):
            lesser = [slot for slot in busy if _priority(slot) is priority]
            joining, credit_ms = self._joining(lesser, len(generating) + slice_tokens)
            generating += joining
            waiting = next((slot for slot in lesser if not _generates(slot)), None)
            # A slice beside generation costs the others little; in place of their own prompt's it costs a whole turn.
            if waiting is not None and credit_ms >= (SHORT_SLICE_MS if prompt is None else _PATIENCE_MS):
                prompt, slice_tokens = waiting, self._slice(waiting, SHORT_SLICE_MS, besides)
        yields = prompt is not None and top is not Priority.COMPLETION
        return self._fitted(Batch(tuple(generating), prompt, slice_tokens, yields))

    def _budget_ms(self, slot: Slot, besides: int) -> float:
        if besides:
            return SHORT_SLICE_MS
        is_quiet = self._clock() - self._completion_seen_at > _QUIET_SECONDS
        return LONG_SLICE_MS if is_quiet or _priority(slot) is Priority.COMPLETION else MIDDLE_SLICE_MS

    def _slice(self, slot: Slot, budget_ms: float, besides: int) -> int:
        remaining = len(slot.job.tokens) - len(slot.tokens) if slot.job else 0
        return min(remaining, self.pace.tokens_within(budget_ms, self._engine.batch_limit - besides))

    def _joining(self, lesser: list[Slot], planned: int) -> tuple[list[Slot], float]:
        """Let jobs of a less urgent class generate as far as its credit pays for; returns what is left of it."""
        credit_ms = self._credit.of(_priority(lesser[0]))
        joining: list[Slot] = []
        for slot in sorted(lesser, key=lambda slot: slot.used):
            if not _generates(slot):
                continue
            tokens = planned + len(joining)
            added_ms = max(0.0, self.pace.milliseconds(tokens + 1) - self.pace.milliseconds(tokens))
            if added_ms >= credit_ms:
                break
            credit_ms -= added_ms
            joining.append(slot)
        return joining, credit_ms

    def _fitted(self, batch: Batch) -> Batch | None:
        """Make room for a batch, pausing the least urgent jobs where emptying idle slots is not enough."""
        wanted = len(batch.generating) + batch.slice_tokens
        if self.slots.make_room(wanted, set(batch.slots)):
            return batch
        busy = self.slots.busy
        if len(busy) > 1:
            last = busy[-1]
            self._pause(last)
            self.slots.empty(last)
            return self._plan()
        slot = busy[0]
        free = self.slots.cells - self.slots.cells_used
        if slot.job is None or (not free and slot.job.is_generating):
            if slot.job is not None:
                self._finish(slot, slot.job, "length")
            return None
        return Batch(batch.generating, batch.prompt, min(batch.slice_tokens, free), batch.yields_to_completion)

    def _entries(self, batch: Batch) -> tuple[list[Entry], list[tuple[Slot, int]]]:
        entries: list[Entry] = []
        rows: list[tuple[Slot, int]] = []
        for slot in batch.generating:
            if slot.job is not None and slot.job.next_token is not None:
                rows.append((slot, len(entries)))
                entries.append(Entry(slot.job.next_token, len(slot.tokens), slot.index, True))
        slot_in_prompt = batch.prompt
        if slot_in_prompt is not None and slot_in_prompt.job is not None:
            job, start = slot_in_prompt.job, len(slot_in_prompt.tokens)
            end = start + batch.slice_tokens
            wants_logits = end == len(job.tokens) and not job.warms_only
            for position in range(start, end):
                entries.append(
                    Entry(job.tokens[position], position, slot_in_prompt.index, wants_logits and position == end - 1)
                )
            if wants_logits:
                rows.append((slot_in_prompt, len(entries) - 1))
        return entries, rows

    # -- what came of it

    def _account(self, batch: Batch, elapsed_ms: float) -> None:
        """Let outranked classes earn their share of the time, and pay for what they added to the batch."""
        priorities = {_priority(slot) for slot in self.slots.busy}
        top = min(priorities)
        tokens: collections.Counter[Priority] = collections.Counter(_priority(slot) for slot in batch.generating)
        if batch.prompt is not None:
            tokens[_priority(batch.prompt)] += batch.slice_tokens
        without_ms = self.pace.milliseconds(tokens[top]) if tokens[top] else 0.0
        added_ms = elapsed_ms * max(0.0, 1 - without_ms / self.pace.milliseconds(tokens.total()))
        added_tokens = max(1, tokens.total() - tokens[top])
        outranked = priorities - {top}
        self._credit.settle(elapsed_ms, outranked, {p: added_ms * tokens[p] / added_tokens for p in outranked})

    def _commit(self, batch: Batch) -> None:
        now = self._clock()
        for slot in batch.generating:
            if slot.job is not None and slot.job.next_token is not None:
                slot.tokens.append(slot.job.next_token)
                self.slots.touch(slot)
        slot_in_prompt = batch.prompt
        if slot_in_prompt is None or slot_in_prompt.job is None:
            return
        job, start = slot_in_prompt.job, len(slot_in_prompt.tokens)
        slot_in_prompt.tokens.extend(job.tokens[start : start + batch.slice_tokens])
        self.slots.touch(slot_in_prompt)
        job.mark_evaluated(batch.slice_tokens)
        if len(slot_in_prompt.tokens) == len(job.tokens):
            job.mark_prompt_done(now)
            if job.warms_only:
                self._finish(slot_in_prompt, job, "length")

    def _sample(self, slot: Slot, job: Job, row: int) -> None:
        vocabulary = self._engine.vocabulary
        try:
            choice = job.choose(self._engine.logits(row), vocabulary)
        except ModelError as error:
            self._fail_slot(slot, error)
            return
        pieces = vocabulary.pieces
        is_end = self._engine.is_end(choice.token) or choice.token in job.end_tokens
        step = job.take(choice, pieces[choice.token], is_end, pieces.__getitem__)
        if step.text or step.logprobs:
            timings = job.timings(self._clock())
            self._emit(
                wire.Piece(id=job.id, text=step.text, logprobs=step.logprobs, usage=job.usage(), timings=timings)
            )
        if step.reason is not None:
            self._finish(slot, job, step.reason)
        elif len(slot.tokens) >= self._engine.context_length:
            self._finish(slot, job, "length")

    def _finish(self, slot: Slot, job: Job, reason: FinishReason) -> None:
        rest = job.rest()
        if rest:
            self._emit(wire.Piece(id=job.id, text=rest))
        self.slots.free(slot)
        self._emit(wire.Done(id=job.id, finish=job.finish(reason, self._clock())))

    def _fail_slot(self, slot: Slot, error: ModelError) -> None:
        if slot.job is not None:
            job = slot.job
            self.slots.free(slot)
            self._emit(wire.failed(job.id, error))


def _priority(slot: Slot) -> Priority:
    return slot.job.priority if slot.job is not None else Priority.BACKGROUND


def _generates(slot: Slot) -> bool:
    return slot.job is not None and slot.job.is_generating

"""Who is evaluated next: continuous batching, completion first, everything cancellable.

Each `step` makes one batch: the waiting tokens of the jobs that generate, and one slice of one prompt.

- The most urgent class present goes into every batch. The others join while the batch's extra cost fits
  the share of time they have earned meanwhile, so they are slowed, never stopped.
- A slice is about `SHORT_SLICE_MS` of compute while anything else is about, `LONG_SLICE_MS` otherwise.
- A slice of lesser work is given up when a completion comes in; any batch is when its only request is
  cancelled. What such a batch evaluated is forgotten, so its tokens are simply evaluated again.

Everything it needs is injected: the engine, the clock, the place events go to. Only `submit`, `cancel` and
`step`, all from one thread, change it; `should_interrupt` may be asked from another.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from andiron_models.errors import ContextTooLongError, ModelError, QueueFullError
from andiron_models.local import wire
from andiron_models.types import FinishReason, Priority
from andiron_models.worker.job import Job, Lane
from andiron_models.worker.pace import Pace
from andiron_models.worker.sampling import Logits
from andiron_models.worker.slots import SequenceMemory, Slot, SlotTable
from andiron_models.worker.states import StateStore
from andiron_models.worker.vocabulary import Vocabulary

SHORT_SLICE_MS = 100.0
LONG_SLICE_MS = 400.0
SHARES = {Priority.CHAT: 0.25, Priority.BACKGROUND: 0.05}
_CREDIT_LIMIT_MS = 1000.0
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
        self._credit_ms = 0.0
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
        """Queue a job, or fail it when the queue is full or its prompt can never fit."""
        if len(self._waiting) >= self._queue_limit:
            self._fail(
                job, QueueFullError(f"{len(self._waiting)} requests wait already", hint="Try again when some are done.")
            )
            return
        longest = self._engine.context_length - (0 if job.warms_only else 1)
        if len(job.tokens) > longest:
            self._fail(
                job,
                ContextTooLongError(
                    f"the prompt has {len(job.tokens)} tokens, the model's context {self._engine.context_length}",
                    hint="Send less text, or raise ANDIRON_CONTEXT_LENGTH.",
                    details={"prompt_tokens": len(job.tokens), "context_length": self._engine.context_length},
                ),
            )
            return
        self._order += 1
        job.mark_queued(self._clock(), self._order)
        self._queue(job)
        self._emit(wire.Taken(id=job.id))

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

    def step(self) -> bool:
        """Evaluate one batch; `False` when there was nothing to do."""
        self._admit()
        batch = self._plan()
        if batch is None:
            return False
        entries, rows = self._entries(batch)
        slots = [*batch.generating, *([batch.prompt] if batch.prompt else [])]
        self._running = Running(
            jobs=frozenset(slot.job.id for slot in slots if slot.job), yields_to_completion=batch.yields_to_completion
        )
        started = self._clock()
        try:
            whole = self._engine.decode(entries)
        except ModelError as error:
            for slot in slots:
                self.slots.rewind(slot)
                self._fail_slot(slot, error)
            return True
        finally:
            self._running = Running()
        elapsed_ms = 1000 * (self._clock() - started)
        if not whole:
            for slot in slots:
                self.slots.rewind(slot)
            return True
        self.pace.record(len(entries), elapsed_ms)
        self._account(batch, elapsed_ms)
        self._commit(batch)
        for slot, row in rows:
            if slot.job is not None:
                self._sample(slot, slot.job, row)
        return True

    # -- who gets a slot

    def _queue(self, job: Job) -> None:
        self._waiting.append(job)
        self._waiting.sort(key=lambda waiting: (waiting.priority, waiting.order))

    def _admit(self) -> None:
        for job in list(self._waiting):
            self._supersede_warming(job)
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
        """End a warm-up of the place a real request has come for; what it evaluated is reused."""
        if job.place is None or job.warms_only:
            return
        for slot in self.slots.busy:
            other = slot.job
            if other is not None and other.warms_only and other.place == job.place and other.lane is job.lane:
                self._finish(slot, other, "cancelled")

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
        upper = [slot for slot in busy if _priority(slot) is top]
        lower = [slot for slot in busy if _priority(slot) is not top]
        generating = [slot for slot in upper if slot.job and slot.job.is_generating]
        prompt = next((slot for slot in upper if slot.job and not slot.job.is_generating), None)
        slice_tokens = self._slice(prompt, alone=len(busy) == 1, besides=len(generating)) if prompt else 0
        extra, extra_prompt, extra_tokens = self._earned(lower, len(generating) + slice_tokens, prompt is None)
        batch = Batch(
            generating=(*generating, *extra),
            prompt=prompt or extra_prompt,
            slice_tokens=slice_tokens or extra_tokens,
            yields_to_completion=top is not Priority.COMPLETION and prompt is not None,
        )
        return self._fitted(batch)

    def _slice(self, slot: Slot, *, alone: bool, besides: int) -> int:
        job = slot.job
        remaining = len(job.tokens) - len(slot.tokens) if job else 0
        quiet = self._clock() - self._completion_seen_at > _QUIET_SECONDS
        long = alone and not self._waiting and (quiet or _priority(slot) is Priority.COMPLETION)
        budget_ms = LONG_SLICE_MS if long else SHORT_SLICE_MS
        limit = self._engine.batch_limit - besides
        return min(remaining, self.pace.tokens_within(budget_ms, limit))

    def _earned(self, lower: list[Slot], planned: int, may_prompt: bool) -> tuple[list[Slot], Slot | None, int]:
        """Let less urgent jobs join as far as their credit pays for what they add to the batch."""
        chosen: list[Slot] = []
        base_ms = self.pace.milliseconds(planned) if planned else 0.0
        for slot in lower:
            if slot.job is None or not slot.job.is_generating:
                continue
            added_ms = self.pace.milliseconds(planned + len(chosen) + 1) - base_ms
            if added_ms > self._credit_ms:
                break
            chosen.append(slot)
        prompting = next((slot for slot in lower if slot.job and not slot.job.is_generating), None)
        if prompting is None or not may_prompt or chosen or self._credit_ms < SHORT_SLICE_MS:
            return chosen, None, 0
        return chosen, prompting, self._slice(prompting, alone=False, besides=planned)

    def _fitted(self, batch: Batch) -> Batch | None:
        """Make room for a batch, pausing the least urgent jobs where emptying idle slots is not enough."""
        wanted = len(batch.generating) + batch.slice_tokens
        within = {slot for slot in (*batch.generating, batch.prompt) if slot is not None}
        if self.slots.make_room(wanted, within):
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
        """Let waiting classes earn their share of the time, and pay for the part they had."""
        busy = self.slots.busy
        top = _priority(busy[0])
        lower = [slot for slot in busy if _priority(slot) is not top]
        if not lower:
            self._credit_ms = 0.0
            return
        in_batch = [*batch.generating, *([batch.prompt] if batch.prompt else [])]
        upper_tokens = sum(1 for slot in batch.generating if _priority(slot) is top)
        if batch.prompt is not None and _priority(batch.prompt) is top:
            upper_tokens += batch.slice_tokens
        paid_ms = 0.0
        if any(_priority(slot) is not top for slot in in_batch):
            paid_ms = max(0.0, elapsed_ms - (self.pace.milliseconds(upper_tokens) if upper_tokens else 0.0))
        share = max(SHARES.get(_priority(slot), 0.0) for slot in lower)
        earned_ms = self._credit_ms + share * elapsed_ms - paid_ms
        self._credit_ms = max(-_CREDIT_LIMIT_MS, min(_CREDIT_LIMIT_MS, earned_ms))

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
        allowed = vocabulary.agreeing(job.pending) if job.pending else None
        try:
            choice = job.choose(self._engine.logits(row), allowed)
        except ModelError as error:
            self._fail_slot(slot, error)
            return
        pieces = vocabulary.pieces
        is_end = self._engine.is_end(choice.token) or choice.token in job.end_tokens
        step = job.take(choice, pieces[choice.token], is_end, pieces.__getitem__)
        if step.text or step.logprobs:
            self._emit(wire.Piece(id=job.id, text=step.text, logprobs=step.logprobs))
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
            self._fail(job, error)

    def _fail(self, job: Job, error: ModelError) -> None:
        self._emit(wire.failed(job.id, error))


def _priority(slot: Slot) -> Priority:
    return slot.job.priority if slot.job is not None else Priority.BACKGROUND

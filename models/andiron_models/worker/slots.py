"""The places in the engine's KV cache: who has which, what each still holds, and how it is reused.

One context holds several sequences over one shared pool of cells. A slot is a sequence. When a job gets a
slot, whatever begins like its prompt is reused: the slot's own content, another slot's (shared, not copied),
or a state saved when a place was left. What a slot loses is saved first.
"""

from typing import Protocol

from andiron_models.types import Priority
from andiron_models.worker.job import Job, Lane
from andiron_models.worker.states import StateStore, Tokens, as_tokens, common_prefix

WORTH_SAVING_TOKENS = 32
_WORTH_KEEPING_SHARE = 0.25


class SequenceMemory(Protocol):
    """The part of the engine that moves KV data about; see `engine`."""

    def trim(self, sequence: int, length: int) -> bool:
        """Forget all but the first `length` tokens; `False` when the model cannot forget a part."""

    def copy(self, source: int, target: int, length: int) -> None:
        """Let an empty sequence share the first `length` tokens of another."""

    def save(self, sequence: int) -> bytes:
        """Copy a sequence's data out."""

    def restore(self, sequence: int, data: bytes) -> bool:
        """Put saved data into an empty sequence; `False` when there is no room."""


class Slot:
    """One sequence; `tokens` are the evaluated ones, of `place`; `used` is when it last worked."""

    def __init__(self, index: int, lane: Lane) -> None:
        self.index = index
        self.lane = lane
        self.tokens: list[int] = []
        self.job: Job | None = None
        self.place: str | None = None
        self.is_forgotten = False
        self.used = 0


class SlotTable:
    """All slots of one engine and the saved states beside them."""

    def __init__(self, memory: SequenceMemory, lanes: list[Lane], cells: int, states: StateStore) -> None:
        self._memory = memory
        self._clock = 0
        self.cells = cells
        self.states = states
        self.slots = [Slot(index, lane) for index, lane in enumerate(lanes)]

    @property
    def busy(self) -> list[Slot]:
        """Slots that have a job, most urgent first, then in order of arrival."""
        taken = [slot for slot in self.slots if slot.job is not None]
        return sorted(taken, key=lambda slot: (slot.job.priority, slot.job.order) if slot.job else (0, 0))

    @property
    def cells_used(self) -> int:
        """Tokens held; shared ones count for each holder, so this errs on the safe side."""
        return sum(len(slot.tokens) for slot in self.slots)

    def choose(self, job: Job) -> Slot | None:
        """Find an idle slot of the job's lane: the one that begins most like its prompt, else the oldest."""
        idle = [slot for slot in self.slots if slot.lane is job.lane and slot.job is None]
        if not idle:
            return None
        wanted = as_tokens(job.tokens)
        lengths = {slot.index: common_prefix(as_tokens(slot.tokens), wanted) for slot in idle}
        best = max(idle, key=lambda slot: lengths[slot.index])
        held = len(best.tokens)
        if held and lengths[best.index] >= max(1, _WORTH_KEEPING_SHARE * held):
            return best
        return min(idle, key=lambda slot: (bool(slot.tokens), slot.used))

    def has_room_for(self, job: Job) -> bool:
        """Tell whether a job fits beside those as urgent; less urgent ones can be made to wait."""
        rivals = [slot for slot in self.slots if slot.job is not None and slot.job.priority <= job.priority]
        taken = sum(max(len(slot.tokens), len(slot.job.tokens)) for slot in rivals if slot.job is not None)
        return not rivals or taken + len(job.tokens) < self.cells

    def preemptible(self, job: Job) -> Slot | None:
        """Find a slot of the lane whose job is background work less urgent than this one."""
        lesser = [
            slot
            for slot in self.slots
            if slot.lane is job.lane
            and slot.job is not None
            and slot.job.priority is Priority.BACKGROUND
            and slot.job.priority > job.priority
        ]
        return max(lesser, key=lambda slot: slot.job.order if slot.job else 0, default=None)

    def give(self, slot: Slot, job: Job) -> int:
        """Give an idle slot to a job with as much of its prompt in it as can be had; returns that length."""
        wanted = as_tokens(job.tokens)
        most = len(wanted) if job.warms_only else len(wanted) - 1  # without its last token, nothing can be sampled
        own = min(most, common_prefix(as_tokens(slot.tokens), wanted))
        donor, shared = self._donor(slot, wanted, most)
        saved, state = self.states.best(wanted)
        saved = min(saved, most)
        self._keep(slot, own)
        if own >= max(shared, saved):
            self._cut(slot, own)
        elif donor is not None and shared >= saved:
            self._cut(slot, 0)
            self._memory.copy(donor.index, slot.index, shared)
            slot.tokens = donor.tokens[:shared]
            self._cut(slot, shared)  # an engine that cannot share a part has shared the whole
        elif state is not None:
            self._cut(slot, 0)
            if self.make_room(len(state.tokens), {slot}) and self._memory.restore(slot.index, state.data):
                slot.tokens = state.tokens.tolist()
                self.states.touch(state)
            self._cut(slot, saved)
        slot.job = job
        slot.place, slot.is_forgotten = job.place, False
        self.touch(slot)
        return len(slot.tokens)

    def free(self, slot: Slot) -> None:
        """Take the slot from its job; what it holds stays for whoever comes back, unless it was to be forgotten."""
        slot.job = None
        self.touch(slot)
        if slot.is_forgotten:
            self.discard(slot)

    def forget(self, place: str) -> None:
        """Drop what is kept of a place; what a job of it still works on goes when that is over."""
        self.states.forget(place)
        for slot in self.slots:
            if slot.place == place:
                slot.is_forgotten = True
                if slot.job is None:
                    self.discard(slot)

    def touch(self, slot: Slot) -> None:
        """Note that the slot was used now."""
        self._clock += 1
        slot.used = self._clock

    def rewind(self, slot: Slot) -> bool:
        """Drop whatever an unfinished evaluation left behind the slot's known tokens; `False` if they went too."""
        known = len(slot.tokens)
        self._cut(slot, known)
        return len(slot.tokens) == known

    def discard(self, slot: Slot) -> None:
        """Clear a slot whose content is not to be trusted, or not to be kept."""
        self._cut(slot, 0)
        slot.place, slot.is_forgotten = None, False

    def make_room(self, needed: int, besides: set[Slot]) -> bool:
        """Empty idle slots, oldest first, until `needed` cells are free; `False` if they do not suffice."""
        idle = sorted(
            (slot for slot in self.slots if slot.job is None and slot.tokens and slot not in besides),
            key=lambda slot: slot.used,
        )
        for slot in idle:
            if self.cells_used + needed <= self.cells:
                break
            self.empty(slot)
        return self.cells_used + needed <= self.cells

    def empty(self, slot: Slot) -> None:
        """Save what a slot holds and clear it."""
        self._keep(slot, 0)
        self._cut(slot, 0)

    def save_all(self) -> None:
        """Save what all slots hold, as when the engine is about to end."""
        for slot in self.slots:
            self._keep(slot, 0)

    def _donor(self, slot: Slot, wanted: Tokens, most: int) -> tuple[Slot | None, int]:
        others = [other for other in self.slots if other is not slot and other.tokens]
        lengths = {other.index: min(most, common_prefix(as_tokens(other.tokens), wanted)) for other in others}
        donor = max(others, key=lambda other: lengths[other.index], default=None)
        return donor, lengths[donor.index] if donor else 0

    def _keep(self, slot: Slot, remaining: int) -> None:
        """Save a slot's content if it is about to lose much that is nowhere else."""
        if len(slot.tokens) - remaining < WORTH_SAVING_TOKENS or not self.states.limit_bytes:
            return
        if not self.states.covers(as_tokens(slot.tokens)):
            self.states.put(slot.tokens, self._memory.save(slot.index), slot.place)

    def _cut(self, slot: Slot, length: int) -> None:
        if self._memory.trim(slot.index, length):
            slot.tokens = slot.tokens[:length]
        else:
            self._memory.trim(slot.index, 0)
            slot.tokens = []

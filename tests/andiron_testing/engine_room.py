"""A scheduler over a fake engine: a test makes requests, lets time pass in steps, and reads what came of them."""

from collections.abc import Sequence

from andiron_models.errors import ModelError
from andiron_models.types import Finish, Priority, Sampling
from andiron_models.worker.infill import Prompt
from andiron_models.worker.job import Job, Lane
from andiron_models.worker.pace import Pace
from andiron_models.worker.sampling import TokenSampler
from andiron_models.worker.scheduler import Scheduler
from andiron_models.worker.states import StateStore
from andiron_models.worker.text import AnswerText
from andiron_testing.fake_engine import FakeEngine
from andiron_testing.told import Told


class EngineRoom:
    """Make requests, let the scheduler step, read what came of them."""

    def __init__(
        self,
        engine: FakeEngine | None = None,
        *,
        completion_slots: int = 2,
        chat_slots: int = 2,
        queue_limit: int = 64,
        states_bytes: int = 1_000_000,
        knows_pace: bool = True,
    ) -> None:
        self.engine = engine or FakeEngine()
        self.told = Told()
        self._next_id = 0
        pace = Pace()
        for size in (1, 2, 4, 8, 16, 32, 64, 128) if knows_pace else ():
            pace.record(size, self.engine.milliseconds(size))
        self.scheduler = Scheduler(
            self.engine,
            lanes=[Lane.COMPLETION] * completion_slots + [Lane.CHAT] * chat_slots,
            queue_limit=queue_limit,
            states=StateStore(states_bytes),
            pace=pace,
            clock=self.engine.clock,
            emit=self.told.hear,
        )

    # -- requests

    def chat(self, prompt: str | Sequence[int], *, max_tokens: int | None = 8, place: str | None = None) -> int:
        """Submit a chat."""
        return self.submit(prompt, Lane.CHAT, Priority.CHAT, max_tokens=max_tokens, place=place)

    def completion(self, prompt: str | Sequence[int], *, max_tokens: int | None = 8, place: str | None = None) -> int:
        """Submit a completion."""
        return self.submit(prompt, Lane.COMPLETION, Priority.COMPLETION, max_tokens=max_tokens, place=place)

    def warming(self, prompt: str | Sequence[int], *, place: str | None = None) -> int:
        """Submit a prompt that is only to be evaluated, when there is time."""
        return self.submit(prompt, Lane.COMPLETION, Priority.BACKGROUND, max_tokens=0, place=place)

    def submit(
        self,
        prompt: str | Sequence[int],
        lane: Lane,
        priority: Priority,
        *,
        max_tokens: int | None = 8,
        place: str | None = None,
        stops: tuple[str, ...] = (),
        pending: bytes = b"",
        sampler: TokenSampler | None = None,
        end_tokens: frozenset[int] = frozenset(),
    ) -> int:
        """Submit anything; returns the request's id."""
        self._next_id += 1
        tokens = list(prompt.encode()) if isinstance(prompt, str) else list(prompt)
        self.scheduler.submit(
            Job(
                job_id=self._next_id,
                lane=lane,
                priority=priority,
                prompt=Prompt(tokens=tokens, pending=pending),
                max_tokens=max_tokens,
                sampler=sampler or TokenSampler(Sampling()),
                text=AnswerText(stops),
                place=place,
                end_tokens=end_tokens,
            )
        )
        return self._next_id

    # -- time

    def step(self, times: int = 1) -> None:
        """Let the scheduler evaluate so many batches."""
        for _ in range(times):
            self.scheduler.step()

    def until_over(self, *ids: int, limit: int = 5000) -> None:
        """Step until these requests are over."""
        for _ in range(limit):
            if all(self.is_over(job_id) for job_id in ids):
                return
            self.scheduler.step()
        raise AssertionError(f"not over after {limit} steps: {[i for i in ids if not self.is_over(i)]}")

    def until_text(self, job_id: int, length: int = 1, limit: int = 5000) -> None:
        """Step until a request has said so much."""
        for _ in range(limit):
            if len(self.text(job_id)) >= length:
                return
            self.scheduler.step()
        raise AssertionError(f"request {job_id} said only {self.text(job_id)!r}")

    def until_idle(self, limit: int = 5000) -> None:
        """Step until nothing is left to do."""
        for _ in range(limit):
            if self.scheduler.is_idle:
                return
            self.scheduler.step()
        raise AssertionError(f"not idle after {limit} steps")

    # -- what came of it

    def text(self, job_id: int) -> str:
        """The deltas so far, joined."""
        return self.told.text(job_id)

    def is_over(self, job_id: int) -> bool:
        """Whether the request ended, well or not."""
        return self.told.is_over(job_id)

    def finish(self, job_id: int) -> Finish:
        """How a request ended that did not fail."""
        return self.told.finish(job_id)

    def error(self, job_id: int) -> ModelError:
        """Why a request failed."""
        return self.told.error(job_id)

    def order_of_ends(self) -> list[int]:
        """The requests in the order they ended."""
        return self.told.ends()

    def sequence_of(self, job_id: int) -> int:
        """The slot a running request has."""
        return next(slot.index for slot in self.scheduler.slots.busy if slot.job and slot.job.id == job_id)

    def last_batch(self) -> dict[int, int]:
        """How many entries each sequence had in the last whole batch."""
        batch = self.engine.batches[-1]
        return {entry.sequence: sum(1 for other in batch if other.sequence == entry.sequence) for entry in batch}

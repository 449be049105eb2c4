"""The scheduler over a real model, in one thread: a test asks, steps, and reads what came of it.

Its clock counts calls, so that batches, and with them the last digits of every logit, are the same in each run.
"""

import itertools
from pathlib import Path

from andiron_models.errors import ModelError
from andiron_models.layout import InfillLayout
from andiron_models.local import wire
from andiron_models.types import ChatRequest, InfillRequest, Message, Sampling
from andiron_models.worker.engine import EngineOptions, LlamaEngine
from andiron_models.worker.job import Lane
from andiron_models.worker.pace import Pace
from andiron_models.worker.preparation import Preparation
from andiron_models.worker.scheduler import Scheduler
from andiron_models.worker.states import StateStore
from andiron_testing.told import Told

# SmolLM2 was not trained to infill; these of its special tokens serve to test the mechanics.
LAYOUT = InfillLayout(
    prefix_token="<repo_name>", suffix_token="<file_sep>", middle_token="<filename>", order="anchored"
)

GREEDY = Sampling()


def load_engine(path: Path, context_length: int = 256) -> LlamaEngine:
    """Load a model with four sequences; one thread, which waits for no other where the machine is busy."""
    return LlamaEngine(path, EngineOptions(context_length=context_length, threads=1, gpu_layers=0, sequences=4))


class ModelRoom:
    """Make requests of one loaded engine; its memory is emptied first."""

    def __init__(self, engine: LlamaEngine, layout: InfillLayout | None = None) -> None:
        for sequence in range(4):
            engine.trim(sequence, 0)
        self.engine = engine
        self.told = Told()
        ticks = itertools.count()
        self.scheduler = Scheduler(
            engine,
            lanes=[Lane.COMPLETION, Lane.COMPLETION, Lane.CHAT, Lane.CHAT],
            queue_limit=64,
            states=StateStore(50_000_000),
            pace=Pace(),
            clock=lambda: 0.02 * next(ticks),
            emit=self.told.hear,
        )
        self._preparation = Preparation(engine, layout)
        self._ids = itertools.count(1)

    def chat(self, content: str, *, max_tokens: int | None = 8, sampling: Sampling = GREEDY) -> int:
        """Submit a chat of one message."""
        messages = (Message(role="user", content=content),)
        return self.ask(ChatRequest(messages=messages, max_tokens=max_tokens, sampling=sampling))

    def infill(self, prefix: str, suffix: str = "", *, max_tokens: int = 8, sampling: Sampling = GREEDY) -> int:
        """Submit an infill."""
        return self.ask(InfillRequest(prefix=prefix, suffix=suffix, max_tokens=max_tokens, sampling=sampling))

    def ask(self, request: ChatRequest | InfillRequest) -> int:
        """Submit any request; one that cannot be prepared has failed."""
        request_id = next(self._ids)
        try:
            if isinstance(request, ChatRequest):
                job = self._preparation.chat(request_id, request)
            else:
                job = self._preparation.infill(request_id, request)
        except ModelError as error:
            self.told.hear(wire.failed(request_id, error))
        else:
            self.scheduler.submit(job)
        return request_id

    def until_over(self, *ids: int) -> None:
        """Step until these requests are over."""
        while not all(self.told.is_over(request_id) for request_id in ids):
            assert self.scheduler.step()

    def answer(self, request_id: int) -> str:
        """Step until a request is over, and read its answer."""
        self.until_over(request_id)
        self.told.finish(request_id)
        return self.told.text(request_id)

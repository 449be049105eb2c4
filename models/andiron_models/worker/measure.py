"""How fast an engine is here, and how well its model fits a text.

The engine must be idle; sequence 0 is used and left empty.
"""

import itertools
from collections.abc import Callable

from andiron_models.errors import InvalidRequestError
from andiron_models.local import wire
from andiron_models.worker.pace import Pace
from andiron_models.worker.sampling import log_softmax
from andiron_models.worker.scheduler import Engine, Entry

_CALIBRATION_SIZES = (1, 1, 16, 64)
_SLICES = (16, 32, 64, 128, 256)
_LOSS_TOKENS = 160
_SEQUENCE = 0


def calibrate(engine: Engine, pace: Pace, clock: Callable[[], float]) -> None:
    """Teach a new pace its first readings, which also warms the model up."""
    for round_number, size in enumerate(_CALIBRATION_SIZES):
        milliseconds = _time(engine, size, clock)
        if round_number:
            pace.record(size, milliseconds)


def measure(engine: Engine, tokens: list[int], request_id: int, clock: Callable[[], float]) -> wire.Measured:
    """Measure prompt speed by slice, generation speed, and the mean loss over `tokens`.

    Raises:
        InvalidRequestError: there are too few tokens to predict one.
        ModelError: the engine cannot evaluate them.
    """
    if len(tokens) < 2:
        raise InvalidRequestError(f"a text of {len(tokens)} tokens cannot be measured", hint="Send a longer one.")
    slices: dict[int, float] = {}
    for size in _SLICES:
        if size > min(engine.batch_limit, engine.context_length):
            break
        best = min(_time(engine, size, clock) for _ in range(2))
        slices[size] = 1000 * size / best
    loss, seconds, count = _loss(engine, tokens[:_LOSS_TOKENS], clock)
    return wire.Measured(
        id=request_id,
        prompt_tokens_per_second=max(slices.values()),
        generate_tokens_per_second=count / seconds,
        slices=slices,
        mean_loss=loss,
    )


def _loss(engine: Engine, tokens: list[int], clock: Callable[[], float]) -> tuple[float, float, int]:
    """Evaluate token by token, as in generation: the mean loss, the seconds, and the steps."""
    engine.trim(_SEQUENCE, 0)
    total = 0.0
    started = clock()
    for position, (token, following) in enumerate(itertools.pairwise(tokens)):
        _evaluate(engine, [Entry(token, position, _SEQUENCE, True)])
        total -= float(log_softmax(engine.logits(0))[following])
    seconds = clock() - started
    engine.trim(_SEQUENCE, 0)
    steps = len(tokens) - 1
    return total / steps, seconds, steps


def _time(engine: Engine, size: int, clock: Callable[[], float]) -> float:
    engine.trim(_SEQUENCE, 0)
    tokens = _some_tokens(size, len(engine.vocabulary.pieces))
    entries = [Entry(token, index, _SEQUENCE, index == size - 1) for index, token in enumerate(tokens)]
    seconds = _evaluate(engine, entries, clock)
    engine.trim(_SEQUENCE, 0)
    return 1000 * seconds


def _evaluate(engine: Engine, entries: list[Entry], clock: Callable[[], float] = lambda: 0.0) -> float:
    """Evaluate a batch, again if a late interrupt meant for an earlier one broke it off; returns the seconds."""
    while True:
        started = clock()
        if engine.decode(entries):
            return clock() - started
        engine.trim(_SEQUENCE, entries[0].position)


def _some_tokens(count: int, vocabulary_size: int) -> list[int]:
    """Pick ordinary tokens: ids from the beginning of a vocabulary are letters and short words."""
    return [(300 + (7 * index) % 500) % vocabulary_size for index in range(count)]

"""How fast an engine is here, and how well its model fits a text.

The engine must be idle; sequence 0 is used and left empty.
"""

from collections.abc import Callable

from andiron_models.errors import InvalidRequestError
from andiron_models.local import wire
from andiron_models.worker.pace import Pace
from andiron_models.worker.sampling import log_softmax
from andiron_models.worker.scheduler import Engine, Entry

_CALIBRATION_SIZES = (1, 1, 16, 64)
_SLICES = (16, 32, 64, 128, 256)
_GENERATED_TOKENS = 64
_LOSS_BATCH = 8  # rows of logits an engine keeps
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
    return wire.Measured(
        id=request_id,
        prompt_tokens_per_second=max(slices.values()),
        generate_tokens_per_second=_generation(engine, tokens[: _GENERATED_TOKENS + 1], clock),
        slices=slices,
        mean_loss=_loss(engine, tokens[: engine.context_length]),
    )


def _generation(engine: Engine, tokens: list[int], clock: Callable[[], float]) -> float:
    """Evaluate token by token, as generating does; returns tokens per second."""
    engine.trim(_SEQUENCE, 0)
    started = clock()
    for position, token in enumerate(tokens[:-1]):
        _evaluate(engine, [Entry(token, position, _SEQUENCE, True)])
        engine.logits(0)
    seconds = clock() - started
    engine.trim(_SEQUENCE, 0)
    return (len(tokens) - 1) / seconds


def _loss(engine: Engine, tokens: list[int]) -> float:
    """Find how little the model expects each token after those before it, a few tokens a batch."""
    engine.trim(_SEQUENCE, 0)
    total = 0.0
    for start in range(0, len(tokens) - 1, _LOSS_BATCH):
        batch = tokens[start : min(start + _LOSS_BATCH, len(tokens) - 1)]
        _evaluate(engine, [Entry(token, start + row, _SEQUENCE, True) for row, token in enumerate(batch)])
        for row in range(len(batch)):
            total -= float(log_softmax(engine.logits(row))[tokens[start + row + 1]])
    engine.trim(_SEQUENCE, 0)
    return total / (len(tokens) - 1)


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

"""An engine without a model: every byte is a token, and what comes next is a function of all that came before.

Because the next token depends on each token the sequence really holds, any mistake with KV memory (a lost, doubled
or foreign cell) changes the text of an answer. It refuses what llama.cpp would refuse, and keeps its own time.
"""

import zlib
from collections.abc import Callable, Sequence

import msgspec
import numpy

from andiron_models.errors import ModelError
from andiron_models.worker.sampling import Logits
from andiron_models.worker.scheduler import Entry
from andiron_models.worker.vocabulary import Vocabulary

END = 256
FIRST_LETTER = ord("a")
Rule = Callable[[Sequence[int]], int]


class FakeClock:
    """Seconds that pass only when something takes time."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Cell(msgspec.Struct, frozen=True):
    """One evaluated token; sequences may share it."""

    number: int
    token: int


def letters(tokens: Sequence[int]) -> int:
    """Choose a letter by everything before it; the answer never ends by itself."""
    return FIRST_LETTER + _digest(tokens) % 26


def sentences(tokens: Sequence[int]) -> int:
    """Choose a letter by everything before it, or, once in about twelve times, the end."""
    digest = _digest(tokens)
    return END if digest % 12 == 0 else FIRST_LETTER + digest % 26


def two_cores(tokens: int) -> float:
    """Milliseconds a batch takes on a small machine: bound by memory while it is small, then by compute."""
    return max(40.0 + 4.0 * tokens, 7.7 * tokens)


def scripted(text: str, prompt_length: int) -> Rule:
    """Answer a prompt of that length with this text, then end."""
    data = text.encode()

    def rule(tokens: Sequence[int]) -> int:
        said = len(tokens) - prompt_length
        return data[said] if 0 <= said < len(data) else END

    return rule


class FakeEngine:
    """Implements `scheduler.Engine`; `batches` keeps what was evaluated, interrupted batches in `interrupted`."""

    def __init__(
        self,
        *,
        cells: int = 1000,
        batch_limit: int = 128,
        rule: Rule = letters,
        clock: FakeClock | None = None,
        milliseconds: Callable[[int], float] = two_cores,
        trims_partially: bool = True,
        more_pieces: Sequence[bytes] = (),
        lacks: bytes = b"",
    ) -> None:
        self.clock = clock or FakeClock()
        self.batches: list[tuple[Entry, ...]] = []
        self.interrupted: list[tuple[Entry, ...]] = []
        self.restored = 0
        self.copied = 0
        self.sequences: dict[int, list[Cell]] = {}
        self.on_decode: Callable[[], None] = lambda: None
        self.milliseconds = milliseconds
        self._cells = cells
        self._batch_limit = batch_limit
        self._rule = rule
        self._trims_partially = trims_partially
        pieces = [b"" if byte in lacks else bytes([byte]) for byte in range(256)]
        self._vocabulary = Vocabulary([*pieces, b"", *more_pieces])
        self._next_cell = 0
        self._interrupts = 0
        self._error: ModelError | None = None
        self._rows: dict[int, tuple[int, int]] = {}

    # -- how a test steers it

    def interrupt_next(self, times: int = 1) -> None:
        """Break off so many of the batches to come, half-way."""
        self._interrupts += times

    def fail_next(self, error: ModelError) -> None:
        """Let the next batch fail half-way."""
        self._error = error

    @property
    def cells_used(self) -> int:
        """Cells really taken; shared ones count once."""
        return len({cell.number for cells in self.sequences.values() for cell in cells})

    def tokens(self, sequence: int) -> list[int]:
        """What a sequence holds."""
        return [cell.token for cell in self.sequences.get(sequence, [])]

    @property
    def entries_evaluated(self) -> int:
        """Tokens evaluated in whole batches."""
        return sum(len(batch) for batch in self.batches)

    # -- the seam

    @property
    def context_length(self) -> int:
        """Cells in all."""
        return self._cells

    @property
    def batch_limit(self) -> int:
        """Entries one batch may have."""
        return self._batch_limit

    @property
    def vocabulary(self) -> Vocabulary:
        """Bytes, the end, and what a test added."""
        return self._vocabulary

    def is_end(self, token: int) -> bool:
        """Tell whether a token ends an answer."""
        return token == END

    def decode(self, entries: Sequence[Entry]) -> bool:
        """Evaluate a batch as llama.cpp would: positions go on without a gap, and there is room."""
        assert 0 < len(entries) <= self._batch_limit, f"a batch of {len(entries)}"
        self.on_decode()
        self._rows = {}
        if self._error is not None or self._interrupts:
            self._append(entries[: (len(entries) + 1) // 2])
            self.clock.advance(self.milliseconds(len(entries)) / 2000)
            return self._break_off(entries)
        self._append(entries)
        self.clock.advance(self.milliseconds(len(entries)) / 1000)
        self.batches.append(tuple(entries))
        return True

    def logits(self, row: int) -> Logits:
        """Favour the next token; the rest get some order of their own."""
        digest, following = self._rows[row]
        logits: Logits = numpy.random.default_rng(digest).random(len(self._vocabulary.pieces)).astype(numpy.float32)
        logits[following] = 10.0
        return logits

    def trim(self, sequence: int, length: int) -> bool:
        """Forget all but the first `length` tokens."""
        assert length >= 0
        cells = self.sequences.get(sequence, [])
        if 0 < length < len(cells) and not self._trims_partially:
            return False
        self.sequences[sequence] = cells[:length]
        return True

    def copy(self, source: int, target: int, length: int) -> None:
        """Share cells; an engine that cannot forget a part cannot copy one either."""
        assert not self.sequences.get(target), "the target must be empty"
        cells = self.sequences.get(source, [])
        assert length <= len(cells)
        self.sequences[target] = cells[:length] if self._trims_partially else list(cells)
        self.copied += 1

    def save(self, sequence: int) -> bytes:
        """Copy out the tokens, at ten bytes each."""
        return b"".join(b"%9d," % token for token in self.tokens(sequence))

    def restore(self, sequence: int, data: bytes) -> bool:
        """Put tokens back into cells of their own."""
        assert not self.sequences.get(sequence), "the target must be empty"
        tokens = [int(word) for word in data.decode().split(",") if word]
        if self.cells_used + len(tokens) > self._cells:
            return False
        self.sequences[sequence] = [self._cell(token) for token in tokens]
        self.restored += 1
        return True

    # -- inside

    def _append(self, entries: Sequence[Entry]) -> None:
        for row, entry in enumerate(entries):
            cells = self.sequences.setdefault(entry.sequence, [])
            assert entry.position == len(cells), f"position {entry.position} in a sequence of {len(cells)}"
            cells.append(self._cell(entry.token))
            if entry.wants_logits:
                tokens = [cell.token for cell in cells]
                self._rows[row] = _digest(tokens), self._rule(tokens)
        assert self.cells_used <= self._cells, f"{self.cells_used} of {self._cells} cells"

    def _break_off(self, entries: Sequence[Entry]) -> bool:
        error, self._error = self._error, None
        if error is not None:
            raise error
        self._interrupts -= 1
        self.interrupted.append(tuple(entries))
        return False

    def _cell(self, token: int) -> Cell:
        self._next_cell += 1
        return Cell(self._next_cell, token)


def _digest(tokens: Sequence[int]) -> int:
    return zlib.crc32(numpy.asarray(tokens, dtype=numpy.int32).tobytes())


def expected_answer(prompt: Sequence[int], max_tokens: int, rule: Rule = letters) -> str:
    """Say what the engine answers to a prompt when nothing disturbs it."""
    tokens = list(prompt)
    answer = bytearray()
    while len(answer) < max_tokens and (following := rule(tokens)) != END:
        answer.append(following)
        tokens.append(following)
    return answer.decode()

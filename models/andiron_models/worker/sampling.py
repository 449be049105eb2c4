"""Choosing the next token from logits: greedy in numpy, everything else by the engine's own samplers.

A grammar is checked on the chosen token first and applied to the whole vocabulary only when that token is
refused, which costs a fraction of always applying it (the way llama.cpp's own tools do it).
"""

import math
from typing import Protocol

import msgspec
import numpy
from numpy.typing import NDArray

from andiron_models.errors import InvalidRequestError
from andiron_models.types import Sampling

Logits = NDArray[numpy.float32]
TokenIds = NDArray[numpy.int32]
Candidates = NDArray[numpy.void]
# So many are found quicker one after the other than by sorting.
_FEW = 8
CANDIDATE = numpy.dtype([("id", numpy.int32), ("logit", numpy.float32), ("p", numpy.float32)])


class Chain(Protocol):
    """The engine's samplers in a row, ending in a choice."""

    def choose(self, candidates: Candidates) -> int:
        """Choose a token id among the candidates, which may be reordered."""

    def accept(self, token: int) -> None:
        """Take note of a token that was chosen."""


class Grammar(Protocol):
    """The engine's grammar sampler."""

    def apply(self, candidates: Candidates) -> None:
        """Set the logits of candidates that cannot come next to minus infinity, in place."""

    def accept(self, token: int) -> None:
        """Advance over a token that was chosen; it must have been allowed."""


class Choice(msgspec.Struct, frozen=True):
    """A token, and where asked its log probability and the likeliest ones with theirs."""

    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


class TokenSampler:
    """One request's way of choosing tokens; owns its chain and grammar."""

    def __init__(self, sampling: Sampling, chain: Chain | None = None, grammar: Grammar | None = None) -> None:
        self._chain = chain
        self._grammar = grammar
        self._logprobs = sampling.logprobs

    def choose(self, logits: Logits, allowed: TokenIds | None = None) -> Choice:
        """Choose the next token; with `allowed`, among those only.

        Raises:
            InvalidRequestError: the grammar allows no token at all.
        """
        token = self._choose(logits, allowed)
        if self._chain is not None:
            self._chain.accept(token)
        if self._grammar is not None:
            self._grammar.accept(token)
        if self._logprobs is None:
            return Choice(token)
        return _with_logprobs(token, logits, self._logprobs)

    def _choose(self, logits: Logits, allowed: TokenIds | None) -> int:
        token = self._pick(logits, allowed)
        if self._grammar is None:
            return token
        alone = candidates_of(logits, numpy.array([token], dtype=numpy.int32))
        self._grammar.apply(alone)
        if numpy.isfinite(alone["logit"][0]):
            return token
        candidates = candidates_of(logits, allowed)
        self._grammar.apply(candidates)
        possible = candidates[numpy.isfinite(candidates["logit"])]
        if not len(possible):
            raise InvalidRequestError(
                "the grammar allows nothing to come next",
                hint="Give the grammar's root rule an end, or a way on.",
            )
        return self._pick_among(possible)

    def _pick(self, logits: Logits, allowed: TokenIds | None) -> int:
        if self._chain is None:
            if allowed is None:
                return int(numpy.argmax(logits))
            return int(allowed[numpy.argmax(logits[allowed])])
        return self._chain.choose(candidates_of(logits, allowed))

    def _pick_among(self, candidates: Candidates) -> int:
        if self._chain is None:
            return int(candidates["id"][numpy.argmax(candidates["logit"])])
        return self._chain.choose(candidates)


def candidates_of(logits: Logits, allowed: TokenIds | None = None) -> Candidates:
    """Make the candidate array samplers work on."""
    ids = numpy.arange(len(logits), dtype=numpy.int32) if allowed is None else allowed
    candidates = numpy.zeros(len(ids), dtype=CANDIDATE)
    candidates["id"] = ids
    candidates["logit"] = logits if allowed is None else logits[allowed]
    return candidates


def log_softmax(logits: Logits) -> NDArray[numpy.float64]:
    """Turn logits into log probabilities."""
    shifted = logits.astype(numpy.float64) - float(numpy.max(logits))
    result: NDArray[numpy.float64] = shifted - numpy.log(numpy.sum(numpy.exp(shifted)))
    return result


def _with_logprobs(token: int, logits: Logits, count: int) -> Choice:
    """Add log probabilities, without writing out those of the whole vocabulary: this runs for every token."""
    highest = numpy.max(logits)
    norm = float(highest) + math.log(float(numpy.sum(numpy.exp(logits - highest), dtype=numpy.float64)))
    top = tuple((index, float(logits[index]) - norm) for index in _likeliest(logits, count))
    return Choice(token, float(logits[token]) - norm, top)


def _likeliest(logits: Logits, count: int) -> list[int]:
    """Find the likeliest tokens, in order."""
    if count > _FEW:
        found = numpy.argpartition(logits, -count)[-count:]
        return [int(index) for index in found[numpy.argsort(-logits[found], kind="stable")]]
    left, likeliest = logits.copy(), list[int]()
    for _ in range(count):
        likeliest.append(int(numpy.argmax(left)))
        left[likeliest[-1]] = -numpy.inf
    return likeliest

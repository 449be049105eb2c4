"""Choosing a token: greedy, masked, by a chain, held to a grammar."""

import math

import numpy
import pytest

from andiron_models.errors import InvalidRequestError
from andiron_models.types import Sampling
from andiron_models.worker.sampling import Candidates, Logits, TokenSampler, candidates_of, log_softmax

LOGITS: Logits = numpy.array([0.5, 3.0, 1.0, 2.0], dtype=numpy.float32)


class LastOfAll:
    """A chain that always takes the least likely candidate."""

    def __init__(self) -> None:
        self.accepted: list[int] = []
        self.offered: list[int] = []

    def choose(self, candidates: Candidates) -> int:
        self.offered = candidates["id"].tolist()
        candidates.sort(order="logit")
        return int(candidates["id"][0])

    def accept(self, token: int) -> None:
        self.accepted.append(token)


class Only:
    """A grammar that allows the tokens it was given, and counts how often it looked at the whole vocabulary."""

    def __init__(self, *tokens: int) -> None:
        self._tokens = tokens
        self.accepted: list[int] = []
        self.looks: list[int] = []

    def apply(self, candidates: Candidates) -> None:
        self.looks.append(len(candidates))
        candidates["logit"][~numpy.isin(candidates["id"], self._tokens)] = -math.inf

    def accept(self, token: int) -> None:
        assert token in self._tokens
        self.accepted.append(token)


def _ids(*tokens: int) -> numpy.typing.NDArray[numpy.int32]:
    return numpy.array(tokens, dtype=numpy.int32)


def test_greedy_takes_the_likeliest() -> None:
    assert TokenSampler(Sampling()).choose(LOGITS).token == 1


def test_greedy_among_some_takes_the_likeliest_of_them() -> None:
    assert TokenSampler(Sampling()).choose(LOGITS, _ids(0, 2)).token == 2


def test_a_chain_chooses_among_all_and_notes_what_it_chose() -> None:
    chain = LastOfAll()
    assert TokenSampler(Sampling(), chain).choose(LOGITS).token == 0
    assert chain.offered == [0, 1, 2, 3]
    assert chain.accepted == [0]


def test_a_chain_is_offered_only_what_is_allowed() -> None:
    chain = LastOfAll()
    assert TokenSampler(Sampling(), chain).choose(LOGITS, _ids(3, 2)).token == 2
    assert chain.offered == [3, 2]


def test_a_grammar_that_agrees_is_asked_about_one_token_only() -> None:
    grammar = Only(1, 2)
    assert TokenSampler(Sampling(), None, grammar).choose(LOGITS).token == 1
    assert grammar.looks == [1]
    assert grammar.accepted == [1]


def test_a_grammar_that_disagrees_gives_the_likeliest_it_allows() -> None:
    grammar = Only(0, 3)
    assert TokenSampler(Sampling(), None, grammar).choose(LOGITS).token == 3
    assert grammar.looks == [1, 4]
    assert grammar.accepted == [3]


def test_a_chain_chooses_among_what_the_grammar_allows() -> None:
    chain, grammar = LastOfAll(), Only(1, 3)
    assert TokenSampler(Sampling(), chain, grammar).choose(LOGITS).token == 3
    assert sorted(chain.offered) == [1, 3]
    assert chain.accepted == grammar.accepted == [3]


def test_a_grammar_that_allows_nothing_is_an_error_and_nothing_is_accepted() -> None:
    chain, grammar = LastOfAll(), Only()
    with pytest.raises(InvalidRequestError, match="grammar") as caught:
        TokenSampler(Sampling(), chain, grammar).choose(LOGITS)
    assert caught.value.hint
    assert chain.accepted == grammar.accepted == []


def test_a_grammar_and_a_mask_that_exclude_each_other_are_an_error() -> None:
    with pytest.raises(InvalidRequestError):
        TokenSampler(Sampling(), None, Only(1)).choose(LOGITS, _ids(2, 3))


def test_the_models_logits_are_left_alone() -> None:
    before = LOGITS.copy()
    TokenSampler(Sampling(), LastOfAll(), Only(2)).choose(LOGITS)
    assert (before == LOGITS).all()


def test_log_probabilities_are_given_where_asked() -> None:
    choice = TokenSampler(Sampling(logprobs=2)).choose(LOGITS)
    total = sum(math.exp(value) for value in LOGITS)
    assert choice.logprob == pytest.approx(math.log(math.exp(3.0) / total))
    assert [token for token, _ in choice.top] == [1, 3]
    assert choice.top[0][1] == choice.logprob


def test_only_the_chosen_ones_probability_is_given_for_zero_alternatives() -> None:
    choice = TokenSampler(Sampling(logprobs=0)).choose(LOGITS)
    assert choice.logprob is not None
    assert choice.top == ()


def test_probabilities_are_not_computed_where_not_asked() -> None:
    choice = TokenSampler(Sampling()).choose(LOGITS)
    assert (choice.logprob, choice.top) == (None, ())


def test_probabilities_sum_up_to_one_for_the_largest_logits() -> None:
    logits = numpy.array([1e4, -1e4, 1e4], dtype=numpy.float32)
    assert numpy.exp(log_softmax(logits)).sum() == pytest.approx(1.0)


def test_candidates_have_the_layout_llama_cpp_reads() -> None:
    candidates = candidates_of(LOGITS, _ids(2, 0))
    assert candidates.dtype.itemsize == 12
    assert candidates["id"].tolist() == [2, 0]
    assert candidates["logit"].tolist() == [1.0, 0.5]

import math

import msgspec
import pytest

from andiron_models.errors import InvalidRequestError
from andiron_models.types import ChatRequest, Delta, Finish, Message, Sampling, Timings, Usage, check_sampling

BAD_VALUES = [
    ("temperature", -0.1),
    ("temperature", 10.1),
    ("temperature", math.nan),
    ("temperature", math.inf),
    ("top_k", -1),
    ("top_k", 1_000_001),
    ("top_p", -0.01),
    ("top_p", 1.01),
    ("min_p", -1.0),
    ("min_p", 2.0),
    ("repeat_penalty", 0.0),
    ("repeat_penalty", 10.5),
    ("frequency_penalty", -11.0),
    ("frequency_penalty", math.nan),
    ("presence_penalty", 11.0),
    ("seed", -1),
    ("seed", 2**32),
    ("logprobs", -1),
    ("logprobs", 21),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_sampling(msgspec.structs.replace(Sampling(), **{name: value}))
    assert name in caught.value.message
    assert str(value) in caught.value.message
    assert caught.value.details["field"] == name


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=10.0, top_p=0.0, min_p=1.0, seed=0, logprobs=20),
        Sampling(temperature=0.0, top_k=1, seed=2**32 - 2, stop=("\n",)),
        Sampling(logit_bias={0: -100.0, 7: 100.0}),
        Sampling(grammar='root ::= "a"'),
        Sampling(json_schema={"type": "object"}),
    ],
)
def test_values_at_the_edge_are_taken(sampling: Sampling) -> None:
    check_sampling(sampling)


@pytest.mark.parametrize("bias", [-100.5, 101.0, math.nan])
def test_a_bias_out_of_range_is_refused_with_its_token(bias: float) -> None:
    with pytest.raises(InvalidRequestError, match="logit_bias of 7 is") as caught:
        check_sampling(Sampling(logit_bias={7: bias}))
    assert caught.value.details["field"] == "logit_bias"


def test_a_grammar_beside_a_schema_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="grammar and json_schema"):
        check_sampling(Sampling(grammar='root ::= "a"', json_schema={}))


def test_an_empty_stop_string_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="stop string is empty"):
        check_sampling(Sampling(stop=("\n", "")))


def test_requests_and_deltas_survive_the_wire() -> None:
    request = ChatRequest(
        messages=(Message(role="user", content="é 你"),), sampling=Sampling(stop=("a",)), max_tokens=0
    )
    delta = Delta(backend="local", model="m", finish=Finish(reason="stop", usage=Usage(), timings=Timings()))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=ChatRequest) == request
    assert msgspec.json.decode(msgspec.json.encode(delta), type=Delta) == delta

"""llama.cpp's samplers and grammars, with a small real model."""

import json
import math
from typing import Any

import pytest

from andiron_models.errors import InvalidRequestError
from andiron_models.types import Sampling
from andiron_testing.model_room import ModelRoom

pytestmark = pytest.mark.model

PLACE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "width": {"type": "integer"},
        "size": {"enum": ["small", "large", None]},
        "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2},
    },
    "required": ["width", "size", "tags"],
    "additionalProperties": False,
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "object": PLACE,
    "optional": {"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"type": "integer"}}},
    "array": {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3},
    "union": {"anyOf": [{"type": "null"}, {"const": {"x": [1, "é"]}}, {"type": "integer"}]},
    "reference": {"$defs": {"flag": {"type": "boolean"}}, "type": "array", "minItems": 1, "maxItems": 2,
                  "items": {"$ref": "#/$defs/flag"}},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{1,3}$"},
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_answer_by_a_schema_always_parses(room: ModelRoom, name: str) -> None:
    jobs = [
        room.infill(
            "Answer in JSON:\n",
            max_tokens=100,
            sampling=Sampling(temperature=1.0, seed=seed, json_schema=SCHEMAS[name]),
        )
        for seed in range(4)
    ]
    room.until_over(*jobs)
    for job in jobs:
        assert room.told.finish(job).reason == "stop"
        value = json.loads(room.told.text(job))
        if name == "object":
            assert set(value) == {"width", "size", "tags"}
            assert value["size"] in ("small", "large", None)


def test_a_schema_holds_greedily_too_and_at_any_heat(room: ModelRoom) -> None:
    for sampling in (Sampling(json_schema=PLACE), Sampling(json_schema=PLACE, temperature=5.0, seed=1, top_k=5)):
        job = room.infill("A town in JSON:\n", max_tokens=100, sampling=sampling)
        assert set(json.loads(room.answer(job))) == set(PLACE["required"])


def test_a_grammar_is_kept_to_the_letter(room: ModelRoom) -> None:
    grammar = 'root ::= ("yes" | "no") ", " [0-9] [0-9]'
    answer = room.answer(room.infill("Is it? ", max_tokens=20, sampling=Sampling(grammar=grammar)))
    assert answer[:-2] in {"yes, ", "no, "}
    assert answer[-2:].isdigit()


def test_a_grammar_holds_for_an_infill_whatever_is_half_typed(room: ModelRoom) -> None:
    sampling = Sampling(grammar='root ::= "41" | "42"')
    assert room.answer(room.infill("answer = tr", max_tokens=5, sampling=sampling)) in {"41", "42"}


def test_a_grammar_of_nothing_is_answered_with_nothing(room: ModelRoom) -> None:
    assert room.answer(room.infill("Well?", sampling=Sampling(grammar='root ::= ""'))) == ""


def test_a_grammar_the_model_cannot_follow_fails_alone(room: ModelRoom) -> None:
    stuck = room.infill("Well?", sampling=Sampling(grammar='root ::= "ok" [\x04]'))
    other = room.infill("Name a fruit:\n", max_tokens=3)
    room.until_over(stuck, other)
    error = room.told.error(stuck)
    assert isinstance(error, InvalidRequestError)
    assert error.hint
    assert room.told.finish(other).usage.completion_tokens > 0


@pytest.mark.parametrize(
    "grammar",
    ["", "root", 'root ::= "a', 'other ::= "a"', 'root ::= root "a"', "root ::= missing", "root ::= [", "(" * 50_000],
)
def test_a_grammar_that_is_none_is_refused(room: ModelRoom, grammar: str) -> None:
    error = room.told.error(room.infill("Well?", sampling=Sampling(grammar=grammar)))
    assert isinstance(error, InvalidRequestError)
    assert error.hint


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/missing"},
        {"type": "object", "properties": 5},
        {"enum": 5},
        {"enum": []},
        {"type": "string", "pattern": "not anchored"},
        {"type": "string", "maxLength": 10**9},
        {"not": {}},
    ],
)
def test_a_schema_that_is_none_is_refused(room: ModelRoom, schema: dict[str, Any]) -> None:
    error = room.told.error(room.infill("Well?", sampling=Sampling(json_schema=schema)))
    assert isinstance(error, InvalidRequestError)
    assert error.hint


def test_a_grammar_and_a_schema_together_are_refused(room: ModelRoom) -> None:
    sampling = Sampling(grammar='root ::= "a"', json_schema={})
    assert room.told.error(room.infill("Well?", sampling=sampling)).code == "invalid_request"


def test_a_seed_gives_the_same_answer_again_and_another_another(room: ModelRoom) -> None:
    def answer(seed: int) -> str:
        sampling = Sampling(temperature=1.5, seed=seed)
        return room.answer(room.infill("Once upon a time\n", max_tokens=6, sampling=sampling))

    answers = [answer(1), answer(1), answer(2), answer(3)]
    assert answers[0] == answers[1]
    assert len(set(answers)) > 1


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.7, top_k=5, seed=1),
        Sampling(temperature=0.7, top_p=0.5, seed=1),
        Sampling(temperature=0.7, min_p=0.2, seed=1),
        Sampling(temperature=10.0, top_k=1, seed=1),
        Sampling(frequency_penalty=10.0),
        Sampling(presence_penalty=-10.0),
        Sampling(temperature=2.0, top_k=1_000_000, top_p=0.0, min_p=1.0, repeat_penalty=10.0, seed=2**32 - 2),
    ],
)
def test_every_sampler_gives_an_answer(room: ModelRoom, sampling: Sampling) -> None:
    job = room.infill("Once upon a time\n", max_tokens=2, sampling=sampling)
    room.until_over(job)
    assert room.told.finish(job).usage.completion_tokens == 2


def test_the_likeliest_only_is_the_greedy_answer(room: ModelRoom) -> None:
    greedy = room.answer(room.infill("Once upon a time\n", max_tokens=5))
    hot = Sampling(temperature=9.0, top_k=1, seed=3)
    assert room.answer(room.infill("Once upon a time\n", max_tokens=5, sampling=hot)) == greedy


def test_penalties_end_repetition(room: ModelRoom) -> None:
    def different_words(sampling: Sampling) -> int:
        return len(set(room.answer(room.infill("na na na na na na na na na na", sampling=sampling)).split()))

    assert different_words(Sampling(frequency_penalty=5.0)) > different_words(Sampling())


def test_probabilities_come_with_the_tokens_where_asked(room: ModelRoom) -> None:
    job = room.infill("Once upon a time\n", max_tokens=5, sampling=Sampling(logprobs=3))
    answer = room.answer(job)
    logprobs = room.told.logprobs(job)
    assert "".join(entry.token for entry in logprobs) == answer
    for entry in logprobs:
        assert entry.top[0] == (entry.token, entry.logprob)
        assert [value for _, value in entry.top] == sorted((value for _, value in entry.top), reverse=True)
        assert 0 < sum(math.exp(value) for _, value in entry.top) <= 1.0001


def test_nobody_pays_for_probabilities_nobody_asked_for(room: ModelRoom) -> None:
    job = room.infill("Once upon a time\n", max_tokens=2)
    room.until_over(job)
    assert room.told.logprobs(job) == []


def test_a_stop_string_ends_an_answer_of_a_real_model_before_it(room: ModelRoom) -> None:
    plain = room.answer(room.infill("Once upon a time\n", max_tokens=8))
    stop = plain[6:10]
    job = room.infill("Once upon a time\n", max_tokens=8, sampling=Sampling(stop=(stop,)))
    assert room.answer(job) == plain[: plain.index(stop)]
    assert room.told.finish(job).reason == "stop"


def test_a_text_beyond_ascii_comes_whole(room: ModelRoom) -> None:
    sampling = Sampling(grammar='root ::= "日本語 🙂 é" [あ-ん]{4}')
    job = room.infill("Say something:\n", max_tokens=60, sampling=sampling)
    answer = room.answer(job)
    assert answer.startswith("日本語 🙂 é")
    assert len(answer) == len("日本語 🙂 é") + 4
    assert "\ufffd" not in answer


TEXTS: dict[str, dict[str, Any]] = {
    "free": {"type": "string", "maxLength": 30},
    "list": {"type": "array", "items": {"type": "string", "maxLength": 8}, "minItems": 2, "maxItems": 3},
    "constant": {"const": {'a "quoted" key': ['é\n"\\', None]}},
    "choice": {"enum": ['a"b', "c\\d", "line\nbreak", "tab\t日本"]},
    "any character": {"type": "string", "pattern": "^a.{1,4}[^b]$"},
    "odd key": {"type": "object", "properties": {'k"é\n': {"type": "boolean"}}, "required": ['k"é\n']},
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_in_an_answer_by_a_schema_needs_no_mending(room: ModelRoom, name: str) -> None:
    schema = TEXTS[name]
    for seed in range(3):
        sampling = Sampling(temperature=1.5, seed=seed, json_schema=schema)
        value = json.loads(room.answer(room.infill("Write a poem in JSON:\n", max_tokens=120, sampling=sampling)))
        assert value in schema.get("enum", [schema.get("const", value)])


@pytest.mark.parametrize("pattern", ['^a"b$', r"^a\\b$", "^*$", "^[a$"])
def test_a_pattern_that_cannot_be_kept_to_is_refused(room: ModelRoom, pattern: str) -> None:
    sampling = Sampling(json_schema={"type": "string", "pattern": pattern})
    assert room.told.error(room.infill("Well?", sampling=sampling)).code == "invalid_request"

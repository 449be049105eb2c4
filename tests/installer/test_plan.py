from pathlib import Path
from typing import get_args

import pytest

from andiron_installer.bootstrap.environment import State
from andiron_installer.bootstrap.offers import Offer
from andiron_installer.bootstrap.plan import Wish, engine_line, needs, outline

HERE = Path("checkout")


def names(state: State, wish: Wish) -> list[str]:
    return [name for name, _ in outline(state, wish, HERE)]


def test_a_bare_machine_gets_everything() -> None:
    assert names("missing", Wish()) == ["environment", "engine", "packages", "model", "daemon"]


def test_what_was_not_wished_for_is_not_planned() -> None:
    assert names("ready", Wish(with_model=False, start=False)) == ["environment"]


def test_a_chosen_model_is_named() -> None:
    assert ("model", "smollm2-135m") in outline("ready", Wish(model="smollm2-135m"), HERE)


def test_an_environment_in_place_needs_no_room() -> None:
    assert needs("ready", Wish(), HERE, HERE, HERE) == []


@pytest.mark.parametrize("state", ["missing", "unfinished", "foreign"])
def test_a_new_environment_needs_room_to_build_the_engine(state: State) -> None:
    assert [need.what for need in needs(state, Wish(), HERE, HERE, HERE)] == [
        "the environment",
        "building the engine",
        "the model",
    ]


def test_tests_need_more_room_and_no_model() -> None:
    (with_tests, _) = needs("missing", Wish(extras=("test",), with_model=False), HERE, HERE, HERE)
    (without, _) = needs("missing", Wish(with_model=False), HERE, HERE, HERE)
    assert with_tests.size_bytes > without.size_bytes


@pytest.mark.parametrize("offer", get_args(Offer))
def test_every_origin_of_the_engine_can_be_told(offer: Offer) -> None:
    assert engine_line(offer, cores=2).startswith("llama.cpp, ")


def test_more_cores_promise_a_shorter_build_but_never_none() -> None:
    assert "about 6 min on 2 cores" in engine_line("source", cores=2)
    assert "about 1 min on 64 cores" in engine_line("source", cores=64)

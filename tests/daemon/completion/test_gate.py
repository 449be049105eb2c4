"""Nothing rather than noise."""

import pytest

from andiron_daemon.completion.gate import refusal
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_models.types import TokenLogprob
from andiron_testing.gaps import gap_at


@pytest.mark.parametrize(
    ("text", "written", "reason"),
    [
        ("x = █\n", "1", None),
        ("x = █\n", "", "no_confidence"),
        ("x = █\n", " \n ", "no_confidence"),
        ("print(a)\n█\n", "print(a)", "no_confidence"),
        ("f(█)\n", ")", "duplicates_suffix"),
        ("f(a█\n", ")", None),
    ],
)
def test_the_text_alone_may_speak_against_it(text: str, written: str, reason: str | None) -> None:
    assert refusal(written, gap_at(text), CompletionPolicy()) == reason


@pytest.mark.parametrize(("logprob", "reason"), [(-3.0, "no_confidence"), (-0.1, None)])
def test_a_model_that_guesses_is_not_shown(logprob: float, reason: str | None) -> None:
    policy = CompletionPolicy(least_mean_logprob=-1.0)
    tokens = [TokenLogprob(token="a", logprob=logprob)] * 3
    assert refusal("abc", gap_at("x = █\n"), policy, tokens) == reason
    assert refusal("abc", gap_at("x = █\n"), CompletionPolicy(), tokens) is None


def test_what_is_too_short_is_not_worth_it_unless_it_ends_the_line() -> None:
    policy = CompletionPolicy(least_characters=3)
    assert refusal("ab", gap_at("x = █\n"), policy) == "not_worthwhile"
    assert refusal(")", gap_at("f(a█\n"), policy) is None

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


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        (["a", "b", "c"], None),
        (["a", "b", "c", "d"], "no_confidence"),
        (["a", "b", "\n", "d", "e"], None),
        (["\n", "b", "c", "d"], "no_confidence"),
        ([], None),
    ],
)
def test_a_first_line_with_little_chance_is_not_shown(tokens: list[str], reason: str | None) -> None:
    policy = CompletionPolicy(least_line_logprob=-3.5)
    told = [TokenLogprob(token=token, logprob=-1.0) for token in tokens]
    assert refusal("abc", gap_at("x = █\n"), policy, told) == reason
    assert refusal("abc", gap_at("x = █\n"), CompletionPolicy(least_line_logprob=None), told) is None


def test_what_is_too_short_is_not_worth_it_unless_it_ends_the_line() -> None:
    policy = CompletionPolicy(least_characters=3)
    assert refusal("ab", gap_at("x = █\n"), policy) == "not_worthwhile"
    assert refusal(")", gap_at("f(a█\n"), policy) is None

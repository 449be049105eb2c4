"""Budgets follow the machine and the time a person should wait."""

import pytest

from andiron_daemon.completion.budget import budgets_for
from andiron_daemon.completion.policy import CompletionPolicy

POLICY = CompletionPolicy(
    cold_target_ms=600, least_prefix_tokens=256, least_suffix_tokens=64, warm_seconds=6, most_window_tokens=3000
)


@pytest.mark.parametrize(
    ("speed", "small", "large"),
    [
        (50.0, 320, 320),
        (150.0, 320, 900),
        (1000.0, 600, 3000),
        (20000.0, 12000, 12000),
    ],
)
def test_a_faster_machine_is_given_more(speed: float, small: int, large: int) -> None:
    budgets = budgets_for(POLICY, speed)
    assert (budgets.small.tokens, budgets.large.tokens) == (small, large)
    assert budgets.small.context == 0 or small == large
    assert budgets.unnoticed_tokens == int(speed * 0.15)


def test_the_large_window_has_room_for_every_part() -> None:
    large = budgets_for(POLICY, 150.0).large
    assert (large.prefix, large.suffix, large.context) == (405, 270, 225)


def test_a_backend_that_tells_no_speed_has_one_window() -> None:
    budgets = budgets_for(POLICY, None)
    assert budgets.small == budgets.large
    assert budgets.large.tokens == POLICY.remote_window_tokens


def test_one_stage_means_the_large_window_at_once() -> None:
    budgets = budgets_for(CompletionPolicy(two_stage=False), 150.0)
    assert budgets.small == budgets.large

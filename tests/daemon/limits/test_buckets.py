"""How often a client may ask, and for how much at once."""

import pytest

from andiron_daemon.limits.buckets import BURST_SECONDS, Buckets
from andiron_daemon.limits.turnstile import Turnstile
from andiron_models.errors import RateLimitedError


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_then_the_rate_holds() -> None:
    clock = _Clock()
    buckets = Buckets(2, clock=clock)
    assert [buckets.take("a") for _ in range(int(2 * BURST_SECONDS))] == [0.0] * int(2 * BURST_SECONDS)
    assert buckets.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0


def test_who_was_away_for_long_has_saved_up_no_more_than_a_burst() -> None:
    clock = _Clock()
    buckets = Buckets(2, clock=clock)
    buckets.take("a")
    clock.now += 3600
    assert [buckets.take("a") for _ in range(int(2 * BURST_SECONDS))] == [0.0] * int(2 * BURST_SECONDS)
    assert buckets.take("a") > 0


def test_each_client_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(0.1, clock=_Clock())
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0.0


def test_no_rate_is_no_limit() -> None:
    buckets = Buckets(0)
    assert not any(buckets.take("a") for _ in range(10_000))


def test_many_names_cannot_fill_the_memory() -> None:
    clock = _Clock()
    buckets = Buckets(1, clock=clock)
    for number in range(10_000):
        clock.now += 0.001
        buckets.take(number)
    assert buckets.clients <= 1024


def test_a_refusal_says_which_limit_and_when_to_come_again() -> None:
    turnstile = Turnstile({"completions": 1, "generations": 1, "requests": 1}, 1, clock=_Clock())
    for _ in range(10):
        turnstile.admit("a", "generations")
    with pytest.raises(RateLimitedError) as refused:
        turnstile.admit("a", "generations")
    assert refused.value.details["retry_after_seconds"] == 1.0
    assert "ANDIRON_RATE_GENERATIONS" in (refused.value.hint or "")
    turnstile.admit("a", "completions")
    assert turnstile.status().refused == {"generations": 1}


def test_a_place_is_given_back_however_the_work_ends() -> None:
    turnstile = Turnstile({"completions": 0, "generations": 0, "requests": 0}, 1)
    with turnstile.under_way("a"):
        with pytest.raises(RateLimitedError, match="under way"), turnstile.under_way("a"):
            pass
        with turnstile.under_way("b"):
            assert turnstile.status().under_way == 2
    with pytest.raises(ValueError, match="broken"), turnstile.under_way("a"):
        raise ValueError("broken")
    with turnstile.under_way("a"):
        pass
    assert turnstile.status().under_way == 0

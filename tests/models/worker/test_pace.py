"""The learned curve from batch size to time."""

import random
from collections.abc import Callable

import pytest

from andiron_models.worker.pace import Pace
from andiron_testing.fake_engine import two_cores


def _taught(milliseconds: Callable[[int], float], sizes: list[int]) -> Pace:
    pace = Pace()
    for size in sizes:
        pace.record(size, milliseconds(size))
    return pace


def test_before_any_reading_a_slow_machine_is_assumed() -> None:
    pace = Pace()
    assert pace.milliseconds(16) > 100
    assert pace.tokens_within(100, 512) == 8


def test_readings_are_given_back() -> None:
    pace = _taught(two_cores, [1, 16, 64])
    for size in (1, 16, 64):
        assert pace.milliseconds(size) == pytest.approx(two_cores(size))


def test_between_two_readings_the_curve_is_a_line() -> None:
    pace = Pace()
    pace.record(16, 100.0)
    pace.record(32, 200.0)
    assert pace.milliseconds(24) == pytest.approx(150.0)


def test_beyond_the_largest_reading_time_grows_with_size() -> None:
    assert _taught(two_cores, [1, 64]).milliseconds(128) == pytest.approx(2 * two_cores(64))


@pytest.mark.parametrize("machine", [two_cores, lambda n: 5 + 0.5 * n, lambda n: 100 + 20 * n, lambda n: 10.0 * n])
def test_any_mix_of_sizes_teaches_the_machines_own_curve(machine: Callable[[int], float]) -> None:
    chance = random.Random(1)
    sizes = [1, 1, 16, 64] + [chance.randint(1, 100) for _ in range(300)]
    pace = _taught(machine, sizes)
    for size in range(1, 100):
        assert pace.milliseconds(size) == pytest.approx(machine(size), rel=0.2)


def test_a_machine_that_slows_down_is_noticed() -> None:
    pace = _taught(two_cores, [16])
    for _ in range(10):
        pace.record(16, 3 * two_cores(16))
    assert pace.milliseconds(16) > 2.5 * two_cores(16)


def test_one_odd_reading_changes_little() -> None:
    pace = _taught(two_cores, [16] * 5)
    pace.record(16, 2 * two_cores(16))
    assert pace.milliseconds(16) < 1.3 * two_cores(16)


@pytest.mark.parametrize("budget", [100.0, 150.0, 400.0, 1000.0])
def test_as_many_tokens_as_fit_the_time(budget: float) -> None:
    pace = _taught(two_cores, [1, 2, 4, 8, 16, 32, 64, 128, 256])
    tokens = pace.tokens_within(budget, 512)
    assert pace.milliseconds(tokens) <= budget < pace.milliseconds(tokens + 1)


def test_never_more_than_the_limit() -> None:
    pace = _taught(lambda n: 0.001 * n, [1, 512])
    assert pace.tokens_within(100, 300) == 300
    assert pace.tokens_within(100, 3) == 3


def test_throughput_is_tokens_over_time() -> None:
    assert _taught(lambda n: 10.0 * n, [1, 64]).tokens_per_second(64) == pytest.approx(100.0)


def test_sizes_beyond_the_largest_known_are_learned_too() -> None:
    pace = _taught(lambda n: 10.0 * n, [1, 2048])
    pace.record(5000, 50_000.0)
    assert pace.milliseconds(2048) == pytest.approx(20_480.0)


def test_a_machine_that_was_slow_once_is_not_taken_for_infinitely_fast() -> None:
    pace = Pace()
    pace.record(32, 1000.0)
    pace.record(64, 1100.0)
    for _ in range(5000):
        pace.record(49, 100.0)
    assert 100.0 <= pace.milliseconds(64) <= 100.0 * 64 / 49


def test_a_batch_that_took_no_time_at_all_does_no_harm() -> None:
    pace = Pace()
    for _ in range(100):
        pace.record(16, 0.0)
    pace.record(16, 100.0)
    assert 0 < pace.milliseconds(16) <= 100.0

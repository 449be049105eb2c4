"""Measuring an engine: speeds, loss, and an engine left as it was."""

import pytest

from andiron_models.errors import InvalidRequestError, ModelError
from andiron_models.worker.measure import calibrate, measure
from andiron_models.worker.pace import Pace
from andiron_testing.fake_engine import FakeEngine, scripted, two_cores

TEXT = list(b"a text to be predicted, token by token")


def test_a_new_pace_learns_its_first_readings() -> None:
    engine, pace = FakeEngine(), Pace()
    calibrate(engine, pace, engine.clock)
    for size in (1, 16, 64):
        assert pace.milliseconds(size) == pytest.approx(two_cores(size))


def test_speeds_are_those_of_the_machine() -> None:
    engine = FakeEngine(batch_limit=512)
    measured = measure(engine, TEXT, 5, engine.clock)
    assert measured.id == 5
    assert list(measured.slices) == [16, 32, 64, 128, 256]
    assert measured.slices[16] == pytest.approx(16_000 / two_cores(16))
    assert measured.prompt_tokens_per_second == max(measured.slices.values())
    assert measured.generate_tokens_per_second == pytest.approx(1000 / two_cores(1))


def test_slices_the_engine_cannot_take_are_left_out() -> None:
    engine = FakeEngine(batch_limit=40)
    assert list(measure(engine, TEXT, 1, engine.clock).slices) == [16, 32]


def test_a_text_the_model_foresees_has_less_loss() -> None:
    foreseeing, surprised = FakeEngine(rule=scripted(bytes(TEXT).decode(), 0)), FakeEngine()
    losses = [measure(engine, TEXT, 1, engine.clock).mean_loss for engine in (foreseeing, surprised)]
    assert 0 < losses[0] < 0.1
    assert losses[1] > 5


def test_nothing_is_left_in_the_engine() -> None:
    engine = FakeEngine()
    measure(engine, TEXT, 1, engine.clock)
    calibrate(engine, Pace(), engine.clock)
    assert engine.cells_used == 0


def test_an_interrupt_that_came_late_for_another_does_no_harm() -> None:
    undisturbed, disturbed = FakeEngine(), FakeEngine()
    disturbed.interrupt_next(3)
    expected = measure(undisturbed, TEXT, 1, undisturbed.clock)
    assert measure(disturbed, TEXT, 1, disturbed.clock).mean_loss == expected.mean_loss
    assert disturbed.interrupted


@pytest.mark.parametrize("tokens", [[], [65]])
def test_a_text_too_short_to_predict_is_refused(tokens: list[int]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        measure(FakeEngine(), tokens, 1, lambda: 0.0)
    assert caught.value.hint


def test_an_engine_error_is_passed_on() -> None:
    engine = FakeEngine()
    engine.fail_next(ModelError("tripped"))
    with pytest.raises(ModelError, match="tripped"):
        measure(engine, TEXT, 1, engine.clock)


def test_tokens_to_measure_with_are_of_the_vocabulary() -> None:
    engine = FakeEngine(rule=lambda tokens: 0)
    measure(engine, TEXT, 1, engine.clock)
    assert all(entry.token < len(engine.vocabulary.pieces) for batch in engine.batches for entry in batch)

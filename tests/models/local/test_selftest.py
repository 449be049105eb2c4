import pytest

from andiron_models.local.selftest import PROBES, judge
from andiron_models.types import Priority


@pytest.mark.parametrize(
    ("answers", "passed"),
    [
        (["a + b", "sum", ".length"], True),
        (["b+a", " sum", "]"], True),
        (["a + b", "sum(numbers)", ".length; i++) {"], False),  # what plain continuation answers
        (["", "", ""], False),
        (["<|fim_pad|>", "def", "a + b"], False),
    ],
)
def test_two_gaps_of_three_must_be_filled_rightly(answers: list[str], passed: bool) -> None:
    verdict = judge(answers)
    assert verdict.passed is passed
    assert repr(answers[0]) in verdict.detail


def test_the_probes_wait_for_everything_else() -> None:
    assert {probe.request().priority for probe in PROBES} == {Priority.BACKGROUND}

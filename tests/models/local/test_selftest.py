import pytest

from andiron_models.local.selftest import PROBES, judge
from andiron_models.types import Priority


@pytest.mark.parametrize(
    ("answers", "passed"),
    [
        (["area", "math", "Dog"], True),
        (["area(width, height):", " os", "Dog:"], True),
        (["main():", "os", "Dog:"], False),  # what plain continuation answers
        (["areas", "maths", "Dogs"], False),
        (["", "", ""], False),
        (["<|fim_pad|>", "math", "  "], False),
    ],
)
def test_two_gaps_of_three_must_be_filled_rightly(answers: list[str], passed: bool) -> None:
    verdict = judge(answers)
    assert verdict.passed is passed
    assert repr(answers[0]) in verdict.detail


def test_the_probes_wait_for_everything_else() -> None:
    assert {probe.request().priority for probe in PROBES} == {Priority.BACKGROUND}

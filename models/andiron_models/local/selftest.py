"""Whether a model can really fill gaps: a few small ones with known answers.

That a model's vocabulary has infill tokens proves nothing: some families carry them untrained. A model that
fails is used by plain continuation, and its status says so.
"""

from collections.abc import Callable

import msgspec

from andiron_models.types import InfillRequest, Priority

_NEEDED = 2


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A gap, and what its filling must come to."""

    prefix: str
    suffix: str
    accepts: Callable[[str], bool]

    def request(self) -> InfillRequest:
        """Make the request."""
        return InfillRequest(
            prefix=self.prefix, suffix=self.suffix, max_tokens=8, single_line=True, priority=Priority.BACKGROUND
        )


PROBES = (
    Probe(
        prefix="def add(a, b):\n    return ",
        suffix="\n\n\nprint(add(2, 3))\n",
        accepts=lambda text: text.replace(" ", "") in ("a+b", "b+a"),
    ),
    Probe(
        prefix="numbers = [1, 2, 3]\ntotal = ",
        suffix="(numbers)\nprint(total)  # 6\n",
        accepts=lambda text: text.strip() == "sum",
    ),
    Probe(
        prefix="for (let i = 0; i < items",
        suffix="; i++) {\n  console.log(items[i]);\n}\n",
        accepts=lambda text: text.strip() == ".length",
    ),
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome; `detail` shows what was answered."""

    passed: bool
    detail: str


def judge(answers: list[str]) -> Verdict:
    """Compare the answers with the probes, in order."""
    right = sum(probe.accepts(answer) for probe, answer in zip(PROBES, answers, strict=True))
    shown = ", ".join(repr(answer) for answer in answers)
    return Verdict(passed=right >= _NEEDED, detail=f"{right} of {len(PROBES)} gaps filled rightly: {shown}")

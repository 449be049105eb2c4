"""Whether a model can really fill gaps: a few small ones whose answer stands behind the cursor only.

That a model's vocabulary has infill tokens proves nothing: some families carry them untrained, and continuing
the text is often right by luck. Here only what follows the gap tells the name that belongs into it. A model
that fails is used by plain continuation, and its status says so.
"""

import re

import msgspec

from andiron_models.types import InfillRequest, Priority

_NEEDED = 2
_NAME = re.compile(r"\w+")


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A gap, and the name its filling must begin with."""

    prefix: str
    suffix: str
    name: str

    def request(self) -> InfillRequest:
        """Make the request."""
        return InfillRequest(
            prefix=self.prefix, suffix=self.suffix, max_tokens=6, single_line=True, priority=Priority.BACKGROUND
        )

    def accepts(self, answer: str) -> bool:
        """Tell whether an answer begins with the name."""
        first = _NAME.search(answer)
        return first is not None and first[0] == self.name


PROBES = (
    Probe(
        prefix="def ",
        suffix="(width, height):\n    return width * height\n\n\nprint(area(3, 4))\n",
        name="area",
    ),
    Probe(prefix="import ", suffix="\n\nprint(math.sqrt(16))\nprint(math.pi)\n", name="math"),
    Probe(prefix="class ", suffix=":\n    pass\n\n\nrex = Dog()\n", name="Dog"),
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

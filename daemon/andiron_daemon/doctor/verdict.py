"""One line of the doctor's report, and the report as a whole."""

import platform
import sys
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from andiron_daemon import __version__

Verdict = Literal["ok", "warn", "fail"]
# What the command ends with; a warning is not a failure.
_GRAVITY: tuple[Verdict, ...] = ("ok", "warn", "fail")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, what was found, and what to do about it."""

    name: str
    verdict: Verdict
    said: str
    hint: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All checks, with what runs and where; nothing secret is in it."""

    version: str
    python: str
    system: str
    checks: tuple[Check, ...]

    @property
    def worst(self) -> Verdict:
        """The gravest verdict of all."""
        return max((check.verdict for check in self.checks), key=_GRAVITY.index, default="ok")


def report_of(checks: Sequence[Check], clean: Callable[[str], str]) -> Report:
    """Put checks together to a report that can be handed on; `clean` takes secrets and names out of each text."""
    return Report(
        version=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()} ({sys.platform})",
        checks=tuple(
            msgspec.structs.replace(check, said=clean(check.said), hint=clean(check.hint)) for check in checks
        ),
    )


def as_text(report: Report) -> str:
    """Write a report to be pasted somewhere."""
    lines = [f"Andiron {report.version}, Python {report.python}, {report.system}"]
    for check in report.checks:
        lines.append(f"{check.verdict:<4}  {check.name}: {check.said}")
        if check.hint:
            lines.append(f"      hint: {check.hint}")
    return "\n".join(lines) + "\n"

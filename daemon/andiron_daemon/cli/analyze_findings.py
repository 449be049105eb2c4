"""What there is to tell of a file: syntax errors and diagnostics as one sorted list."""

from typing import Literal

import msgspec

from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.cli.analyze_run import FileReport

SYNTAX = "syntax"
FailOn = Literal["error", "warning", "info", "never"]
_RANKS: dict[str, int] = {"error": 3, "warning": 2, "info": 1, "hint": 0}


class Totals(msgspec.Struct, kw_only=True):
    """Counted while results go by."""

    files: int = 0
    lines: int = 0
    findings: dict[str, int] = msgspec.field(default_factory=lambda: {"error": 0, "warning": 0, "info": 0, "hint": 0})
    skipped: dict[str, int] = msgspec.field(default_factory=dict)
    linters: dict[str, str] = msgspec.field(default_factory=dict)

    def count(self, report: FileReport) -> None:
        """Take note of one file."""
        if report.analysis is None:
            reason = report.skipped or ""
            self.skipped[reason] = self.skipped.get(reason, 0) + 1
            return
        self.files += 1
        self.lines += report.analysis.metrics.lines
        for finding in findings_of(report):
            self.findings[finding.severity] += 1
        for linter in report.analysis.linters:
            if not linter.ran and linter.reason:
                self.linters[linter.name] = linter.reason

    def fails(self, fail_on: FailOn) -> bool:
        """Tell whether something as bad as that was found."""
        if fail_on == "never":
            return False
        return any(count for severity, count in self.findings.items() if _is_as_bad(severity, fail_on))


def _is_as_bad(severity: str, as_what: str) -> bool:
    return _RANKS[severity] >= _RANKS[as_what]


def findings_of(report: FileReport) -> list[Diagnostic]:
    """List what is wrong with a file, in the order of its lines."""
    if report.analysis is None:
        return []
    errors = [
        Diagnostic(source=SYNTAX, rule="syntax-error", severity="error", message=error.message, range=error.range)
        for error in report.analysis.parse.errors
    ]
    return sorted([*errors, *report.analysis.diagnostics], key=_place)


def _place(finding: Diagnostic) -> tuple[int, int, int, int, str, str, str]:
    start, end = finding.range.start, finding.range.end
    return (start.line, start.character, end.line, end.character, finding.source, finding.rule, finding.message)

"""What `andiron analyze` found as SARIF 2.1.0, the format code hosts read: one run, a rule for each linter's rule.

Results are written as they come; what describes them comes behind, where SARIF allows it as well.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import click
import msgspec

from andiron_daemon import __version__
from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.cli.analyze_findings import Totals, findings_of
from andiron_daemon.cli.analyze_run import FileReport
from andiron_daemon.positions import Range

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note", "hint": "note"}


def write_sarif(reports: Iterable[FileReport], totals: Totals) -> None:
    """Print one log with one run."""
    rules: dict[str, dict[str, Any]] = {}
    skipped: list[dict[str, Any]] = []
    click.echo(f'{{"$schema":"{_SCHEMA}","version":"2.1.0","runs":[{{"results":[', nl=False)
    separator = "\n"
    for report in reports:
        totals.count(report)
        if report.analysis is None:
            skipped.append(_notification(report))
        for finding in findings_of(report):
            result = _result(report.path, finding, _rule_index(finding, rules))
            click.echo(separator + msgspec.json.encode(result).decode(), nl=False)
            separator = ",\n"
    rest = {
        "columnKind": "utf16CodeUnits",
        "tool": {"driver": {"name": "andiron", "version": __version__, "rules": list(rules.values())}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": skipped}],
    }
    click.echo("\n]," + msgspec.json.encode(rest).decode()[1:-1] + "}]}")


def _rule_index(finding: Diagnostic, rules: dict[str, dict[str, Any]]) -> int:
    identifier = f"{finding.source}/{finding.rule}"
    if identifier not in rules:
        rule: dict[str, Any] = {"id": identifier, "properties": {"linter": finding.source}}
        if finding.url is not None:
            rule["helpUri"] = finding.url
        rules[identifier] = rule
    return list(rules).index(identifier)


def _result(path: str, finding: Diagnostic, rule_index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": f"{finding.source}/{finding.rule}",
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message or finding.rule},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": _region(finding.range)}},
        ],
    }
    if finding.fix:
        replacements = [
            {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.new_text}} for edit in finding.fix
        ]
        change = {"artifactLocation": {"uri": _uri(path)}, "replacements": replacements}
        result["fixes"] = [{"artifactChanges": [change]}]
    return result


def _notification(report: FileReport) -> dict[str, Any]:
    return {
        "level": "note",
        "message": {"text": f"left out: {report.skipped}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(report.path)}}}],
    }


def _region(place: Range) -> dict[str, int]:
    return {
        "startLine": place.start.line + 1,
        "startColumn": place.start.character + 1,
        "endLine": place.end.line + 1,
        "endColumn": place.end.character + 1,
    }


def _uri(path: str) -> str:
    return ("file://" if path.startswith("/") else "") + quote(path.removeprefix("./"))

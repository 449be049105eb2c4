"""How `andiron analyze` tells what it found: text for people, JSON, annotations for GitHub; not SARIF."""

from collections.abc import Iterable
from typing import Any

import click
import msgspec

from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.cli.analyze_findings import Totals, findings_of
from andiron_daemon.cli.analyze_run import FileReport
from andiron_daemon.cli.output import note, plain

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue", "hint": "cyan"}
_GITHUB = {"error": "error", "warning": "warning", "info": "notice", "hint": "notice"}


def write_text(reports: Iterable[FileReport], totals: Totals, *, is_rich: bool) -> None:
    """Print findings by file where a person reads them, and line by line anywhere else."""
    for report in reports:
        totals.count(report)
        findings = findings_of(report)
        if is_rich and findings:
            click.echo(click.style(plain(report.path), bold=True, underline=True))
        for finding in findings:
            click.echo(_rich_line(finding) if is_rich else _plain_line(report.path, finding))
        if is_rich and findings:
            click.echo()
    for line in summary(totals):
        note(line)


def _rich_line(finding: Diagnostic) -> str:
    place = f"{finding.range.start.line + 1}:{finding.range.start.character + 1}"
    severity = click.style(f"{finding.severity:<7}", fg=_COLOURS[finding.severity])
    rule = click.style(f"{finding.source} {finding.rule}", dim=True)
    return f"  {place:>8}  {severity}  {_in_one_line(finding.message)}  {rule}"


def _plain_line(path: str, finding: Diagnostic) -> str:
    start = finding.range.start
    place = f"{plain(path)}:{start.line + 1}:{start.character + 1}"
    return f"{place}: {finding.severity}: {_in_one_line(finding.message)} [{finding.source} {finding.rule}]"


def _in_one_line(message: str) -> str:
    return plain(" ".join(message.split()))


def summary(totals: Totals) -> list[str]:
    """Say how much was looked at, what was found, and what was left out and why."""
    counted = [_count(count, severity) for severity, count in totals.findings.items() if count]
    lines = [f"{_count(totals.files, 'file')}, {_count(totals.lines, 'line')}: {', '.join(counted) or 'nothing found'}"]
    if totals.skipped:
        reasons = [f"{count} {reason}" for reason, count in sorted(totals.skipped.items())]
        lines.append(f"Left out: {', '.join(reasons)}.")
    lines.extend(f"{name} did not run: {reason}" for name, reason in sorted(totals.linters.items()))
    return lines


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 or what == "info" else f"{count} {what}s"


def write_json(reports: Iterable[FileReport], totals: Totals) -> None:
    """Print one object, a file a line: what the API answers for each, with its path."""
    click.echo('{"files":[', nl=False)
    skipped: list[dict[str, str]] = []
    separator = "\n"
    for report in reports:
        totals.count(report)
        if report.analysis is None:
            skipped.append({"path": report.path, "reason": report.skipped or ""})
            continue
        body: dict[str, Any] = {"path": report.path, **msgspec.to_builtins(report.analysis)}
        click.echo(separator + msgspec.json.encode(body).decode(), nl=False)
        separator = ",\n"
    rest = {"skipped": skipped, "totals": {"files": totals.files, "lines": totals.lines, **totals.findings}}
    click.echo("\n]," + msgspec.json.encode(rest).decode()[1:])


def write_github(reports: Iterable[FileReport], totals: Totals) -> None:
    """Print workflow commands, which GitHub shows beside the lines of a change."""
    for report in reports:
        totals.count(report)
        for finding in findings_of(report):
            start, end = finding.range.start, finding.range.end
            places = {
                "file": report.path,
                "line": start.line + 1,
                "col": start.character + 1,
                "endLine": end.line + 1,
                "endColumn": end.character + 1,
                "title": f"{finding.source} {finding.rule}",
            }
            properties = ",".join(f"{name}={_escaped_property(str(value))}" for name, value in places.items())
            click.echo(f"::{_GITHUB[finding.severity]} {properties}::{_escaped(plain(finding.message))}")
    for line in summary(totals):
        note(line)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")

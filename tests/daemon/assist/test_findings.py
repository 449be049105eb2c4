"""The checks on findings, against the bugs the benchmark knows: none of the true ones may be lost."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from andiron_daemon.assist.context import show
from andiron_daemon.assist.findings import findings_in, range_of
from andiron_testing.assists import subject_of

_DATA = Path(__file__).parents[3] / "benchmarks" / "data" / "functions.toml"
_FUNCTIONS: list[dict[str, Any]] = tomllib.loads(_DATA.read_text(encoding="utf-8"))["function"]


@pytest.mark.parametrize("function", _FUNCTIONS, ids=lambda function: str(function["name"]))
async def test_no_check_drops_a_true_finding(function: dict[str, Any]) -> None:
    right = function["code"].lstrip("\n")
    buggy = right.replace(function["good"], function["bad"])
    subject = await subject_of(buggy, path=function["path"], language=None)
    findings = findings_in(subject, show(subject, 9000).lines, right.strip())
    (finding,) = findings.kept
    assert buggy[finding.start : finding.end] == function["bad"].strip()
    assert range_of(subject, finding).start.line == buggy.split("\n").index(function["bad"])
    assert right.strip()[finding.written_at :] != buggy.strip()[finding.written_at :]


async def test_the_same_code_has_no_findings() -> None:
    subject = await subject_of("x = 1\n\n\ny = 2\n")
    findings = findings_in(subject, show(subject, 9000).lines, "x = 1\ny = 2")
    assert (findings.kept, findings.dropped) == ((), {})

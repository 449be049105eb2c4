"""Golangci-lint's adapter; the program can be had by no package here, so its output is as its documentation says."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.golangci_lint import GolangciLint
from andiron_daemon.analysis.linters.linter import LinterError
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.positions import Position, Range

TEXT = 'package a\n\nfunc f() {\n\ts := "😀é"; g()\n}\n'
ISSUE = {
    "FromLinter": "errcheck",
    "Text": "Error return value is not checked",
    "Severity": "",
    "SourceLines": ["\ts := g()"],
    "Pos": {"Filename": "file.go", "Offset": 40, "Line": 4, "Column": 17},
    "ExpectNoLint": False,
    "ExpectedNoLintLinter": "",
}
UNKNOWN = {**ISSUE, "FromLinter": "typecheck", "Text": "undefined: g"}
BROKEN = {**ISSUE, "FromLinter": "typecheck", "Text": "expected ';', found x"}
MakeProgram = Callable[[str, str], Path]


def pretending(version: str, issues: list[object]) -> str:
    """Write what prints a version or a report, and keeps what it was started with."""
    report = json.dumps({"Issues": issues, "Report": {"Linters": []}})
    return (
        f"if '--version' in sys.argv: print('golangci-lint has version {version} built with go1.25'); sys.exit()\n"
        "started = {'arguments': sys.argv[1:], 'variables': dict(os.environ), 'files': sorted(os.listdir())}\n"
        "import json; json.dump(started, open(__file__ + '.json', 'w'))\n"
        f"print({report!r})\nprint('1 issues:')"
    )


async def test_columns_are_bytes_from_one(limits: Limits, make_program: MakeProgram) -> None:
    make_program("golangci-lint", pretending("2.5.0", [ISSUE]))
    [finding] = (await GolangciLint(limits).run(TEXT, "a.go")).diagnostics
    assert (finding.rule, finding.severity) == ("errcheck", "warning")
    assert finding.range == Range(Position(3, 13), Position(3, 14))


async def test_what_needs_the_package_is_told_and_not_reported(limits: Limits, make_program: MakeProgram) -> None:
    make_program("golangci-lint", pretending("2.5.0", [UNKNOWN, BROKEN]))
    found = await GolangciLint(limits).run(TEXT, "a.go")
    assert [(one.rule, one.severity, one.message) for one in found.diagnostics] == [
        ("typecheck", "error", "expected ';', found x")
    ]
    assert found.note == "without its package the types could not be checked: undefined: g"


@pytest.mark.parametrize(
    ("version", "asked"), [("1.64.8", "--out-format=json"), ("2.5.0", "--output.json.path=stdout")]
)
async def test_it_runs_outside_the_project_without_its_configuration(
    limits: Limits, make_program: MakeProgram, tmp_path: Path, version: str, asked: str
) -> None:
    program = make_program("golangci-lint", pretending(version, []))
    (tmp_path / ".golangci.yml").write_text("linters-settings: {custom: {x: {path: ./evil.so}}}\n")
    assert (await GolangciLint(limits).run(TEXT, str(tmp_path / "a_test.go"))).diagnostics == ()
    started = json.loads(program.with_suffix(".json").read_text())
    assert asked in started["arguments"]
    assert "--no-config" in started["arguments"]
    assert started["files"] == ["file_test.go", "go.mod"]
    assert (started["variables"]["GOPROXY"], started["variables"]["GOTOOLCHAIN"]) == ("off", "local")
    assert started["variables"]["CGO_ENABLED"] == "0"


async def test_what_is_no_report_is_a_failure(limits: Limits, make_program: MakeProgram) -> None:
    make_program("golangci-lint", "print('version 2.1') if '--version' in sys.argv else print('no go files')")
    with pytest.raises(LinterError, match="cannot be understood"):
        await GolangciLint(limits).run(TEXT, "a.go")


async def test_nolint_is_the_programs_own_business(limits: Limits, make_program: MakeProgram) -> None:
    text = TEXT.replace("g()", "g() //nolint:errcheck // on purpose")
    unneeded = {
        **ISSUE,
        "FromLinter": "nolintlint",
        "Text": "directive `//nolint:errcheck` is unused",
        "ExpectNoLint": True,
    }
    code = pretending("2.5.0", [ISSUE, unneeded])
    program = make_program("golangci-lint", f"{code}\nimport shutil; shutil.copy('file.go', __file__ + '.go')")
    found = await GolangciLint(limits).run(text, "a.go")
    assert program.with_suffix(".go").read_text(encoding="utf-8") == text
    assert [one.rule for one in found.diagnostics] == ["errcheck", "nolintlint"]

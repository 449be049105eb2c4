"""ESLint itself, over its adapter: only where its user trusts the project."""

import shutil
from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.eslint import ESLint
from andiron_daemon.analysis.linters.linter import LinterError, LinterMissingError
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.positions import Position, Range
from andiron_testing.eslint import eslint_program

CONFIGURATION = 'export default [{ rules: { "no-debugger": "error", "no-var": "warn", eqeqeq: "error" } }];\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an ESLint of its own."""
    binaries = tmp_path / "node_modules" / ".bin"
    binaries.mkdir(parents=True)
    (binaries / "eslint").symlink_to(eslint_program())
    (tmp_path / "eslint.config.mjs").write_text(CONFIGURATION)
    return tmp_path


async def test_in_a_trusted_folder_the_projects_own_configuration_counts(limits: Limits, project: Path) -> None:
    text = 'const a = "😀é"; debugger;\n\tvar b = "😀"; f(a, b);\n'
    found = (await ESLint(limits, [project]).run(text, str(project / "a.js"))).diagnostics
    assert [(one.rule, one.severity, one.range) for one in found] == [
        ("no-debugger", "error", Range(Position(0, 17), Position(0, 26))),
        ("no-var", "warning", Range(Position(1, 1), Position(1, 14))),
    ]
    [edit] = found[1].fix or ()
    assert edit.range.start == Position(1, 1)
    assert edit.new_text.startswith("let")
    assert found[0].url == "https://eslint.org/docs/latest/rules/no-debugger"


async def test_the_version_is_that_of_the_projects_own(
    limits: Limits, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = shutil.which("node")
    assert node is not None
    monkeypatch.setenv("PATH", str(Path(node).parent))
    assert await ESLint(limits, [project]).version() == ""
    found = await ESLint(limits, [project]).run("f();\n", str(project / "a.js"))
    assert (found.version or "").startswith("9.")
    with pytest.raises(LinterMissingError):
        await ESLint(limits, []).version()


async def test_its_own_comments_let_findings_pass(limits: Limits, project: Path) -> None:
    text = "debugger; // eslint-disable-line no-debugger\n"
    assert (await ESLint(limits, [project]).run(text, str(project / "a.js"))).diagnostics == ()


async def test_without_trust_nothing_of_the_project_is_run(limits: Limits, project: Path, tmp_path: Path) -> None:
    trace = project / "trace"
    (project / "eslint.config.mjs").write_text(
        f'import fs from "node:fs"; fs.writeFileSync("{trace}", ""); {CONFIGURATION}'
    )
    with pytest.raises(LinterError, match="ANDIRON_TRUSTED_FOLDERS"):
        await ESLint(limits, [tmp_path / "elsewhere"]).run("debugger;\n", str(project / "a.js"))
    assert not trace.exists()
    await ESLint(limits, [project]).run("debugger;\n", str(project / "a.js"))
    assert trace.exists()


async def test_a_link_out_of_a_trusted_folder_is_not_trusted(limits: Limits, project: Path) -> None:
    trusted = project.parent / "trusted"
    trusted.mkdir()
    (trusted / "link").symlink_to(project)
    with pytest.raises(LinterError, match="ANDIRON_TRUSTED_FOLDERS"):
        await ESLint(limits, [trusted]).run("debugger;\n", str(trusted / "link" / "a.js"))


async def test_a_configuration_that_fails_is_a_failure_with_its_words(limits: Limits, project: Path) -> None:
    (project / "eslint.config.mjs").write_text('throw new Error("it broke");\n')
    with pytest.raises(LinterError, match="it broke"):
        await ESLint(limits, [project]).run("debugger;\n", str(project / "a.js"))


async def test_a_project_without_a_configuration_is_told_so(limits: Limits, project: Path) -> None:
    (project / "eslint.config.mjs").unlink()
    with pytest.raises(LinterError, match=r"no eslint\.config\.js"):
        await ESLint(limits, [project]).run("debugger;\n", str(project / "a.js"))


async def test_a_syntax_error_is_a_finding(limits: Limits, project: Path) -> None:
    [finding] = (await ESLint(limits, [project]).run("const a = ;\n", str(project / "a.js"))).diagnostics
    assert (finding.rule, finding.severity) == ("syntax", "error")

"""Oxlint itself, over its adapter."""

from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.linter import LinterMissingError, SourceFile
from andiron_daemon.analysis.linters.oxlint import Oxlint
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.types import Edit
from andiron_daemon.positions import Position, Range


async def test_ranges_are_utf16_and_a_safe_fix_is_given(limits: Limits) -> None:
    found = await Oxlint(limits).run('const a = "😀é";\n\tconst b = "😀"; f(a, !b in a);\n', "a.js")
    [finding] = found.diagnostics
    assert (finding.source, finding.rule, finding.severity) == ("oxlint", "no-unsafe-negation", "warning")
    assert finding.range == Range(Position(1, 22), Position(1, 24))
    assert finding.fix == (Edit(range=Range(Position(1, 22), Position(1, 29)), new_text="!(b in a)"),)
    assert finding.url is not None
    assert finding.url.startswith("https://oxc.rs/")


async def test_each_fix_belongs_to_its_own_finding(limits: Limits) -> None:
    text = "debugger; f(!a in b); debugger; g(!c in d);\n"
    found = (await Oxlint(limits).run(text, "a.js")).diagnostics
    fixes = {(one.rule, one.range.start.character): one.fix and one.fix[0].new_text for one in found}
    assert fixes[("no-unsafe-negation", 12)] == "!(a in b)"
    assert fixes[("no-unsafe-negation", 34)] == "!(c in d)"


@pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.mts", "a.js", "a.jsx", "a.cjs"])
async def test_each_kind_of_file_is_read_as_what_it_is(limits: Limits, path: str) -> None:
    typed = "ts" in path
    text = "const a: number = 1;\ndebugger;\n" if typed else "const a = <b>1</b>;\ndebugger;\n"
    if path == "a.cjs":
        text = "const a = 1;\ndebugger;\n"
    rules = {finding.rule for finding in (await Oxlint(limits).run(text, path)).diagnostics}
    assert "no-debugger" in rules
    assert "syntax" not in rules


@pytest.mark.parametrize("comment", ["oxlint-disable-line", "eslint-disable-line no-debugger"])
async def test_its_own_comments_let_findings_pass(limits: Limits, comment: str) -> None:
    assert (await Oxlint(limits).run(f"debugger; // {comment}\n", "a.js")).diagnostics == ()


async def test_a_syntax_error_is_a_finding(limits: Limits) -> None:
    [finding] = (await Oxlint(limits).run("const a = ;\n", "a.js")).diagnostics
    assert (finding.rule, finding.severity) == ("syntax", "error")


async def test_the_projects_configuration_counts(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    overrides = '[{"files": ["src/*.js"], "rules": {"no-empty": "error"}}]'
    (tmp_path / ".oxlintrc.json").write_text(f'{{"rules": {{"no-debugger": "off"}}, "overrides": {overrides}}}')
    found = await Oxlint(limits).run("debugger;\nif (x) {}\n", str(tmp_path / "src" / "a.js"))
    assert [(finding.rule, finding.severity) for finding in found.diagnostics] == [("no-empty", "error")]


async def test_a_configuration_that_is_code_is_not_run(limits: Limits, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    (tmp_path / "oxlint.config.ts").write_text(f'require("fs").writeFileSync("{trace}", ""); export default {{}};')
    found = await Oxlint(limits).run("debugger;\n", str(tmp_path / "a.js"))
    assert [finding.rule for finding in found.diagnostics] == ["no-debugger"]
    assert found.note == "the project's oxlint.config.ts is code and was not run"
    assert not trace.exists()


async def test_a_plug_in_of_the_project_is_not_run(limits: Limits, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    (tmp_path / "plugin.js").write_text(f'require("fs").writeFileSync("{trace}", "");')
    (tmp_path / ".oxlintrc.json").write_text('{"jsPlugins": ["./plugin.js"]}')
    await Oxlint(limits).run("debugger;\n", str(tmp_path / "a.js"))
    assert not trace.exists()


async def test_a_broken_configuration_is_told_and_done_without(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / ".oxlintrc.json").write_text('{"ru')
    found = await Oxlint(limits).run("debugger;\n", str(tmp_path / "a.js"))
    assert [finding.rule for finding in found.diagnostics] == ["no-debugger"]
    assert found.note is not None
    assert found.note.startswith("the project's configuration was not used: ")


async def test_many_files_share_one_conversation(limits: Limits, tmp_path: Path) -> None:
    files = [
        SourceFile(path=str(tmp_path / str(number) / "a.js"), text="\n" * number + "debugger;\n") for number in (0, 1)
    ]
    found = await Oxlint(limits).run_many(files)
    assert [found[file.path].diagnostics[0].range.start.line for file in files] == [0, 1]


async def test_the_npm_package_of_the_same_name_is_not_used(
    limits: Limits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oxlint-of-npm").write_text("#!/usr/bin/env node\n")
    (tmp_path / "oxlint-of-npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LinterMissingError, match="could load the project's code"):
        await Program("oxlint-of-npm", limits, is_native=True).version()

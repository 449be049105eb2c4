"""Ruff itself, over its adapter."""

from pathlib import Path

from andiron_daemon.analysis.linters.linter import SourceFile
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.linters.ruff import Ruff
from andiron_daemon.analysis.types import Edit
from andiron_daemon.positions import Position, Range


async def test_ranges_are_utf16_and_rules_have_addresses(limits: Limits) -> None:
    found = await Ruff(limits).run('def f():\n\ts = "😀é"; return unknown, s\n', "a.py")
    [finding] = found.diagnostics
    assert (finding.source, finding.rule, finding.severity) == ("ruff", "F821", "error")
    assert finding.range == Range(Position(1, 19), Position(1, 26))
    assert finding.url is not None
    assert finding.url.startswith("https://docs.astral.sh/ruff/rules/")


async def test_a_safe_fix_is_given_and_an_unsafe_one_is_not(limits: Limits) -> None:
    text = 'x = "😀"; assert x is "a"\n\n\ndef f(a=[]):\n    return a\n'
    by_rule = {finding.rule: finding for finding in (await Ruff(limits).run(text, "a.py")).diagnostics}
    assert by_rule["F632"].fix == (Edit(range=Range(Position(0, 19), Position(0, 21)), new_text="=="),)
    assert by_rule["B006"].fix is None


async def test_its_own_comments_let_findings_pass(limits: Limits) -> None:
    assert (await Ruff(limits).run("print(unknown)  # noqa: F821\n", "a.py")).diagnostics == ()


async def test_a_syntax_error_is_a_finding(limits: Limits) -> None:
    [finding] = (await Ruff(limits).run("x = [1, 2\n", "a.py")).diagnostics
    assert (finding.rule, finding.severity) == ("invalid-syntax", "error")


async def test_the_projects_configuration_counts(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "ruff.toml").write_text('[lint]\nselect = ["S"]\n')
    path = str(tmp_path / "src" / "a.py")
    rules = [finding.rule for finding in (await Ruff(limits).run("print(unknown)\nassert 1\n", path)).diagnostics]
    assert rules == ["S101"]


async def test_a_broken_configuration_is_told_and_done_without(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("[lint\n")
    found = await Ruff(limits).run("print(unknown)\n", str(tmp_path / "a.py"))
    assert [finding.rule for finding in found.diagnostics] == ["F821"]
    assert found.note is not None
    assert found.note.startswith("the project's configuration was not used: ")


async def test_nothing_is_written_into_the_project(limits: Limits, tmp_path: Path) -> None:
    await Ruff(limits).run("import os\n", str(tmp_path / "a.py"))
    assert not (tmp_path / ".ruff_cache").exists()


async def test_many_files_are_looked_at_in_one_call(limits: Limits, tmp_path: Path) -> None:
    files = [SourceFile(path=str(tmp_path / f"a{number}.py"), text=f"x{number} = y{number}\n") for number in range(5)]
    for number, file in enumerate(files):
        (tmp_path / f"a{number}.py").write_text(file.text)
    found = await Ruff(limits).run_many(files)
    messages = [[finding.message for finding in found[file.path].diagnostics] for file in files]
    assert messages == [[f"Undefined name `y{number}`"] for number in range(5)]


async def test_it_says_its_version(limits: Limits) -> None:
    assert (await Ruff(limits).version())[0].isdigit()

"""ShellCheck, hadolint and yamllint themselves, over their adapters."""

from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.hadolint import Hadolint
from andiron_daemon.analysis.linters.linter import LinterError
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.linters.shellcheck import ShellCheck
from andiron_daemon.analysis.linters.yamllint import Yamllint
from andiron_daemon.analysis.types import Edit
from andiron_daemon.positions import Position, Range


async def test_shellcheck_counts_as_lsp_does_and_gives_fixes(limits: Limits) -> None:
    text = '#!/bin/bash\n\tx=1; echo "😀é" $x `ls`\n'
    by_rule = {finding.rule: finding for finding in (await ShellCheck(limits).run(text, "a.sh")).diagnostics}
    backticks = by_rule["SC2006"]
    assert backticks.severity == "hint"
    assert backticks.range == Range(Position(1, 20), Position(1, 24))
    assert backticks.fix == (
        Edit(range=Range(Position(1, 20), Position(1, 21)), new_text="$("),
        Edit(range=Range(Position(1, 23), Position(1, 24)), new_text=")"),
    )
    assert backticks.url == "https://www.shellcheck.net/wiki/SC2006"


async def test_shellchecks_comments_let_findings_pass(limits: Limits) -> None:
    text = "#!/bin/sh\n# shellcheck disable=SC2046\nprintf %s $(ls)\n"
    assert (await ShellCheck(limits).run(text, "a.sh")).diagnostics == ()


async def test_shellcheck_reads_the_folders_configuration(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / ".shellcheckrc").write_text("disable=SC2046\n")
    assert (await ShellCheck(limits).run("#!/bin/sh\nprintf %s $(ls)\n", str(tmp_path / "a.sh"))).diagnostics == ()


async def test_a_script_is_taken_for_the_shell_its_name_or_first_line_says(limits: Limits) -> None:
    local = "f() { local a=1; echo $((a)); }\nf\n"
    assert (await ShellCheck(limits).run(local, "a.bash")).diagnostics == ()
    rules = [finding.rule for finding in (await ShellCheck(limits).run("#!/bin/sh\n" + local, "a.bash")).diagnostics]
    assert rules == ["SC3043"]
    with pytest.raises(LinterError, match="zsh"):
        await ShellCheck(limits).run(local, "a.zsh")


async def test_hadolint_reports_whole_lines(limits: Limits) -> None:
    found = (await Hadolint(limits).run("FROM debian:12\nRUN cd /tmp && echo 😀  \n", "Dockerfile")).diagnostics
    by_rule = {finding.rule: finding for finding in found}
    assert by_rule["DL3003"].range == Range(Position(1, 0), Position(1, 22))
    assert by_rule["DL3003"].severity == "warning"
    assert by_rule["DL3003"].url == "https://github.com/hadolint/hadolint/wiki/DL3003"


async def test_hadolints_comments_let_findings_pass(limits: Limits) -> None:
    text = "FROM debian:12\n# hadolint ignore=DL3003,SC2164\nRUN cd /tmp\n"
    assert (await Hadolint(limits).run(text, "Dockerfile")).diagnostics == ()


async def test_hadolint_reads_the_projects_configuration_or_says_why_not(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3003]\n")
    text = "FROM debian:12\nRUN cd /tmp || exit\n"
    found = await Hadolint(limits).run(text, str(tmp_path / "Dockerfile"))
    assert (found.diagnostics, found.note) == ((), None)
    (tmp_path / ".hadolint.yaml").write_text("ignored: {\n")
    found = await Hadolint(limits).run(text, str(tmp_path / "Dockerfile"))
    assert [finding.rule for finding in found.diagnostics] == ["DL3003"]
    assert found.note is not None


async def test_hadolint_tells_of_what_is_no_dockerfile(limits: Limits) -> None:
    [finding] = (await Hadolint(limits).run("FROM debian:12\nBAD x\n", "Dockerfile")).diagnostics
    assert (finding.rule, finding.severity, finding.range.start.line) == ("DL1000", "error", 1)


async def test_yamllint_counts_as_lsp_does(limits: Limits) -> None:
    found = (await Yamllint(limits).run('a: "😀é"  \n"😀": {b: 1, b: 2}\n', "a.yaml")).diagnostics
    places = {finding.rule: (finding.severity, finding.range) for finding in found}
    assert places["trailing-spaces"] == ("hint", Range(Position(0, 8), Position(0, 10)))
    assert places["key-duplicates"] == ("error", Range(Position(1, 13), Position(1, 14)))


async def test_yamllints_comments_let_findings_pass(limits: Limits) -> None:
    text = "a: 1\na: 2  # yamllint disable-line rule:key-duplicates\n"
    assert (await Yamllint(limits).run(text, "a.yaml")).diagnostics == ()


async def test_yamllint_reads_the_projects_configuration_or_says_why_not(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / ".yamllint").write_text("rules: {document-start: enable}\n")
    found = await Yamllint(limits).run("a: 1\na: 2\n", str(tmp_path / "a.yaml"))
    assert [finding.rule for finding in found.diagnostics] == ["document-start"]
    (tmp_path / ".yamllint").write_text("rules: [\n")
    found = await Yamllint(limits).run("a: 1\na: 2\n", str(tmp_path / "a.yaml"))
    assert [finding.rule for finding in found.diagnostics] == ["key-duplicates"]
    assert found.note is not None


async def test_a_yaml_syntax_error_is_a_finding(limits: Limits) -> None:
    [finding] = [one for one in (await Yamllint(limits).run("a: [1\n", "a.yaml")).diagnostics if one.rule == "syntax"]
    assert finding.severity == "error"

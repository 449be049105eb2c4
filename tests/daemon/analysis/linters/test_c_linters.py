"""Clang-tidy and cppcheck themselves, over their adapters, and what of a project they are given."""

import json
from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.clang_tidy import ClangTidy
from andiron_daemon.analysis.linters.compile_command import compiler_arguments
from andiron_daemon.analysis.linters.cppcheck import Cppcheck
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.positions import Position, Range

ASSIGNS = 'int f(int a) {\n\tconst char *s = "😀é"; if (a = 1) { return s[0]; }\n\treturn a;\n}\n'


async def test_clang_tidy_counts_as_lsp_does(limits: Limits) -> None:
    by_rule = {finding.rule: finding for finding in (await ClangTidy(limits).run(ASSIGNS, "a.c")).diagnostics}
    finding = by_rule["clang-diagnostic-parentheses"]
    assert finding.range == Range(Position(1, 30), Position(1, 31))
    assert finding.severity == "warning"
    bugprone = by_rule["bugprone-assignment-in-selection-statement"]
    assert bugprone.url is not None
    assert bugprone.url.endswith("/checks/bugprone/assignment-in-selection-statement.html")


async def test_clang_tidys_comments_let_findings_pass(limits: Limits) -> None:
    text = ASSIGNS.replace("{ return s[0]; }", "{ return s[0]; } // NOLINT")
    assert (await ClangTidy(limits).run(text, "a.c")).diagnostics == ()


async def test_a_missing_header_is_told_and_what_follows_from_it_is_not(limits: Limits) -> None:
    found = await ClangTidy(limits).run('#include "nowhere.h"\n' + ASSIGNS + "thing x;\n", "a.c")
    assert "clang-diagnostic-error" not in {finding.rule for finding in found.diagnostics}
    assert found.note == "headers were not found, so that it could not see everything: nowhere.h"


async def test_a_header_beside_the_file_is_found(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / "thing.h").write_text("typedef int thing;\n")
    found = await ClangTidy(limits).run('#include "thing.h"\nthing x;\n', str(tmp_path / "a.c"))
    assert (found.diagnostics, found.note) == ((), None)


async def test_the_projects_checks_count_and_its_compiler_arguments_do_not(limits: Limits, tmp_path: Path) -> None:
    (tmp_path / ".clang-tidy").write_text(
        "Checks: '-*,readability-magic-numbers'\nExtraArgs: ['-fplugin=nowhere.so', '-include', 'nowhere.h']\n"
    )
    found = await ClangTidy(limits).run("int f(void) { return 1234; }\n", str(tmp_path / "a.c"))
    assert [finding.rule for finding in found.diagnostics] == ["readability-magic-numbers"]
    assert found.note is None


@pytest.mark.parametrize("configuration", ["Checks: [\n", "- 1\n", '"\\x45xtraArgs": ["-fplugin=nowhere.so"]\n'])
async def test_a_configuration_that_is_odd_does_no_harm(limits: Limits, tmp_path: Path, configuration: str) -> None:
    (tmp_path / ".clang-tidy").write_text(configuration)
    found = await ClangTidy(limits).run(ASSIGNS, str(tmp_path / "a.c"))
    assert "clang-diagnostic-parentheses" in {finding.rule for finding in found.diagnostics}


async def test_cplusplus_is_read_as_such(limits: Limits) -> None:
    text = "#include <nowhere>\ntemplate <class T> T f(T a) { return a; }\nint g() { return f<int>(1); }\n"
    found = await ClangTidy(limits).run(text, "a.cpp")
    assert found.diagnostics == ()


def test_a_compile_command_gives_its_harmless_arguments_only(tmp_path: Path) -> None:
    file = tmp_path / "a.c"
    entry = {
        "directory": str(tmp_path),
        "file": "a.c",
        "arguments": [
            "cc",
            "-Iinclude",
            "-I",
            "/usr/x",
            "-DA=1",
            "-std=c11",
            "-fplugin=x.so",
            "-Xclang",
            "-load",
            "@x",
        ],
    }
    (tmp_path / "compile_commands.json").write_text(json.dumps([{"file": "b.c", "command": "cc 'b.c"}, entry]))
    assert compiler_arguments(str(file)) == [
        f"-I{tmp_path}",
        f"-I{tmp_path / 'include'}",
        "-I/usr/x",
        "-DA=1",
        "-std=c11",
    ]
    (tmp_path / "compile_commands.json").write_text("[{")
    assert compiler_arguments(str(file)) == [f"-I{tmp_path}"]
    assert compiler_arguments("a.c") == []


async def test_cppcheck_counts_as_lsp_does(limits: Limits) -> None:
    text = 'int f(void) {\n\tconst char *s = "😀é"; int b[2]; b[3] = s[0]; return b[0];\n}\n'
    by_rule = {finding.rule: finding for finding in (await Cppcheck(limits).run(text, "a.c")).diagnostics}
    finding = by_rule["arrayIndexOutOfBounds"]
    assert finding.severity == "error"
    assert finding.message == "Array 'b[2]' accessed at index 3, which is out of bounds."
    assert finding.range == Range(Position(1, 35), Position(1, 36))


async def test_cppchecks_comments_let_findings_pass(limits: Limits) -> None:
    text = "int f(void) { int b[2];\n// cppcheck-suppress arrayIndexOutOfBounds\nb[3] = 1; return b[0]; }\n"
    rules = {finding.rule for finding in (await Cppcheck(limits).run(text, "a.c")).diagnostics}
    assert "arrayIndexOutOfBounds" not in rules


async def test_both_say_their_version(limits: Limits) -> None:
    assert (await ClangTidy(limits).version()).count(".") >= 1
    assert (await Cppcheck(limits).version()).count(".") >= 1

"""Clippy itself, over its adapter."""

from pathlib import Path

from andiron_daemon.analysis.linters.clippy import Clippy
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.types import Edit
from andiron_daemon.positions import Position, Range

EMPTY = 'pub fn f(x: Vec<i32>) -> bool {\n\tlet _s = "😀é"; x.len() == 0\n}\n'


async def test_ranges_are_utf16_and_its_own_fixes_are_given(limits: Limits) -> None:
    by_rule = {finding.rule: finding for finding in (await Clippy(limits).run(EMPTY, "a.rs")).diagnostics}
    finding = by_rule["clippy::len_zero"]
    place = Range(Position(1, 17), Position(1, 29))
    assert (finding.severity, finding.range) == ("warning", place)
    assert finding.fix == (Edit(range=place, new_text="x.is_empty()"),)
    assert finding.url == "https://rust-lang.github.io/rust-clippy/master/index.html#len_zero"


async def test_its_attributes_let_findings_pass(limits: Limits) -> None:
    text = EMPTY.replace("pub fn", "#[allow(clippy::len_zero)]\npub fn")
    rules = {finding.rule for finding in (await Clippy(limits).run(text, "a.rs")).diagnostics}
    assert "clippy::len_zero" not in rules


async def test_a_wrong_type_and_broken_syntax_are_findings(limits: Limits) -> None:
    [wrong] = (await Clippy(limits).run('pub fn f() -> i32 { "a" }\n', "a.rs")).diagnostics
    assert (wrong.rule, wrong.severity) == ("E0308", "error")
    [broken] = (await Clippy(limits).run("pub fn f( {\n", "a.rs")).diagnostics[:1]
    assert (broken.rule, broken.severity) == ("syntax", "error")


async def test_what_needs_the_crate_is_told_and_not_reported(limits: Limits) -> None:
    found = await Clippy(limits).run("use serde::Serialize;\nmod other;\npub fn f() { other::g(); }\n", "a.rs")
    assert found.diagnostics == ()
    assert found.note is not None
    assert found.note.startswith("without its crate the types could not be checked: ")


async def test_neither_cargo_nor_a_toolchain_of_the_project_is_run(limits: Limits, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name in ("rustc", "cargo", "clippy-driver"):
        program = tmp_path / "toolchain" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\ntouch {trace}\n")
        program.chmod(0o755)
    (tmp_path / "rust-toolchain.toml").write_text('[toolchain]\npath = "toolchain"\n')
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "1.0.0"\nedition = "2018"\n')
    (tmp_path / "build.rs").write_text(f'fn main() {{ std::fs::write("{trace}", "").unwrap(); }}\n')
    found = await Clippy(limits).run(EMPTY, str(tmp_path / "a.rs"))
    assert "clippy::len_zero" in {finding.rule for finding in found.diagnostics}
    assert not trace.exists()

"""Files of tests in the languages where imports and places are easily got wrong."""

from pathlib import Path
from textwrap import indent

import pytest

from andiron_daemon.assist.imports import needed_imports
from andiron_daemon.assist.service import AssistService
from andiron_daemon.assist.types import GeneratedTests, GenerateTestsInput
from andiron_daemon.errors import InvalidAnswerError
from andiron_testing.assists import answer_of, asked, code
from andiron_testing.scripted import ScriptedBackend

_GO = "package sums\n\n// Add adds.\nfunc Add(a, b int) int {\n\treturn a + b\n}\n"
_GO_TEST = 'func TestAdd(t *testing.T) {\n\tif got := Add(1, 2); got != 3 {\n\t\tt.Errorf("got %d", got)\n\t}\n}'
_RUST_TEST = "#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n}"
_RUST_MODULE = f"#[cfg(test)]\nmod tests {{\n    use super::*;\n\n{indent(_RUST_TEST, '    ')}\n}}"
_SCRIPT_TEST = 'test("adds", () => {\n  expect(add(1, 2)).toBe(3);\n});'
_VITEST = "describe, expect, it, test, vi"


def _file(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


async def _generated(assist: AssistService, path: Path | str, text: str) -> GeneratedTests:
    answer: GeneratedTests = await answer_of(assist.generate_tests(GenerateTestsInput(code=text, path=str(path))))
    return answer


@pytest.mark.parametrize(
    ("language", "header", "written", "body", "expected"),
    [
        ("go", 'package a\n\nimport "testing"', ['import (\n\t"fmt"\n\t"testing"\n)'], "t.Error(Add(1))", ()),
        ("go", 'import "testing"', ['import "testing"'], "reflect.DeepEqual(a, b)", ('import "reflect"',)),
        ("go", "", ['import "example.com/sums"'], "Add(1)", ()),
        (
            "go",
            "",
            ['import is "gotest.tools/v3/assert"\nimport "strings"'],
            "is.Equal(t, strings.ToUpper(Add))",
            ('import "strings"', 'import is "gotest.tools/v3/assert"'),
        ),
        ("rust", "", ["use super::*;", "use crate::x;", "use std::rc::Rc;"], "Rc::new(1)", ("use std::rc::Rc;",)),
        ("rust", "", [], "let m: HashMap<_, _> = x();", ("use std::collections::HashMap;",)),
        ("rust", "", ["use std::collections::{HashMap};"], "HashMap::new()", ("use std::collections::{HashMap};",)),
        ("rust", "", [], "std::collections::HashMap::new()", ()),
        ("typescript", f'import {{ {_VITEST} }} from "vitest";', ["import { test, expect } from 'vitest';"], "", ()),
        (
            "typescript",
            f'import {{ {_VITEST} }} from "vitest";',
            ["import { test, beforeEach } from 'vitest';"],
            "",
            ("import { beforeEach } from 'vitest';",),
        ),
        (
            "javascript",
            'import test from "node:test";',
            ["import test, { mock } from 'node:test'"],
            "",
            ("import { mock } from 'node:test'",),
        ),
        (
            "javascript",
            "",
            ["import { total } from '../src/total.js'", "const fs = require('fs');"],
            "",
            ("const fs = require('fs');",),
        ),
        ("javascript", 'const test = require("node:test");', ["const test = require('node:test');"], "", ()),
        (
            "java",
            "import org.junit.jupiter.api.Test;",
            ["import org.junit.Test;", "import java.util.List;"],
            "",
            ("import java.util.List;",),
        ),
    ],
)
def test_imports_are_those_a_file_needs(
    language: str, header: str, written: list[str], body: str, expected: tuple[str, ...]
) -> None:
    assert needed_imports(written, header, body, language, {"Add", "add"}, "sums") == expected


async def test_go_tests_import_what_they_use_once(assist: AssistService, backend: ScriptedBackend) -> None:
    backend.enqueue(code(f'package main\n\nimport (\n\t"fmt"\n\t"testing"\n)\n\n{_GO_TEST}'))
    answer = await _generated(assist, "sums/add.go", _GO)
    assert answer.tests == f'package sums\n\nimport "testing"\n\n{_GO_TEST}\n'
    assert (answer.path, answer.framework, answer.repaired) == ("sums/add_test.go", "go test", False)


async def test_what_a_go_test_would_declare_again_is_taken_out(assist: AssistService, backend: ScriptedBackend) -> None:
    limit = "var limit = 3"
    backend.enqueue(code(f"package sums\n\n{limit}\n\nfunc help() {{}}\n\n{_GO_TEST}\n\nvar mine = 1"))
    answer = await _generated(assist, "sums/add.go", f"{_GO}\n{limit}\n\nfunc help() {{}}\n")
    assert answer.tests == f'package sums\n\nimport "testing"\n\n{_GO_TEST}\n\nvar mine = 1\n'


async def test_rust_tests_of_what_is_public_are_a_file_of_their_own(
    assist: AssistService, backend: ScriptedBackend, tmp_path: Path
) -> None:
    _file(tmp_path, "Cargo.toml", '[package]\nname = "sums"\n')
    _file(tmp_path, "src/lib.rs", "")
    backend.enqueue(code(_RUST_MODULE))
    source = "pub fn add(a: i32, b: i32) -> i32 { a + b }\nfn inner() {}\n#[cfg(test)]\nmod tests {}\n"
    answer = await _generated(assist, tmp_path / "src" / "sums.rs", source)
    assert answer.tests == f"use sums::sums::{{add}};\n\n{_RUST_TEST}\n"
    assert answer.path == str(tmp_path / "tests" / "sums.rs")


@pytest.mark.parametrize("written", [_RUST_TEST, _RUST_MODULE])
@pytest.mark.parametrize(
    ("name", "visibility"), [("src/sums.rs", ""), ("src/main.rs", "pub "), ("src/sums.rs", "pub ")]
)
async def test_rust_tests_of_what_nobody_can_import_stand_in_its_file(
    assist: AssistService, backend: ScriptedBackend, tmp_path: Path, written: str, name: str, visibility: str
) -> None:
    _file(tmp_path, "Cargo.toml", '[package]\nname = "sums"\n')
    _file(tmp_path, "src/main.rs", "")
    backend.enqueue(code(written))
    answer = await _generated(assist, tmp_path / name, f"{visibility}fn add(a: i32, b: i32) -> i32 {{ a + b }}\n")
    assert answer.tests == f"{_RUST_MODULE}\n"
    assert answer.path == str(tmp_path / name)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("export function add(a, b) {}\nfunction inner() {}\n", ("add",)),
        ("function add(a, b) {}\nfunction inner() {}\nexport { add };\n", ("add",)),
        ("function add(a, b) {}\nfunction inner() {}\nmodule.exports = { add };\n", ("add",)),
        ("function add(a, b) {}\nfunction other() {}\n", ("add", "other")),
    ],
)
async def test_what_is_exported_is_what_is_tested(
    assist: AssistService, backend: ScriptedBackend, source: str, expected: tuple[str, ...]
) -> None:
    backend.enqueue(code(_SCRIPT_TEST))
    request = GenerateTestsInput(code=source, path="sums.js")
    events = [event async for event in assist.generate_tests(request)]
    assert getattr(events[0], "symbols", None) == expected


_FETCH = "export async function load(url) {}\nexport const save = async (url) => {};\nexport function name() {}\n"
_PAIR = "package p\n\nfunc Two() (int, error) { return 1, nil }\nfunc One() int { return 1 }\n"


@pytest.mark.parametrize(
    ("path", "source", "written", "problem"),
    [
        ("a.js", _FETCH, "assert.equal(load(1), 2);", "`load` is async, and its result is compared without `await`"),
        ("a.js", _FETCH, "expect(save(1)).toBe(2);", "`save` is async, and its result is compared without `await`"),
        ("a.js", _FETCH, "const name = name; expect(name()).toBe(1);", "`name` is declared anew in the tests"),
        ("a.go", _PAIR, "got := Two()\n\tassert(got)", "`Two` returns 2 values, and is called as if it returned 1"),
        ("a.go", _PAIR, "if Two() != 1 { t.Error() }", "`Two` returns 2 values, and is called as if it returned 1"),
        ("a.go", _PAIR, "got, err := One()\n\tassert(got, err)", "`One` returns 1 values, and is called as if it"),
    ],
)
async def test_calls_that_cannot_work_go_back(
    assist: AssistService, backend: ScriptedBackend, path: str, source: str, written: str, problem: str
) -> None:
    test = f'test("a", () => {{ {written} }});' if path == "a.js" else f"func TestA(t *testing.T) {{\n\t{written}\n}}"
    backend.enqueue(code(test), code(test))
    with pytest.raises(InvalidAnswerError, match=problem):
        await _generated(assist, path, source)
    assert problem in asked(backend)


@pytest.mark.parametrize(
    ("path", "source", "written"),
    [
        ("a.js", _FETCH, "assert.equal(await load(1), 2);"),
        ("a.js", _FETCH, "await expect(load(1)).resolves.toBe(2);"),
        ("a.js", _FETCH, "const result = load(1); assert.equal(await result, 2);"),
        ("a.go", _PAIR, "got, err := Two()\n\tassert(got, err)"),
        ("a.go", _PAIR, "if got := One(); got != 1 { t.Error() }"),
        ("a.go", _PAIR, "assert(Two())"),
    ],
)
async def test_calls_that_can_work_are_left_alone(
    assist: AssistService, backend: ScriptedBackend, path: str, source: str, written: str
) -> None:
    test = f'test("a", () => {{ {written} }});' if path == "a.js" else f"func TestA(t *testing.T) {{\n\t{written}\n}}"
    backend.enqueue(code(test))
    assert not (await _generated(assist, path, source)).repaired


async def test_a_block_of_tests_that_was_enough_is_closed(assist: AssistService, backend: ScriptedBackend) -> None:
    tests = "\n".join(
        f'  test("{number}", () => {{ expect(add({number}, 0)).toBe({number}); }});' for number in range(9)
    )
    backend.enqueue(code(f'const start = 0;\ndescribe("add", () => {{\n{tests}\n}});'))
    answer = await _generated(assist, "sums.js", "export function add(a, b) { return a + b; }\n")
    assert answer.tests.count("test(") == 3
    assert answer.tests.endswith("});\n\n});\n") or answer.tests.endswith("});\n})\n")
    assert not answer.repaired
    assert backend.cancelled == 1


_OWN_WAYS = {
    "A.java": (
        "class A { static int one() { return 1; } }",
        "class ATest {\n  @Test void one() { assertEquals(1, A.one()); }\n}",
    ),
    "a.cpp": ("int one() { return 1; }", "TEST(A, One) { EXPECT_EQ(one(), 1); }"),
    "A.cs": (
        "class A { int One() { return 1; } }",
        "public class T {\n  [Fact] public void One() { Assert.Equal(1, new A().One()); }\n}",
    ),
    "a.rb": (
        "def one\n  1\nend\n",
        "class T < Minitest::Test\n  def test_one\n    assert_equal 1, one\n  end\nend",
    ),
    "a.swift": (
        "func one() -> Int { return 1 }",
        "class T: XCTestCase {\n  func testOne() { XCTAssertEqual(one(), 1) }\n}",
    ),
    "a.php": (
        "<?php\nfunction one() { return 1; }",
        "class T extends TestCase {\n  public function testOne(): void { $this->assertSame(1, one()); }\n}",
    ),
}


@pytest.mark.parametrize("path", _OWN_WAYS)
async def test_every_frameworks_own_way_of_asserting_counts(
    assist: AssistService, backend: ScriptedBackend, path: str
) -> None:
    source, written = _OWN_WAYS[path]
    backend.enqueue(code(written))
    answer = await _generated(assist, path, source)
    assert not answer.repaired
    assert written in answer.tests

"""Test frameworks: which one a project uses, where its tests lie, how they begin, and what one looks like.

A row is a framework. `header` imports the code under test in the way that works from the place the tests are
put; the model never writes imports of it, since that is what small models get wrong first.
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from andiron_daemon.assist.projects import Project
from andiron_daemon.errors import InvalidRequestError, UnsupportedLanguageError

_JAVASCRIPT = ("javascript", "typescript", "tsx")
_SCRIPT_TEST = r"^\s*(?:test|it)(?:\.\w+)?\("


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tested: the file's text, its project, and the top-level names to import.

    `is_private` is code that no other file can import.
    """

    text: str
    project: Project
    names: tuple[str, ...]
    language: str
    is_private: bool = False

    @property
    def stem(self) -> str:
        """The file's name without its last extension."""
        return self.project.inside.stem


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """One row; `is_used` is asked in the order of the table, the first row of a language is its default.

    `start` is where a test begins, wherever in a line; `around` is what has to stand around tests so that they are run.
    """

    name: str
    languages: tuple[str, ...]
    path: Callable[[Target], PurePosixPath]
    header: Callable[[Target], str]
    style: str
    start: str
    around: str = ""
    is_used: Callable[[Project], bool] = lambda _: False
    aliases: tuple[str, ...] = ()


def _python_module(tested: Target) -> str:
    """Name the module as an import statement does: from its package's root, or below `src`."""
    project = tested.project
    parts = list(project.inside.with_suffix("").parts)
    if parts and parts[-1] == "__init__":
        parts.pop()
    if len(parts) > 1 and parts[0] in ("src", "lib") and not _is_package(project, parts[:1]):
        parts = parts[1:]
    elif project.root is not None:
        while len(parts) > 1 and not _is_package(project, parts[:1]) and _has_package_below(project, parts):
            parts = parts[1:]
    return ".".join(parts) or "module"


def _is_package(project: Project, parts: list[str]) -> bool:
    return project.root is not None and project.root.joinpath(*parts, "__init__.py").is_file()


def _has_package_below(project: Project, parts: list[str]) -> bool:
    """Tell whether the first folder is no package but the next one is, so that the first is a source root."""
    return len(parts) > 2 and _is_package(project, parts[:2])


def _python_path(tested: Target) -> PurePosixPath:
    name = f"test_{tested.stem}.py"
    if tested.project.has("test") and not tested.project.has("tests"):
        return PurePosixPath("test", name)
    return PurePosixPath("tests", name)


def _python_header(tested: Target) -> str:
    return f"from {_python_module(tested)} import {', '.join(tested.names)}"


def _unittest_header(tested: Target) -> str:
    return f"import unittest\n\n{_python_header(tested)}"


def _beside(tested: Target) -> PurePosixPath:
    inside = tested.project.inside
    return inside.with_name(f"{inside.stem}.test{inside.suffix}")


def _script_import(tested: Target, *, extension: bool) -> str:
    """Import from the file beside: by `require` where the file itself does so, else as a module."""
    inside = tested.project.inside
    is_module = tested.language != "javascript" or re.search(r"^\s*(export|import)\b", tested.text, re.MULTILINE)
    suffix = inside.suffix if extension and tested.language == "javascript" else ""
    source = f"./{inside.stem}{suffix}"
    default = re.search(r"^\s*export default (?:async )?(?:function|class)\s*\*?\s*(\w+)", tested.text, re.MULTILINE)
    if not is_module:
        return f'const {{ {", ".join(tested.names)} }} = require("{source}");'
    named = [name for name in tested.names if default is None or name != default[1]]
    parts = ([default[1]] if default is not None and default[1] in tested.names else []) + (
        [f"{{ {', '.join(named)} }}"] if named else []
    )
    return f'import {", ".join(parts)} from "{source}";'


def _jest_header(tested: Target) -> str:
    return _script_import(tested, extension=False)


def _vitest_header(tested: Target) -> str:
    return f'import {{ describe, expect, it, test, vi }} from "vitest";\n{_script_import(tested, extension=True)}'


def _node_header(tested: Target) -> str:
    imported = _script_import(tested, extension=True)
    if imported.startswith("const"):
        return f'const test = require("node:test");\nconst assert = require("node:assert/strict");\n{imported}'
    return f'import test from "node:test";\nimport assert from "node:assert/strict";\n{imported}'


def _go_path(tested: Target) -> PurePosixPath:
    inside = tested.project.inside
    return inside.with_name(f"{inside.stem}_test.go")


def _package_line(tested: Target, pattern: str) -> str:
    match = re.search(pattern, tested.text, re.MULTILINE)
    return f"{match[0].strip()}\n\n" if match else ""


def _go_header(tested: Target) -> str:
    package = _package_line(tested, r"^package +\w+") or "package main\n\n"
    return f'{package}import "testing"'


def _is_in_its_file(tested: Target) -> bool:
    """Tell whether Rust's tests have to stand in the file they are of: programs and private code are not imported."""
    project = tested.project
    is_program = project.has("src/main.rs") and not project.has("src/lib.rs")
    return tested.is_private or is_program or project.inside.name == "main.rs" or "bin" in project.inside.parent.parts


def _rust_header(tested: Target) -> str:
    if _is_in_its_file(tested):
        return "#[cfg(test)]\nmod tests {\n    use super::*;"
    match = re.search(r'^\s*name\s*=\s*"([^"]+)"', tested.project.texts.get("Cargo.toml", ""), re.MULTILINE)
    crate = match[1].replace("-", "_") if match else "crate_name"
    inside = [part for part in tested.project.inside.with_suffix("").parts if part != "src"]
    modules = [part for part in inside if part not in ("lib", "main", "mod")]
    return f"use {'::'.join([crate, *modules])}::{{{', '.join(tested.names)}}};"


def _rust_path(tested: Target) -> PurePosixPath:
    if _is_in_its_file(tested):
        return tested.project.inside
    return PurePosixPath("tests", f"{tested.stem}.rs")


def _java_path(tested: Target) -> PurePosixPath:
    folder = str(tested.project.inside.parent).replace("src/main/", "src/test/")
    return PurePosixPath(folder, f"{tested.stem}Test{tested.project.inside.suffix}")


def _junit_header(tested: Target) -> str:
    package = _package_line(tested, r"^package +[\w.]+;")
    return f"{package}import static org.junit.jupiter.api.Assertions.*;\n\nimport org.junit.jupiter.api.Test;"


def _junit4_header(tested: Target) -> str:
    package = _package_line(tested, r"^package +[\w.]+;")
    return f"{package}import static org.junit.Assert.*;\n\nimport org.junit.Test;"


def _kotlin_header(tested: Target) -> str:
    package = _package_line(tested, r"^package +[\w.]+")
    return f"{package}import kotlin.test.Test\nimport kotlin.test.assertEquals"


def _ruby_source(tested: Target) -> str:
    return f'require_relative "../{tested.project.inside.with_suffix("")}"'


def _php_header(tested: Target) -> str:
    return f"<?php\n\nuse PHPUnit\\Framework\\TestCase;\n\nrequire_once __DIR__ . '/../{tested.project.inside}';"


def _c_header(tested: Target) -> str:
    return f'#include <gtest/gtest.h>\n\n#include "../{tested.project.inside.with_suffix(".h")}"'


def _is_junit4(project: Project) -> bool:
    return (project.mentions("junit:junit:4") or project.mentions("<groupId>junit</groupId>")) and not project.mentions(
        "jupiter"
    )


FRAMEWORKS: tuple[Framework, ...] = (
    Framework(
        name="pytest",
        languages=("python",),
        path=_python_path,
        header=_python_header,
        style="Each is a function `def test_...():` with a plain `assert`.",
        is_used=lambda project: project.mentions("pytest") or project.has("conftest.py", "tests/conftest.py"),
        start=r"^\s*(?:async )?def test",
    ),
    Framework(
        name="unittest",
        languages=("python",),
        path=_python_path,
        header=_unittest_header,
        style="They are methods `def test_...(self):` of one class derived from unittest.TestCase.",
        is_used=lambda project: project.mentions("unittest"),
        start=r"^[ \t]+def test",
        around=r"^class \w+\(.*TestCase\):",
    ),
    Framework(
        name="jest",
        languages=_JAVASCRIPT,
        path=_beside,
        header=_jest_header,
        style='Each is `test("...", () => { expect(...).toBe(...); });`, with toEqual for objects and arrays.',
        start=_SCRIPT_TEST,
        is_used=lambda project: project.mentions('"jest"', "package.json") or project.has("jest.config.js"),
    ),
    Framework(
        name="vitest",
        languages=_JAVASCRIPT,
        path=_beside,
        header=_vitest_header,
        style='Each is `test("...", () => { expect(...).toBe(...); });`, with toEqual for objects and arrays.',
        start=_SCRIPT_TEST,
        is_used=lambda project: project.mentions('"vitest"', "package.json") or project.has("vitest.config.ts"),
    ),
    Framework(
        name="node:test",
        languages=_JAVASCRIPT,
        path=_beside,
        header=_node_header,
        style='Each is `test("...", () => { assert.equal(...); });`, with assert.deepEqual for objects and arrays.',
        start=_SCRIPT_TEST,
        is_used=lambda project: project.mentions("node --test", "package.json"),
        aliases=("node", "node test"),
    ),
    Framework(
        name="go test",
        languages=("go",),
        path=_go_path,
        header=_go_header,
        style="Each is a function about one call, without tables and loops: "
        '`func TestX(t *testing.T) { if got := ...; got != ... { t.Errorf("got %v", got) } }`, '
        "with reflect.DeepEqual for slices and maps, and `got, err :=` where the code returns an error.",
        start=r"^func Test",
        aliases=("go", "testing"),
    ),
    Framework(
        name="cargo test",
        languages=("rust",),
        path=_rust_path,
        header=_rust_header,
        style="Each is a function with `#[test]` above it and an `assert_eq!` in it.",
        aliases=("cargo", "rust"),
        start=r"#\[test\]",
    ),
    Framework(
        name="JUnit 5",
        languages=("java",),
        path=_java_path,
        header=_junit_header,
        style="They are `@Test void ...()` methods of one class, with assertEquals.",
        start=r"^\s*@(?:Parameterized)?Test\b",
        aliases=("junit", "junit5", "jupiter"),
    ),
    Framework(
        name="JUnit 4",
        languages=("java",),
        path=_java_path,
        header=_junit4_header,
        style="They are `@Test public void ...()` methods of one public class, with assertEquals.",
        start=r"^\s*@Test\b",
        is_used=_is_junit4,
        aliases=("junit4",),
    ),
    Framework(
        name="kotlin.test",
        languages=("kotlin",),
        path=_java_path,
        header=_kotlin_header,
        style="They are `@Test fun ...()` methods of one class, with assertEquals.",
        start=r"^\s*@Test\b",
    ),
    Framework(
        name="minitest",
        languages=("ruby",),
        path=lambda tested: PurePosixPath("test", f"{tested.stem}_test.rb"),
        header=lambda tested: f'require "minitest/autorun"\n{_ruby_source(tested)}',
        style="They are `def test_...` methods of one class derived from Minitest::Test, with assert_equal.",
        start=r"^\s*def test_",
    ),
    Framework(
        name="RSpec",
        languages=("ruby",),
        path=lambda tested: PurePosixPath("spec", f"{tested.stem}_spec.rb"),
        header=_ruby_source,
        style='They stand in one `RSpec.describe` block; each is `it "..." do expect(...).to eq(...) end`.',
        start=r"^\s*it\b",
        is_used=lambda project: project.mentions("rspec", "Gemfile") or project.has(".rspec", "spec"),
    ),
    Framework(
        name="PHPUnit",
        languages=("php",),
        path=lambda tested: PurePosixPath("tests", f"{tested.stem}Test.php"),
        header=_php_header,
        style="They are `public function test...(): void` methods of one class that extends TestCase.",
        start=r"^\s*(?:public )?function test",
    ),
    Framework(
        name="xUnit",
        languages=("csharp",),
        path=lambda tested: PurePosixPath("tests", f"{tested.stem}Tests.cs"),
        header=lambda _: "using Xunit;",
        style="They are `[Fact] public void ...()` methods of one public class, with Assert.Equal.",
        start=r"^\s*\[(?:Fact|Theory)\b",
    ),
    Framework(
        name="GoogleTest",
        languages=("c", "cpp"),
        path=lambda tested: PurePosixPath("tests", f"{tested.stem}_test.cpp"),
        header=_c_header,
        style="Each is `TEST(Suite, Name) { EXPECT_EQ(...); }`.",
        start=r"^TEST\w*\(",
        aliases=("gtest",),
    ),
    Framework(
        name="XCTest",
        languages=("swift",),
        path=lambda tested: PurePosixPath("Tests", f"{tested.stem}Tests.swift"),
        header=lambda _: "import XCTest",
        style="They are `func test...()` methods of one class derived from XCTestCase, with XCTAssertEqual.",
        start=r"^\s*func test",
    ),
)


def choose_framework(wanted: str | None, language: str, project: Project) -> Framework:
    """Take the framework that was asked for, else the one the project uses, else the language's usual one.

    Raises:
        UnsupportedLanguageError: for a language without any.
        InvalidRequestError: for a framework that is not known, or is another language's.
    """
    known = [row for row in FRAMEWORKS if language in row.languages]
    if not known:
        languages = ", ".join(dict.fromkeys(name for row in FRAMEWORKS for name in row.languages))
        raise UnsupportedLanguageError(
            f"tests cannot be written in {language}",
            hint=f"They can in: {languages}.",
            details={"language": language},
        )
    if wanted is not None:
        for row in known:
            if wanted.strip().lower() in (row.name.lower(), *row.aliases):
                return row
        names = ", ".join(row.name for row in known)
        raise InvalidRequestError(
            f"{wanted!r} is no test framework for {language}",
            hint=f"Those known are: {names}.",
            details={"field": "framework"},
        )
    return next((row for row in known if row.is_used(project)), known[0])

from pathlib import Path

import pytest

from andiron_daemon.assist.frameworks import Target, choose_framework
from andiron_daemon.assist.projects import find_project
from andiron_daemon.errors import InvalidRequestError, UnsupportedLanguageError


@pytest.mark.parametrize(
    ("files", "path", "language", "framework", "place"),
    [
        ({"pyproject.toml": "[tool.pytest]"}, "src/a/b.py", "python", "pytest", "tests/test_b.py"),
        ({"setup.py": "", "tests/test_x.py": "import unittest"}, "a.py", "python", "unittest", "tests/test_a.py"),
        ({"package.json": '{"devDependencies":{"jest":"1"}}'}, "a/b.ts", "typescript", "jest", "a/b.test.ts"),
        ({"package.json": '{"devDependencies":{"vitest":"1"}}'}, "a.tsx", "tsx", "vitest", "a.test.tsx"),
        ({"package.json": '{"scripts":{"test":"node --test"}}'}, "a.mjs", "javascript", "node:test", "a.test.mjs"),
        ({"go.mod": "module x"}, "p/a.go", "go", "go test", "p/a_test.go"),
        ({"Cargo.toml": '[package]\nname = "my-crate"'}, "src/a.rs", "rust", "cargo test", "tests/a.rs"),
        ({"pom.xml": "jupiter"}, "src/main/java/x/A.java", "java", "JUnit 5", "src/test/java/x/ATest.java"),
        ({"build.gradle": "junit:junit:4.13"}, "A.java", "java", "JUnit 4", "ATest.java"),
        ({"Gemfile": "gem 'rspec'"}, "lib/a.rb", "ruby", "RSpec", "spec/a_spec.rb"),
        ({"Gemfile": ""}, "lib/a.rb", "ruby", "minitest", "test/a_test.rb"),
        ({"composer.json": "{}"}, "src/A.php", "php", "PHPUnit", "tests/ATest.php"),
    ],
)
def test_the_framework_and_the_place_are_the_projects(
    tmp_path: Path, files: dict[str, str], path: str, language: str, framework: str, place: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    project = find_project(str(tmp_path / path), "x")
    chosen = choose_framework(None, language, project)
    assert chosen.name == framework
    tested = Target(text="package p\n", project=project, names=("a",), language=language)
    assert project.shown(chosen.path(tested)) == str(tmp_path / place)


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (["src/shop/__init__.py"], "src/shop/sums.py", "from shop.sums import add"),
        (["shop/__init__.py", "shop/inner/__init__.py"], "shop/inner/sums.py", "from shop.inner.sums import add"),
        (["backend/shop/__init__.py"], "backend/shop/sums.py", "from shop.sums import add"),
        ([], "sums.py", "from sums import add"),
        (["shop/__init__.py"], "shop/__init__.py", "from shop import add"),
    ],
)
def test_python_is_imported_from_its_packages_root(tmp_path: Path, files: list[str], path: str, expected: str) -> None:
    (tmp_path / "pyproject.toml").touch()
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    project = find_project(str(tmp_path / path), "x")
    tested = Target(text="", project=project, names=("add",), language="python")
    assert choose_framework("pytest", "python", project).header(tested) == expected


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("export function a() {}", ("a",), 'import { a } from "./x";'),
        ("export default function a() {}\nexport const b = 1;", ("a", "b"), 'import a, { b } from "./x";'),
        ("function a() {}\nmodule.exports = { a };", ("a",), 'const { a } = require("./x");'),
    ],
)
def test_javascript_is_imported_as_the_file_itself_does(text: str, names: tuple[str, ...], expected: str) -> None:
    project = find_project("web/x.js", "x")
    tested = Target(text=text, project=project, names=names, language="javascript")
    assert choose_framework("jest", "javascript", project).header(tested) == expected


def test_go_tests_are_in_the_package_of_the_code() -> None:
    project = find_project("p/x.go", "x")
    tested = Target(text="// A.\npackage sums\n", project=project, names=("A",), language="go")
    assert choose_framework(None, "go", project).header(tested) == 'package sums\n\nimport "testing"'


def test_rust_is_imported_by_the_crates_name(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "my-crate"\n')
    project = find_project(str(tmp_path / "src" / "sums.rs"), "x")
    tested = Target(text="", project=project, names=("add",), language="rust")
    assert choose_framework(None, "rust", project).header(tested) == "use my_crate::sums::{add};"


def test_a_framework_can_be_named_in_the_way_people_do() -> None:
    project = find_project(None, "module.py")
    assert choose_framework("Unittest", "python", project).name == "unittest"
    with pytest.raises(InvalidRequestError, match="'jest' is no test framework for python"):
        choose_framework("jest", "python", project)
    with pytest.raises(UnsupportedLanguageError):
        choose_framework(None, "css", project)


@pytest.mark.parametrize("path", ["../../etc/x.py", "C:\\x\\y.py", "a/../b.py", "/"])
def test_a_path_outside_any_project_stands_for_itself(path: str) -> None:
    assert ".." not in find_project(path, "x.py").inside.parts

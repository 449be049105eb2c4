"""What the house promises of its own shape."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
ROOTS = ("daemon", "installer", "models", "tray")
LONGEST_FILE_LINES = 500
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "lib", "stuff"}
CODE_SUFFIXES = {".py", ".ts", ".js", ".css", ".html", ".sh"}
# Written in pieces, so that this file does not hold what it looks for.
REGISTRY_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry" + ".npmjs", "deb" + ".debian.org")
MACHINE_PATHS = ("/" + "root/", "/" + "work/", "/" + "tmp/venv", "/" + "opt/pypi")


def tracked_files() -> list[Path]:
    """Every file git knows of; in an archive without git, every file that is no one's cache."""
    listed = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-z"], capture_output=True, text=True, timeout=60, check=False
    )
    if listed.returncode == 0:
        paths = [CHECKOUT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for root in (*ROOTS, "tests", "docs") for path in (CHECKOUT / root).rglob("*") if path.is_file()]
    return [path for path in paths if path.is_file() and "__pycache__" not in path.parts]


def python_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".py"]


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_the_import_contracts_hold() -> None:
    # In a process of its own: it sets up logging anew, which silences the loggers the tests after it look at.
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", "pyproject.toml", "--no-cache"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_too_long() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in tracked_files() if path.suffix in CODE_SUFFIXES}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE_LINES} == {}


@pytest.mark.parametrize("root", ROOTS)
def test_a_source_root_holds_exactly_one_package(root: str) -> None:
    packages = {path.parent.name for path in (CHECKOUT / root).glob("*/__init__.py")}
    assert packages == {f"andiron_{root}"}
    loose = {path.name for path in (CHECKOUT / root).glob("*.py")}
    assert loose == ({"__main__.py"} if root == "installer" else set())


def test_no_module_has_a_name_that_says_nothing() -> None:
    nameless = [
        path
        for path in python_files()
        if FORBIDDEN_NAMES & {part.removesuffix(".py") for part in path.relative_to(CHECKOUT).parts}
    ]
    assert nameless == []


def test_no_file_names_this_machine_or_a_registry() -> None:
    found = [
        (path.relative_to(CHECKOUT), word)
        for path in tracked_files()
        for word in (*REGISTRY_HOSTS, *MACHINE_PATHS)
        if re.search(rf"(?<![\w.-]){re.escape(word)}", text_of(path))
    ]
    assert found == []


def entry_points() -> list[str]:
    table = project()
    groups = [table["scripts"], table["gui-scripts"], *table["entry-points"].values()]
    return [target for group in groups for target in group.values()]


@pytest.mark.parametrize("target", entry_points())
def test_an_entry_point_leads_to_something_that_can_be_called(target: str) -> None:
    module, _, name = target.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_the_versions_agree() -> None:
    from andiron_daemon import __version__

    assert project()["version"] == __version__


def test_what_runs_before_the_installation_needs_the_standard_library_alone() -> None:
    bootstrap = CHECKOUT / "installer" / "andiron_installer" / "bootstrap"
    files = [CHECKOUT / "installer" / "__main__.py", bootstrap.parent / "__init__.py", *bootstrap.glob("*.py")]
    foreign = {
        (path.name, module)
        for path in files
        for module in imported_modules(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("andiron_installer.bootstrap")
    }
    assert foreign == set()


def imported_modules(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            modules.add(node.module or "")
    return modules


def test_the_first_file_can_be_read_by_pythons_long_gone() -> None:
    tree = ast.parse((CHECKOUT / "installer" / "__main__.py").read_text(encoding="ascii"), feature_version=(3, 0))
    modern = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.FunctionDef, ast.AsyncFunctionDef)
    assert [node for node in ast.walk(tree) if isinstance(node, modern)] == []


def test_there_is_no_work_left_in_comments() -> None:
    words = re.compile("#.*\\b(" + "TO" + "DO|FIX" + "ME|XX" + "X)\\b")
    assert [path for path in python_files() if words.search(text_of(path))] == []

"""A project for each language in a folder that is thrown away, and running the tests a model wrote in it.

Go, cargo, node and npm have to be there for their languages; vitest is fetched once by npm and kept.
"""

import functools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec
from platformdirs import user_cache_dir

_SECONDS = 60
_PASSED = frozenset({"PASSED", "PASS", "ok"})
_TAP = re.compile(r"^(?P<word>ok|not ok) \d+ - (?P<name>.*?)(?: #.*)?$", re.MULTILINE)


class Toolchain(msgspec.Struct, frozen=True, kw_only=True):
    """How tests of a language are run: what makes a folder a project, the command, and what it says of each test."""

    files: Callable[[Iterable[str]], dict[str, str]]
    command: Callable[[Iterable[str]], list[str]]
    outcome: re.Pattern[str]


@functools.cache
def _vitest() -> Path:
    """Return the folder of packages with vitest in it, fetched by npm if it is not there."""
    folder = Path(user_cache_dir("andiron-benchmarks", appauthor=False)).absolute() / "vitest"
    packages = folder / "node_modules"
    if not (packages / ".bin" / "vitest").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "vitest@^4"]
        subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
    return packages


def _pytest(tests: Iterable[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir", ".", *tests]


def _in_vitest(tests: Iterable[str]) -> list[str]:
    return [str(_vitest() / ".bin" / "vitest"), "run", "--reporter=tap-flat", *tests]


def _crate(code: Iterable[str]) -> dict[str, str]:
    modules = "".join(f"pub mod {PurePosixPath(path).stem};\n" for path in code)
    return {"Cargo.toml": _CARGO, "src/lib.rs": modules}


_VITEST_PACKAGE = '{"type": "module", "devDependencies": {"vitest": "^4"}}'
_NODE_PACKAGE = '{"type": "module", "scripts": {"test": "node --test"}}'
_CARGO = '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n'

_TOOLCHAINS = {
    ".py": Toolchain(
        files=lambda _: {"pyproject.toml": "[tool.pytest.ini_options]\n"},
        command=_pytest,
        outcome=re.compile(r"^(?P<word>PASSED|FAILED|ERROR) \S+?::(?P<name>\S+)", re.MULTILINE),
    ),
    ".js": Toolchain(
        files=lambda _: {"package.json": _NODE_PACKAGE},
        command=lambda tests: ["node", "--test-reporter=tap", *tests],
        outcome=_TAP,
    ),
    ".ts": Toolchain(files=lambda _: {"package.json": _VITEST_PACKAGE}, command=_in_vitest, outcome=_TAP),
    ".go": Toolchain(
        files=lambda _: {"go.mod": "module example.com/sample\n\ngo 1.19\n"},
        command=lambda _: ["go", "test", "-v", "./..."],
        outcome=re.compile(r"^--- (?P<word>PASS|FAIL): (?P<name>\S+)", re.MULTILINE),
    ),
    ".rs": Toolchain(
        files=_crate,
        command=lambda _: ["cargo", "test", "--offline", "--quiet", "--no-fail-fast", "--", "--format=pretty"],
        outcome=re.compile(r"^test (?P<name>\S+)(?: - should panic)? \.\.\. (?P<word>ok|FAILED)", re.MULTILINE),
    ),
}


@contextmanager
def project_of(code: Mapping[str, str]) -> Iterator[Path]:
    """Make a project of some files of one language, for the length of the block."""
    # A compiler that was too slow may still be writing.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        suffix = _suffix(code)
        write(folder, _TOOLCHAINS[suffix].files(code))
        write(folder, code)
        if suffix == ".ts":
            (folder / "node_modules").symlink_to(_vitest())
        yield folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths, and the folders they are in."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def outcomes_of(code: Mapping[str, str], tests: Mapping[str, str]) -> tuple[bool, dict[str, bool]]:
    """Run tests about some code, both by path; tell whether the whole run was green, and each test that ran."""
    toolchain = _TOOLCHAINS[_suffix(code)]
    with project_of(code) as folder:
        write(folder, tests)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(folder),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "GOPROXY": "off",
            "GOFLAGS": "-mod=mod",
        }
        try:
            done = subprocess.run(
                toolchain.command(tests),
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False, {}
    told = toolchain.outcome.finditer(done.stdout.decode("utf-8", "replace"))
    outcomes = {match["name"]: match["word"] in _PASSED for match in told}
    return done.returncode == 0 and bool(outcomes), outcomes


def _suffix(code: Iterable[str]) -> str:
    return PurePosixPath(next(iter(code))).suffix

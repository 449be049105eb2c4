"""Functions with checks of their own, and running what a model wrote about them in a folder that is thrown away."""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import msgspec

_DATA = Path(__file__).parent / "data"
_SECONDS = 60
_OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR) \S+?::(\S+)", re.MULTILINE)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A function as its file has it; `checks` are statements that fail where it does not do what it should.

    With `good` replaced by `bad` it has a bug. What is to be refactored has neither.
    """

    name: str
    path: str
    code: str
    checks: str
    good: str = ""
    bad: str = ""

    @property
    def is_python(self) -> bool:
        """Whether it is Python; else it is JavaScript."""
        return self.path.endswith(".py")

    @property
    def buggy(self) -> str:
        """The code with its bug."""
        return self.code.replace(self.good, self.bad)

    @property
    def bad_line(self) -> int:
        """Where the bug is, counted from zero."""
        return self.buggy.split("\n").index(self.bad)


def read_cases(name: str, limit: int = 1000) -> list[Case]:
    """Read a file of the folder `data`."""
    with (_DATA / f"{name}.toml").open("rb") as stream:
        cases = msgspec.convert(tomllib.load(stream)["function"], list[Case])
    return [msgspec.structs.replace(case, code=case.code.lstrip("\n")) for case in cases[:limit]]


def parses(case: Case, text: str) -> bool:
    """Parse Python with Python, JavaScript with node."""
    if not case.is_python:
        return _runs(["node", "--input-type=module", "--check", "-"], text)
    try:
        compile(text, case.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def keeps_behaviour(case: Case, text: str) -> bool:
    """Run a function's checks against a text that should do the same."""
    if case.is_python:
        return _runs([sys.executable, "-I", "-"], f"{text}\n\n{case.checks}")
    return _runs(
        ["node", "--input-type=module", "-"], f'import assert from "node:assert/strict";\n{text}\n{case.checks}'
    )


def outcomes_of(case: Case, code: str, where: str, tests: str) -> tuple[bool, dict[str, bool]]:
    """Run tests about some code; tell whether the whole run was green, and each test that ran."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in ((case.path, code), (where, tests)):
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir", folder, where]
        environment = {"PYTHONPATH": folder, "PATH": os.environ.get("PATH", ""), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False, {}
        told = _OUTCOME.findall(done.stdout.decode("utf-8", "replace"))
        return done.returncode == 0, {name: word == "PASSED" for word, name in told}


def _runs(command: list[str], program: str) -> bool:
    """Run a program in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                command, input=program.encode(), cwd=folder, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

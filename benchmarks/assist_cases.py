"""Functions with checks of their own, and whether what a model made of them parses and does the same."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import msgspec

from andiron_daemon.assist.validation import problems_of_code
from andiron_daemon.syntax.languages import language_of_path

_DATA = Path(__file__).parent / "data"
_SECONDS = 60


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A function as its file has it; `checks` are statements that fail where it does not do what it should.

    In `languages.toml` they are a file of tests. With `good` replaced by `bad` it has a bug; what is to be refactored
    has neither.
    """

    name: str
    path: str
    code: str
    checks: str
    good: str = ""
    bad: str = ""

    @property
    def language(self) -> str:
        """Which language it is in."""
        language = language_of_path(self.path)
        assert language is not None
        return language.name

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
    """Parse Python with Python and JavaScript with node; other languages as the daemon does."""
    if case.language == "javascript":
        return _runs(["node", "--input-type=module", "--check", "-"], text)
    if case.language != "python":
        language = language_of_path(case.path)
        assert language is not None
        return not problems_of_code(text, language)
    try:
        compile(text, case.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def keeps_behaviour(case: Case, text: str) -> bool:
    """Run a function's checks against a text that should do the same; Python and JavaScript only."""
    if case.language == "python":
        return _runs([sys.executable, "-I", "-"], f"{text}\n\n{case.checks}")
    return _runs(
        ["node", "--input-type=module", "-"], f'import assert from "node:assert/strict";\n{text}\n{case.checks}'
    )


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

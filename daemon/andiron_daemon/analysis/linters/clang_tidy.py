"""Clang-tidy, for C and C++, on one file as if it lay at its path.

A `.clang-tidy` may add compiler arguments, and a compile command may hold any: `-fplugin=` loads a library of the
project into the compiler. So a project's checks and their options are taken over and its arguments are not, and
of its compile command only where headers are, which names are defined, and the standard.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from andiron_daemon.analysis.linters.compile_command import compiler_arguments
from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import (
    name_of,
    nearest,
    read_configuration,
    scratch_folder,
    write_text,
)
from andiron_daemon.analysis.types import Diagnostic, Severity

_LINE = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<level>\w+): (?P<message>.*) \[(?P<rule>[^\]]+)\]$"
)
_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "remark": "info", "note": "hint"}
_DEFAULT_CHECKS = (
    "clang-diagnostic-*,clang-analyzer-*,bugprone-*,cert-err*,concurrency-*,performance-*,"
    "-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-clang-diagnostic-unused-command-line-argument,"
    "-bugprone-narrowing-conversions,-performance-enum-size,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,"
    "-bugprone-assignment-in-if-condition"
)
_TAKEN_OVER = ("Checks", "CheckOptions", "WarningsAsErrors", "SystemHeaders")
_MISSING_HEADER = re.compile(r"'([^']+)' file not found")


class ClangTidy:
    """The adapter; clang counts columns in bytes, from one, and a tab is one."""

    name = "clang-tidy"
    languages = frozenset({"c", "cpp"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("clang-tidy", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a file by the checks of the nearest `.clang-tidy`; what needs missing headers is left out."""
        configuration, note = await asyncio.to_thread(_configuration, path)
        arguments = await asyncio.to_thread(compiler_arguments, path)
        async with scratch_folder() as scratch:
            file = scratch / name_of(path)
            await write_text(file, text)
            finished = await self._check(file, configuration, arguments)
            if note is None and finished.status != 0 and not _lines(finished) and configuration != _default():
                note = f"the project's configuration was not used: {finished.last_words}"
                finished = await self._check(file, _default(), arguments)
            return await asyncio.to_thread(_found, finished, text, str(file), note)

    async def _check(self, file: Path, configuration: Mapping[str, Any], arguments: Iterable[str]) -> Finished:
        program = await self._program.file()
        # With arguments after the dashes it looks for no compile commands; with a configuration, for no files of it.
        chosen = f"--config={msgspec.json.encode(configuration).decode()}"
        command: list[str | Path] = [program, "--quiet", chosen, "--header-filter=^$", str(file), "--", *arguments]
        return await run_program(command, folder=file.parent, limits=self._limits)


def _default() -> dict[str, Any]:
    return {"Checks": _DEFAULT_CHECKS}


def _configuration(path: str) -> tuple[dict[str, Any], str | None]:
    """Read what may be taken over of a project's configuration, and say if it cannot be read."""
    file = nearest(path, [".clang-tidy"])
    if file is None:
        return _default(), None
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        table = YAML(typ="safe", pure=True).load(read_configuration(file) or "")
    except (YAMLError, RecursionError) as error:
        return _default(), f"the project's .clang-tidy was not used: {str(error).splitlines()[0]}"
    if not isinstance(table, dict):
        return _default(), "the project's .clang-tidy was not used: it is no table"
    taken = {name: table[name] for name in _TAKEN_OVER if isinstance(table.get(name), str | list | dict | bool)}
    return (taken if "Checks" in taken else taken | _default()), None


def _lines(finished: Finished) -> list[re.Match[str]]:
    lines = finished.output.decode("utf-8", "replace").splitlines()
    return [match for line in lines if (match := _LINE.match(line)) is not None]


def _found(finished: Finished, text: str, file: str, note: str | None) -> Found:
    matches = _lines(finished)
    if finished.status != 0 and not matches:
        raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
    places = Places(text)
    found: list[Diagnostic] = []
    missing: list[str] = []
    for match in matches:
        header = _MISSING_HEADER.search(match["message"])
        if header is not None:
            missing.append(header[1])
        elif match["file"] == file and match["level"] != "note":
            found.append(_diagnostic(match, places))
    if missing:
        # What a missing header declares is unknown to the compiler, and it says so at every use.
        found = [diagnostic for diagnostic in found if diagnostic.rule != "clang-diagnostic-error"]
        note = f"headers were not found, so that it could not see everything: {', '.join(missing[:3])}"
    return Found(diagnostics=tuple(found), note=note)


def _diagnostic(match: re.Match[str], places: Places) -> Diagnostic:
    rule = match["rule"].split(",")[0]
    start = places.position(int(match["line"]), int(match["column"]), Unit.BYTES)
    return Diagnostic(
        source="clang-tidy",
        rule=rule,
        severity=_SEVERITIES.get(match["level"], "warning"),
        message=match["message"],
        range=places.word(start),
        url=_url(rule),
    )


def _url(rule: str) -> str | None:
    if rule.startswith("clang-diagnostic-"):
        return None
    group, _, check = rule.partition("-")
    if group == "clang":
        group, check = "clang-analyzer", rule.removeprefix("clang-analyzer-")
    return f"https://clang.llvm.org/extra/clang-tidy/checks/{group}/{check}.html"

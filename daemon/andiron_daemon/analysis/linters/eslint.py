"""ESLint, for JavaScript and TypeScript, only where its user trusts the project.

ESLint's configuration is a program, and its plug-ins are the project's packages: to read the one is to run both.
Oxlint looks at every file without that; so ESLint is asked only about files in the folders that a setting names,
and then as the project would: its own ESLint, its own configuration.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.linter import Found, LinterError, LinterMissingError
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import is_within, nearest
from andiron_daemon.analysis.types import Diagnostic, Edit, Severity
from andiron_daemon.positions import Range

_CONFIGURATIONS = tuple(f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts", "cts"))
_ERROR = 2


class _Fix(msgspec.Struct):
    range: tuple[int, int]
    text: str


class _Message(msgspec.Struct):
    message: str
    severity: int
    rule: str | None = msgspec.field(default=None, name="ruleId")
    line: int | None = None
    column: int | None = None
    end_line: int | None = msgspec.field(default=None, name="endLine")
    end_column: int | None = msgspec.field(default=None, name="endColumn")
    fix: _Fix | None = None


class _Result(msgspec.Struct):
    messages: list[_Message]


class _Documentation(msgspec.Struct):
    url: str | None = None


class _Rule(msgspec.Struct):
    docs: _Documentation | None = None


class _Metadata(msgspec.Struct):
    rules: dict[str, _Rule] = msgspec.field(default_factory=dict, name="rulesMeta")


class _Report(msgspec.Struct):
    results: list[_Result]
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class ESLint:
    """The adapter; ESLint counts columns in UTF-16 code units, from one."""

    name = "eslint"
    languages = frozenset({"javascript", "typescript", "tsx"})

    def __init__(self, limits: Limits, trusted_folders: Sequence[Path]) -> None:
        self._limits = limits
        self._trusted_folders = tuple(trusted_folders)
        self._program = Program("eslint", limits)

    async def version(self) -> str:
        """Say which version there is on the path; a trusted project may bring its own."""
        try:
            return await self._program.version()
        except LinterMissingError:
            if self._trusted_folders:
                return ""
            raise

    async def run(self, text: str, path: str) -> Found:
        """Look at a text as the trusted project it lies in would."""
        if not await asyncio.to_thread(is_within, path, self._trusted_folders):
            raise LinterError("its configuration is code of the project; ANDIRON_TRUSTED_FOLDERS can allow it")
        configuration = await asyncio.to_thread(nearest, path, _CONFIGURATIONS)
        if configuration is None:
            raise LinterError("the project has no eslint.config.js")
        program = await asyncio.to_thread(_own_program, path) or await self._program.file()
        finished = await run_program(
            [program, "--format=json-with-metadata", "--stdin", "--stdin-filename", path],
            folder=configuration.parent,
            limits=self._limits,
            data=text.encode("utf-8", "replace"),
        )
        diagnostics = await asyncio.to_thread(_diagnostics, finished, text)
        return Found(diagnostics=diagnostics, version=await self._program.version_of(program))


def _own_program(path: str) -> Path | None:
    name = "node_modules/.bin/eslint" + (".cmd" if os.name == "nt" else "")
    return nearest(path, [name])


def _diagnostics(finished: Finished, text: str) -> tuple[Diagnostic, ...]:
    if finished.status not in (0, 1):
        raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
    try:
        report = msgspec.json.decode(finished.output, type=_Report)
    except msgspec.MsgspecError as error:
        raise LinterError(f"what it printed cannot be understood: {error}") from error
    places = Places(text)
    # A message without a place is about the run, such as a file its configuration leaves out.
    messages = [message for result in report.results for message in result.messages if message.line is not None]
    return tuple(_diagnostic(message, report.metadata, places) for message in messages)


def _diagnostic(message: _Message, metadata: _Metadata, places: Places) -> Diagnostic:
    rule = metadata.rules.get(message.rule or "")
    severity: Severity = "error" if message.severity == _ERROR else "warning"
    return Diagnostic(
        source="eslint",
        rule=message.rule or "syntax",
        severity=severity,
        message=message.message,
        range=_range(message, places),
        fix=_fix(message.fix, places),
        url=rule.docs.url if rule is not None and rule.docs is not None else None,
    )


def _range(message: _Message, places: Places) -> Range:
    start = places.position(message.line or 1, message.column or 1, Unit.UTF16)
    if message.end_line is None or message.end_column is None:
        return places.word(start)
    return places.clamped(Range(start, places.position(message.end_line, message.end_column, Unit.UTF16)))


def _fix(fix: _Fix | None, places: Places) -> tuple[Edit, ...] | None:
    if fix is None:
        return None
    place = Range(places.at_unit(fix.range[0]), places.at_unit(fix.range[1]))
    return (Edit(range=place, new_text=fix.text),)

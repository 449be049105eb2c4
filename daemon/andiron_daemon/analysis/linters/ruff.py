"""Ruff, for Python; its configuration is data, and it comes with Andiron."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.configured import check_configured
from andiron_daemon.analysis.linters.linter import Found, LinterError, SourceFile
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import folder_of
from andiron_daemon.analysis.types import Diagnostic, Edit, Severity
from andiron_daemon.positions import Range

_ERRORS = ("E9", "F5", "F6", "F7", "F82", "PLE", "invalid-syntax")
_HINTS = ("C9", "COM", "D1", "D2", "D3", "D4", "E1", "E2", "E3", "E5", "FA", "I0", "N", "Q", "UP", "W1", "W2", "W3")
_INFOS = ("C4", "ERA", "FLY", "FURB", "PERF", "PIE", "PT", "PYI", "RET", "RUF", "SIM", "T20", "TC", "TRY")


class _Place(msgspec.Struct):
    row: int
    column: int


class _Edit(msgspec.Struct):
    content: str | None
    location: _Place
    end_location: _Place


class _Fix(msgspec.Struct):
    edits: list[_Edit]
    applicability: str = "unsafe"


class _Finding(msgspec.Struct):
    message: str
    filename: str
    location: _Place
    end_location: _Place
    code: str | None = None
    fix: _Fix | None = None
    url: str | None = None


class Ruff:
    """The adapter; ruff counts columns in characters, from one."""

    name = "ruff"
    languages = frozenset({"python"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("ruff", limits, is_own=True)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a text by the configuration ruff finds for its path."""
        folder = await asyncio.to_thread(folder_of, path)
        data = text.encode("utf-8", "replace")

        async def check(project: Path | None) -> Finished:
            # Without a folder there is no project, and the folder of this process is nobody's.
            isolated = ["--isolated"] if project is None else []
            return await self._check([*isolated, f"--stdin-filename={path}", "-"], folder, data)

        finished, note = await check_configured(check, folder, lambda tried: tried.status not in (0, 1))
        findings = await asyncio.to_thread(_decode, finished)
        return Found(diagnostics=await asyncio.to_thread(_diagnostics, findings, text), note=note)

    async def run_many(self, files: Sequence[SourceFile]) -> Mapping[str, Found]:
        """Look at files on disk in one call."""
        finished = await self._check(["--", *(file.path for file in files)], Path(files[0].path).parent, b"")
        findings = await asyncio.to_thread(_decode, finished)
        by_path: dict[str, list[_Finding]] = {file.path: [] for file in files}
        for finding in findings:
            by_path.setdefault(finding.filename, []).append(finding)

        def convert() -> dict[str, Found]:
            return {file.path: Found(diagnostics=_diagnostics(by_path[file.path], file.text)) for file in files}

        return await asyncio.to_thread(convert)

    async def _check(self, arguments: Sequence[str], folder: Path | None, data: bytes) -> Finished:
        file = await self._program.file()
        # No cache: it would be written into the project.
        command: list[str | Path] = [
            file,
            "check",
            "--no-cache",
            "--quiet",
            "--no-fix",
            "--output-format=json",
            *arguments,
        ]
        return await run_program(command, folder=folder or Path(file.anchor), limits=self._limits, data=data)


def _decode(finished: Finished) -> list[_Finding]:
    if finished.status not in (0, 1):
        raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
    try:
        return msgspec.json.decode(finished.output, type=list[_Finding])
    except msgspec.MsgspecError as error:
        raise LinterError(f"what it printed cannot be understood: {error}") from error


def _diagnostics(findings: Sequence[_Finding], text: str) -> tuple[Diagnostic, ...]:
    places = Places(text)

    def place(start: _Place, end: _Place) -> Range:
        return places.range((start.row, start.column), (end.row, end.column), Unit.CHARACTERS)

    def fix_of(fix: _Fix | None) -> tuple[Edit, ...] | None:
        if fix is None or fix.applicability != "safe":
            return None
        return tuple(
            Edit(range=place(edit.location, edit.end_location), new_text=edit.content or "") for edit in fix.edits
        )

    return tuple(
        Diagnostic(
            source="ruff",
            rule=finding.code or "invalid-syntax",
            severity=_severity(finding.code or "invalid-syntax"),
            message=finding.message,
            range=place(finding.location, finding.end_location),
            fix=fix_of(finding.fix),
            url=finding.url,
        )
        for finding in findings
    )


def _severity(rule: str) -> Severity:
    if rule.startswith(_ERRORS):
        return "error"
    if rule.startswith(_HINTS):
        return "hint"
    return "info" if rule.startswith(_INFOS) else "warning"

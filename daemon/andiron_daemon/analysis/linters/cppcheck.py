"""Cppcheck, for C and C++; given one file, it reads no configuration and starts nothing."""

import asyncio
import re
from pathlib import Path

from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import name_of, scratch_folder, write_text
from andiron_daemon.analysis.types import Diagnostic, Severity

_SEVERITIES: dict[str, Severity] = {
    "error": "error",
    "warning": "warning",
    "portability": "warning",
    "performance": "info",
    "style": "info",
    "information": "hint",
}
# Control characters begin and part what is printed, so that no message can look like a line of its own.
_MARK, _PART = "\x1e", "\x1f"
_TEMPLATE = _MARK + _PART.join(("{line}", "{column}", "{severity}", "{id}", "{message}"))
_LINE = re.compile(rf"{_MARK}(\d+){_PART}(\d+){_PART}(\w+){_PART}([^{_PART}]*){_PART}([^{_MARK}]*)")
# About the run itself or about headers, which are not its business here.
_LEFT_OUT = frozenset(
    {"missingInclude", "missingIncludeSystem", "toomanyconfigs", "checkersReport", "normalCheckLevelMaxBranches"}
)


class Cppcheck:
    """The adapter; cppcheck counts columns in bytes, from one, and knows no ends."""

    name = "cppcheck"
    languages = frozenset({"c", "cpp"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("cppcheck", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a file for itself, `cppcheck-suppress` comments respected."""
        program = await self._program.file()
        async with scratch_folder() as scratch:
            file = scratch / name_of(path)
            await write_text(file, text)
            command: list[str | Path] = [
                program,
                "--quiet",
                "--enable=warning,style,performance,portability",
                "--inline-suppr",
                "--max-configs=4",
                f"--template={_TEMPLATE}",
                "--template-location=",
                str(file),
            ]
            finished = await run_program(command, folder=scratch, limits=self._limits, reads_errors=True)
        return Found(diagnostics=await asyncio.to_thread(_diagnostics, finished, text))


def _diagnostics(finished: Finished, text: str) -> tuple[Diagnostic, ...]:
    matches = _LINE.findall(finished.output.decode("utf-8", "replace"))
    if finished.status != 0 and not matches:
        raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
    places = Places(text)
    return tuple(
        Diagnostic(
            source="cppcheck",
            rule=rule,
            severity=_SEVERITIES.get(severity, "warning"),
            message=message.strip(),
            range=places.word(places.position(int(line), int(column), Unit.BYTES)),
        )
        for line, column, severity, rule, message in matches
        if rule not in _LEFT_OUT and int(line) > 0
    )

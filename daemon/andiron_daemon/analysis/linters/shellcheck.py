"""ShellCheck, for shell scripts; its configuration is data, and it reads scripts without running them."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import folder_of
from andiron_daemon.analysis.types import Diagnostic, Edit, Severity
from andiron_daemon.positions import Range

_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "info": "info", "style": "hint"}
_SHELLS = {"bash": "bash", "sh": "bash", "ksh": "ksh", "dash": "dash", "zsh": "", "bats": "bats"}


class _Replacement(msgspec.Struct):
    line: int
    column: int
    end_line: int = msgspec.field(name="endLine")
    end_column: int = msgspec.field(name="endColumn")
    insertion_point: str = msgspec.field(name="insertionPoint")
    replacement: str
    precedence: int = 0


class _Fix(msgspec.Struct):
    replacements: list[_Replacement]


class _Comment(msgspec.Struct):
    line: int
    column: int
    end_line: int = msgspec.field(name="endLine")
    end_column: int = msgspec.field(name="endColumn")
    level: str
    code: int
    message: str
    fix: _Fix | None = None


class _Report(msgspec.Struct):
    comments: list[_Comment]


class ShellCheck:
    """The adapter; in json1, columns are characters from one, and a tab is one."""

    name = "shellcheck"
    languages = frozenset({"bash"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("shellcheck", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a script by the `.shellcheckrc` of its folder or above; a zsh script cannot be looked at."""
        shell = _shell(text, path)
        if shell is not None and not shell:
            raise LinterError("zsh is not one of its languages")
        folder = await asyncio.to_thread(folder_of, path)
        file = await self._program.file()
        # Without a folder, no configuration may come from wherever this process is.
        options = ["--norc"] if folder is None else []
        options += [f"--shell={shell}"] if shell else []
        finished = await run_program(
            [file, "--format=json1", *options, "-"],
            folder=folder or Path(file.anchor),
            limits=self._limits,
            data=text.encode("utf-8", "replace"),
        )
        if finished.status not in (0, 1):
            raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
        try:
            comments = msgspec.json.decode(finished.output, type=_Report).comments
        except msgspec.MsgspecError as error:
            raise LinterError(f"what it printed cannot be understood: {error}") from error
        return Found(diagnostics=await asyncio.to_thread(_diagnostics, comments, text))


def _shell(text: str, path: str) -> str | None:
    """Name the shell to assume: None leaves it to the script's first line, empty is one ShellCheck has not."""
    if text.startswith("#!"):
        return "" if "zsh" in text.partition("\n")[0] else None
    return _SHELLS.get(path.rpartition(".")[2].lower(), "bash")


def _diagnostics(comments: Sequence[_Comment], text: str) -> tuple[Diagnostic, ...]:
    places = Places(text)

    def range_of(item: _Comment | _Replacement) -> Range:
        return places.range((item.line, item.column), (item.end_line, item.end_column), Unit.CHARACTERS)

    def fix_of(fix: _Fix | None) -> tuple[Edit, ...] | None:
        if fix is None:
            return None
        edits = tuple(Edit(range=range_of(item), new_text=item.replacement) for item in fix.replacements)
        return None if _overlap(edits) else edits

    return tuple(
        Diagnostic(
            source="shellcheck",
            rule=f"SC{comment.code}",
            severity=_SEVERITIES.get(comment.level, "warning"),
            message=comment.message,
            range=range_of(comment),
            fix=fix_of(comment.fix),
            url=f"https://www.shellcheck.net/wiki/SC{comment.code}",
        )
        for comment in comments
    )


def _overlap(edits: Sequence[Edit]) -> bool:
    """Tell whether edits cannot be applied side by side; ShellCheck orders such ones by precedence, LSP has none."""
    places = sorted(
        ((edit.range.start.line, edit.range.start.character), (edit.range.end.line, edit.range.end.character))
        for edit in edits
    )
    return any(before[1] > after[0] or before == after for before, after in itertools.pairwise(places))

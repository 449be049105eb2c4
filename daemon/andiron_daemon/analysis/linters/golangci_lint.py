"""Golangci-lint, for Go, on one file without its package.

It reads packages through the go command, which may fetch modules, switch to a toolchain that `go.mod` names, and
start a C compiler; and its configuration may load a plug-in built by the project. So it gets a module of its own
outside the project, no configuration, no network, no C. What needs the rest of the package cannot be judged
then, and the note says so. `//nolint` is the program's own business: it gets the comments, and nothing of what it
reports is held back for them.

Options and report are as golangci-lint's documentation and source have them, for versions 1 and 2. This adapter has
never met the real program: there was none where it was written, and its tests pretend one.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import scratch_folder, write_text
from andiron_daemon.analysis.types import Diagnostic, Severity

_TYPES = "typecheck"
_SYNTAX_WORDS = ("expected ", "syntax error", "missing ", "illegal ")
_MODULE = "module file\n\ngo 1.21\n"
_SEVERITIES: dict[str, Severity] = {
    "error": "error",
    "high": "error",
    "warning": "warning",
    "medium": "warning",
    "info": "info",
    "low": "info",
}
_VARIABLES = {
    "CGO_ENABLED": "0",
    "GOENV": "off",
    "GOFLAGS": "-mod=mod",
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


class _Place(msgspec.Struct, rename="pascal"):
    line: int = 1
    column: int = 0


class _Issue(msgspec.Struct, rename="pascal"):
    from_linter: str
    text: str
    pos: _Place
    severity: str = ""


class _Report(msgspec.Struct, rename="pascal"):
    issues: list[_Issue] | None = None


class GolangciLint:
    """The adapter; Go counts columns in bytes, from one, and 0 is the whole line."""

    name = "golangci-lint"
    languages = frozenset({"go"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("golangci-lint", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a file as a package of its own."""
        program = await self._program.file()
        is_first = (await self._program.version()).startswith("1.")
        form = ["--out-format=json"] if is_first else ["--output.json.path=stdout", "--show-stats=false"]
        name = "file_test.go" if path.endswith("_test.go") else "file.go"
        async with scratch_folder() as scratch:
            await write_text(scratch / name, text)
            await write_text(scratch / "go.mod", _MODULE)
            finished = await run_program(
                [program, "run", "--no-config", "--issues-exit-code=0", *form, name],
                folder=scratch,
                limits=self._limits,
                variables={
                    **_VARIABLES,
                    "GOCACHE": str(scratch / "go-cache"),
                    "GOPATH": str(scratch / "go"),
                    "GOLANGCI_LINT_CACHE": str(scratch / "cache"),
                },
            )
        return await asyncio.to_thread(_found, finished, text)


def _found(finished: Finished, text: str) -> Found:
    try:
        # After the report's line there may be words for people.
        issues = msgspec.json.decode(finished.output.partition(b"\n")[0], type=_Report).issues or []
    except msgspec.MsgspecError as error:
        raise LinterError(
            f"what it printed cannot be understood (status {finished.status}): {finished.last_words}"
        ) from error
    unknown = [issue for issue in issues if issue.from_linter == _TYPES and not issue.text.startswith(_SYNTAX_WORDS)]
    note = f"without its package the types could not be checked: {unknown[0].text}" if unknown else None
    kept = [issue for issue in issues if issue not in unknown]
    return Found(diagnostics=_diagnostics(kept, text), note=note)


def _diagnostics(issues: Sequence[_Issue], text: str) -> tuple[Diagnostic, ...]:
    places = Places(text)
    return tuple(
        Diagnostic(
            source="golangci-lint",
            rule=issue.from_linter,
            severity=_SEVERITIES.get(issue.severity.lower(), "error" if issue.from_linter == _TYPES else "warning"),
            message=issue.text,
            range=places.word(places.position(issue.pos.line, issue.pos.column, Unit.BYTES))
            if issue.pos.column
            else places.whole_line(issue.pos.line),
            url=None
            if issue.from_linter == _TYPES
            else f"https://golangci-lint.run/usage/linters/#{issue.from_linter}",
        )
        for issue in issues
    )

"""Hadolint, for Dockerfiles; its configuration is data, and it builds nothing."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.configured import check_configured
from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import nearest
from andiron_daemon.analysis.types import Diagnostic, Severity

_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "info": "info", "style": "hint"}
_CONFIGURATIONS = (".hadolint.yaml", ".hadolint.yml")
_PARSE_ERROR = "DL1000"


class _Finding(msgspec.Struct):
    code: str
    level: str
    line: int
    message: str


class Hadolint:
    """The adapter; hadolint knows lines only, so a finding is of its whole line."""

    name = "hadolint"
    languages = frozenset({"dockerfile"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("hadolint", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a Dockerfile by the nearest `.hadolint.yaml`."""
        configuration = await asyncio.to_thread(nearest, path, _CONFIGURATIONS)
        finished, note = await check_configured(partial(self._check, text), configuration, _is_refused)
        try:
            findings = msgspec.json.decode(finished.output, type=list[_Finding])
        except msgspec.MsgspecError as error:
            raise LinterError(f"what it printed cannot be understood: {error}; {finished.last_words}") from error
        return Found(diagnostics=await asyncio.to_thread(_diagnostics, findings, text), note=note)

    async def _check(self, text: str, configuration: Path | None) -> Finished:
        file = await self._program.file()
        options = ["--config", str(configuration)] if configuration is not None else []
        command: list[str | Path] = [file, "--format=json", "--no-fail", *options, "-"]
        return await run_program(
            command, folder=Path(file.anchor), limits=self._limits, data=text.encode("utf-8", "replace")
        )


def _is_refused(finished: Finished) -> bool:
    return "Error parsing your config file" in finished.errors


def _diagnostics(findings: Sequence[_Finding], text: str) -> tuple[Diagnostic, ...]:
    places = Places(text)
    return tuple(
        Diagnostic(
            source="hadolint",
            rule=finding.code,
            severity=_SEVERITIES.get(finding.level, "warning"),
            message=" ".join(finding.message.split()),
            range=places.whole_line(finding.line),
            url=_url(finding.code),
        )
        for finding in findings
    )


def _url(code: str) -> str | None:
    if code.startswith("SC"):
        return f"https://www.shellcheck.net/wiki/{code}"
    return f"https://github.com/hadolint/hadolint/wiki/{code}" if code != _PARSE_ERROR else None

"""Yamllint, for YAML; its configuration is data."""

import asyncio
import re
from functools import partial
from pathlib import Path

from andiron_daemon.analysis.linters.configured import check_configured
from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places, Unit
from andiron_daemon.analysis.linters.process import Finished, Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import nearest
from andiron_daemon.analysis.types import Diagnostic, Severity

_CONFIGURATIONS = (".yamllint", ".yamllint.yaml", ".yamllint.yml")
_LINE = re.compile(r"^stdin:(\d+):(\d+): \[(error|warning)\] (.*?)(?: \(([\w-]+)\))?$")
# What is about looks alone is no more than a hint, whatever level a configuration gives it.
_LOOKS = frozenset(
    {
        "braces",
        "brackets",
        "colons",
        "commas",
        "comments",
        "comments-indentation",
        "document-end",
        "document-start",
        "empty-lines",
        "hyphens",
        "indentation",
        "line-length",
        "new-line-at-end-of-file",
        "new-lines",
        "quoted-strings",
        "trailing-spaces",
    }
)
# Without a project of its own a text is looked at for what is wrong, not for how one house likes its files.
_DEFAULT = "{extends: relaxed, rules: {line-length: disable, document-start: disable, truthy: disable}}"
_RULES_URL = "https://yamllint.readthedocs.io/en/stable/rules.html#module-yamllint.rules."


class Yamllint:
    """The adapter; yamllint counts columns in characters, from one, and knows no ends."""

    name = "yamllint"
    languages = frozenset({"yaml"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("yamllint", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a text by the nearest `.yamllint`."""
        configuration = await asyncio.to_thread(nearest, path, _CONFIGURATIONS)
        finished, note = await check_configured(partial(self._check, text), configuration, _is_refused)
        if _is_refused(finished):
            raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
        return Found(diagnostics=await asyncio.to_thread(_diagnostics, finished.output, text), note=note)

    async def _check(self, text: str, configuration: Path | None) -> Finished:
        file = await self._program.file()
        chosen = ["-d", _DEFAULT] if configuration is None else ["-c", str(configuration)]
        folder = Path(file.anchor) if configuration is None else configuration.parent
        data = text.encode("utf-8", "replace")
        return await run_program([file, "-f", "parsable", *chosen, "-"], folder=folder, limits=self._limits, data=data)


def _is_refused(finished: Finished) -> bool:
    return finished.status not in (0, 1)


def _diagnostics(output: bytes, text: str) -> tuple[Diagnostic, ...]:
    places = Places(text)
    found: list[Diagnostic] = []
    for line in output.decode("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            raise LinterError(f"what it printed cannot be understood: {line[:100]!r}")
        number, column, level, message, rule = match.groups()
        start = places.position(int(number), int(column), Unit.CHARACTERS)
        found.append(
            Diagnostic(
                source="yamllint",
                rule=rule or "syntax",
                severity=_severity(level, rule),
                message=message,
                range=places.word(start),
                url=None if rule in (None, "syntax") else _RULES_URL + rule,
            )
        )
    return tuple(found)


def _severity(level: str, rule: str | None) -> Severity:
    if rule in _LOOKS:
        return "hint"
    return "error" if level == "error" else "warning"

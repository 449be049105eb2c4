"""Oxlint, for JavaScript and TypeScript; it comes with Andiron, as a program without a JavaScript engine.

It is asked as editors do, over the language server's protocol: that takes a text that is on no disk, finds the
project's configuration by the text's path, counts columns as LSP does, and gives fixes. A configuration written
in JavaScript cannot run in it, nor can a plug-in; the npm package of the same name, which could, is never used.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from andiron_daemon.analysis.linters.conversation import Conversation
from andiron_daemon.analysis.linters.linter import Found, LinterError, SourceFile
from andiron_daemon.analysis.linters.places import Places
from andiron_daemon.analysis.linters.process import Limits, run_program, running
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import name_of, nearest, scratch_folder
from andiron_daemon.analysis.types import Diagnostic, Edit, Severity
from andiron_daemon.positions import Range

_SEVERITIES: dict[int, Severity] = {1: "error", 2: "warning", 3: "info", 4: "hint"}
_CONFIGURATIONS = (".oxlintrc.json", ".oxlintrc.jsonc", "oxlint.config.ts", "oxlint.config.mts", "oxlint.config.js")
_LANGUAGE_IDS = {"ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "typescriptreact"}
_LAST_LINE = 2**31 - 1
_DISABLE = ("Disable ", " for this line")


class _Finding(msgspec.Struct):
    range: Range
    message: str
    severity: int = 2
    code: str | None = None
    code_description: dict[str, str] | None = msgspec.field(default=None, name="codeDescription")


class _Report(msgspec.Struct):
    items: list[_Finding]


class _Edit(msgspec.Struct):
    range: Range
    new_text: str = msgspec.field(name="newText")


class _Changes(msgspec.Struct):
    changes: dict[str, list[_Edit]] = {}


class _Action(msgspec.Struct):
    title: str
    edit: _Changes | None = None
    is_preferred: bool = msgspec.field(default=False, name="isPreferred")


class Oxlint:
    """The adapter; one short-lived server for each call."""

    name = "oxlint"
    languages = frozenset({"javascript", "typescript", "tsx"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("oxlint", limits, is_own=True, is_native=True)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a text by the configuration that speaks for its path."""
        return (await self.run_many([SourceFile(path=path, text=text)]))[path]

    async def run_many(self, files: Sequence[SourceFile]) -> Mapping[str, Found]:
        """Look at files, those that one configuration speaks for in one conversation."""
        by_configuration: dict[Path | None, list[SourceFile]] = {}
        for source in files:
            configuration = await asyncio.to_thread(nearest, source.path, _CONFIGURATIONS)
            by_configuration.setdefault(configuration, []).append(source)
        found: dict[str, Found] = {}
        for configuration, sources in by_configuration.items():
            found |= await self._converse(sources, configuration)
        return found

    async def _converse(self, sources: Sequence[SourceFile], configuration: Path | None) -> dict[str, Found]:
        program = await self._program.file()
        async with scratch_folder() as scratch:
            note = None
            if configuration is not None:
                note = await self._note(program, configuration, scratch)
            is_in_project = configuration is not None and note is None
            # Only a place in the workspace is looked at, and all of the workspace is walked through: so it is no
            # larger than it must be. Without a project of its own a text is put into a new one.
            root = _common_folder(sources) if is_in_project else scratch
            async with running([program, "--lsp", "--threads=1"], folder=scratch, limits=self._limits) as child:
                conversation = Conversation(child)
                await _greet(conversation, root, configuration if is_in_project else None)
                found: dict[str, Found] = {}
                for number, source in enumerate(sources):
                    file = Path(source.path) if is_in_project else scratch / str(number) / name_of(source.path)
                    found[source.path] = Found(diagnostics=await _ask_about(conversation, source, file), note=note)
                return found

    async def _note(self, program: Path, configuration: Path, folder: Path) -> str | None:
        """Say why a project's configuration cannot be used, if so."""
        if not configuration.suffix.startswith(".json"):
            return f"the project's {configuration.name} is code and was not run"
        command: list[str | Path] = [program, "--print-config", "-c", configuration]
        finished = await run_program(command, folder=folder, limits=self._limits)
        if finished.status == 0:
            return None
        said = (finished.output.decode("utf-8", "replace") + finished.errors).split("\n\n", 1)[-1]
        return f"the project's configuration was not used: {' '.join(said.split())[:300]}"


def _common_folder(sources: Sequence[SourceFile]) -> Path:
    return Path(os.path.commonpath([Path(source.path).parent for source in sources]))


async def _greet(conversation: Conversation, root: Path, configuration: Path | None) -> None:
    named = {"configPath": str(configuration)} if configuration is not None else {}
    options = [{"workspaceUri": root.as_uri(), "options": {"fixKind": "safe_fix", "run": "onType", **named}}]
    kinds = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}}
    await conversation.ask(
        "initialize",
        {
            "processId": None,
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "initializationOptions": options,
            "capabilities": {"textDocument": {"diagnostic": {}, "codeAction": kinds}},
        },
    )
    await conversation.tell("initialized", {})


async def _ask_about(conversation: Conversation, source: SourceFile, file: Path) -> tuple[Diagnostic, ...]:
    document = {"uri": file.as_uri()}
    language = _LANGUAGE_IDS.get(file.suffix[1:].lower(), "javascript")
    opened = {**document, "languageId": language, "version": 1, "text": source.text}
    await conversation.tell("textDocument/didOpen", {"textDocument": opened})
    report = await conversation.ask("textDocument/diagnostic", {"textDocument": document})
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": _LAST_LINE, "character": 0}}
    about = {"textDocument": document, "range": everywhere, "context": {"diagnostics": [], "only": ["quickfix"]}}
    actions = await conversation.ask("textDocument/codeAction", about)
    await conversation.tell("textDocument/didClose", {"textDocument": document})
    return await asyncio.to_thread(_diagnostics, report, actions, source.text)


def _diagnostics(report: Any, actions: Any, text: str) -> tuple[Diagnostic, ...]:
    try:
        findings = msgspec.convert(report, _Report).items
        known_actions = msgspec.convert(actions or [], list[_Action])
    except msgspec.ValidationError as error:
        raise LinterError(f"what it answered cannot be understood: {error}") from error
    places = Places(text)
    # What has no severity above a hint and no code repeats a finding at another of its places.
    main = [finding for finding in findings if finding.code or finding.severity == 1]
    fixes = _fixes(main, known_actions)
    return tuple(
        Diagnostic(
            source="oxlint",
            rule=_rule(finding),
            severity=_SEVERITIES.get(finding.severity, "warning"),
            message=finding.message.replace("\nhelp: ", ". ").replace("..", "."),
            range=places.clamped(finding.range),
            fix=fixes.get(index),
            url=(finding.code_description or {}).get("href"),
        )
        for index, finding in enumerate(main)
    )


def _rule(finding: _Finding) -> str:
    """Name a rule as its comments do: `eslint(no-debugger)` is `no-debugger`, `oxc(erasing-op)` keeps its plug-in."""
    if not finding.code:
        return "syntax"
    plugin, _, rest = finding.code.partition("(")
    rule = rest.removesuffix(")")
    return rule if plugin == "eslint" else f"{plugin}/{rule}"


def _fixes(findings: Sequence[_Finding], actions: Sequence[_Action]) -> dict[int, tuple[Edit, ...]]:
    """Tell which finding each fix is of.

    Actions come in the order of the findings: those that mend it, then the one that names its rule to disable it.
    """
    found: dict[int, tuple[Edit, ...]] = {}
    mending: tuple[Edit, ...] | None = None
    index = 0
    for action in actions:
        start, end = _DISABLE
        if action.title.startswith(start) and action.title.endswith(end):
            rule = action.title[len(start) : -len(end)]
            while index < len(findings) and _rule(findings[index]).rpartition("/")[2] != rule.rpartition("/")[2]:
                index += 1
            if index < len(findings) and mending is not None:
                found[index] = mending
            mending = None
            index += 1
        elif action.is_preferred and mending is None and action.edit is not None:
            edits = [edit for changes in action.edit.changes.values() for edit in changes]
            mending = tuple(Edit(range=edit.range, new_text=edit.new_text) for edit in edits)
    return found

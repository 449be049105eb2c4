"""Where a text is brought to be linted: the right linters and our own rules at once, their findings merged.

A linter that is missing, fails or takes too long costs its findings and one line in `linters`, never the answer.
"""

import asyncio
import difflib
import os
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from andiron_daemon import __version__
from andiron_daemon.analysis.linters.every import every_linter
from andiron_daemon.analysis.linters.kind import kind_of, named_for
from andiron_daemon.analysis.linters.linter import Found, Linter, LinterError, ManyLinter, SourceFile
from andiron_daemon.analysis.linters.merge import merged
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.linters.project import folder_of
from andiron_daemon.analysis.rules.search import search
from andiron_daemon.analysis.types import Diagnostic, Linted, LinterRun
from andiron_daemon.errors import ConfigurationError
from andiron_daemon.settings import Settings
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax

OWN_RULES = "andiron"
OFF = "off"
LARGEST_CHARACTERS = 5 * 1024 * 1024
MOST_DIAGNOSTICS = 2000
_FILES_A_CALL = 200
Outcome = tuple[LinterRun, Sequence[Diagnostic]]
Result = TypeVar("Result")


class LintInput(msgspec.Struct, frozen=True, kw_only=True):
    """One of many files; `path` absolute and on disk lets linters take many at a time."""

    text: str
    path: str | None = None
    language: Language | None = None
    syntax: Syntax | None = None


class LintDesk:
    """One for the daemon, one for a run of the command line; `aclose` ends whatever runs."""

    def __init__(
        self,
        *,
        chosen: Sequence[str] = (),
        seconds: float = 10.0,
        trusted_folders: Iterable[Path] = (),
        linters: Sequence[Linter] | None = None,
    ) -> None:
        """Choose linters by name: none named means all, `off` means none.

        Raises:
            ConfigurationError: for a name that is no linter's.
        """
        all_linters = every_linter(Limits(seconds=seconds), tuple(trusted_folders)) if linters is None else linters
        names = _checked(chosen, [linter.name for linter in all_linters])
        self._linters = tuple(linter for linter in all_linters if linter.name in names)
        self._has_rules = OWN_RULES in names
        self._places = asyncio.Semaphore(max(2, os.cpu_count() or 1))
        self._tasks: set[asyncio.Task[Any]] = set()

    async def lint(
        self, text: str, path: str | None, language: Language | None, syntax: Syntax | Found | None
    ) -> Linted:
        """Look at one text; cancelling ends every program that was started for it.

        Instead of its tree, what our own rules found in it will do.
        """
        kind = kind_of(path, language)
        source = SourceFile(path=named_for(path, language, kind), text=_encodable(text))
        work = [self._outcome(linter, source) for linter in self._linters if kind in linter.languages]
        if self._has_rules and syntax is not None:
            work.append(_rules_outcome(syntax))
        return _linted(await self._all(work))

    async def lint_files(self, files: Sequence[LintInput]) -> list[Linted]:
        """Look at many files, in as few calls as the linters can; the answers are in the order of the files."""
        found: list[list[Outcome]] = [[] for _ in files]
        work = [self._turns(linter, files) for linter in self._linters]
        for outcomes in await self._all(work):
            for index, outcome in outcomes.items():
                found[index].append(outcome)
        for index, file in enumerate(files):
            if self._has_rules and file.syntax is not None:
                found[index].append(await _rules_outcome(file.syntax))
        return [_linted(outcomes) for outcomes in found]

    async def aclose(self) -> None:
        """End what runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _all(self, work: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
        """Do things at once; whoever waits is cancelled with them, and the other way round."""
        tasks = [asyncio.create_task(each) for each in work]
        self._tasks.update(tasks)
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            self._tasks.difference_update(tasks)

    async def _turns(self, linter: Linter, files: Sequence[LintInput]) -> dict[int, Outcome]:
        """Run one linter over the files that are its business: in bundles if it can, else one by one."""
        sources: dict[int, SourceFile] = {}
        for index, file in enumerate(files):
            kind = kind_of(file.path, file.language)
            if kind in linter.languages:
                sources[index] = SourceFile(path=named_for(file.path, file.language, kind), text=_encodable(file.text))
        bundled: list[int] = []
        if isinstance(linter, ManyLinter):
            bundled = await asyncio.to_thread(_on_disk, sources)
        outcomes: dict[int, Outcome] = {}
        for start in range(0, len(bundled), _FILES_A_CALL):
            outcomes |= await self._bundle(linter, {index: sources[index] for index in bundled[start:][:_FILES_A_CALL]})
        alone = [index for index in sources if index not in outcomes]
        found = await self._all([self._outcome(linter, sources[index]) for index in alone])
        return outcomes | dict(zip(alone, found, strict=True))

    async def _bundle(self, linter: Linter, sources: Mapping[int, SourceFile]) -> dict[int, Outcome]:
        """Run a linter over files at once; where that fails, none of them is done and each is tried by itself."""
        assert isinstance(linter, ManyLinter)
        async with self._places:
            try:
                version = await linter.version()
                found = await linter.run_many(list(sources.values()))
            except LinterError:
                return {}
        return {
            index: _done(linter.name, version, found.get(source.path, Found())) for index, source in sources.items()
        }

    async def _outcome(self, linter: Linter, source: SourceFile) -> Outcome:
        version = None
        try:
            async with self._places:
                version = await linter.version()
                if len(source.text) > LARGEST_CHARACTERS:
                    raise LinterError(f"the text is longer than {LARGEST_CHARACTERS} characters")
                return _done(linter.name, version, await linter.run(source.text, source.path))
        except LinterError as error:
            return LinterRun(name=linter.name, version=version or None, ran=False, reason=error.message), ()


def desk_for(settings: Settings) -> LintDesk:
    """Make the desk the settings ask for.

    Raises:
        ConfigurationError: for a name that is no linter's, or a trusted folder that is not named in full.
    """
    folders = [Path(folder).expanduser() for folder in settings.trusted_folders]
    for folder in folders:
        if not folder.is_absolute():
            raise ConfigurationError(
                f"ANDIRON_TRUSTED_FOLDERS names {str(folder)!r}, which is no absolute path",
                hint="Write the whole path; it begins with / or ~.",
                details={"setting": "trusted_folders"},
            )
    return LintDesk(chosen=settings.linters, seconds=settings.linter_seconds, trusted_folders=folders)


def _done(name: str, version: str, found: Found) -> Outcome:
    note = found.note
    if len(found.diagnostics) > MOST_DIAGNOSTICS:
        note = f"only the first {MOST_DIAGNOSTICS} of {len(found.diagnostics)} findings are shown"
    run = LinterRun(name=name, version=found.version or version or None, ran=True, reason=note)
    return run, found.diagnostics[:MOST_DIAGNOSTICS]


async def _rules_outcome(syntax: Syntax | Found) -> Outcome:
    found = syntax if isinstance(syntax, Found) else await asyncio.to_thread(search, syntax)
    return _done(OWN_RULES, __version__, found)


def _linted(outcomes: Sequence[Outcome]) -> Linted:
    runs = tuple(run for run, _ in outcomes)
    return Linted(diagnostics=merged(diagnostics for _, diagnostics in outcomes), linters=runs)


def _on_disk(sources: Mapping[int, SourceFile]) -> list[int]:
    """Choose the files that lie where their paths say, so that a linter can read them itself."""
    return [index for index, source in sources.items() if folder_of(source.path) and Path(source.path).is_file()]


def _encodable(text: str) -> str:
    """Replace half characters, which no file can hold, by as many others."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _checked(chosen: Sequence[str], known: Sequence[str]) -> frozenset[str]:
    names = (*known, OWN_RULES)
    if not chosen:
        return frozenset(names)
    if tuple(chosen) == (OFF,):
        return frozenset()
    for name in chosen:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"The linters are: {', '.join(names)}; or {OFF}."
            raise ConfigurationError(
                f"ANDIRON_LINTERS names {name!r}, which is no linter", hint=hint, details={"setting": "linters"}
            )
    return frozenset(chosen)

"""Runs `andiron analyze`: many files at once, in processes of their own, with only so many results held.

Processes rather than threads, since looking through a tree holds the interpreter's lock. Results come in the order
of the files, so that the output is the same each time; a batch is begun only when an earlier one was taken. A batch
that brings its process down is looked at again file by file; the file that did it is named, and the others go on.
"""

import asyncio
import functools
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import chain, islice
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.desk import LintDesk, LintInput
from andiron_daemon.analysis.static import Looked, analyse
from andiron_daemon.analysis.types import Analysis, Linted
from andiron_daemon.cli.analyze_crew import Crew
from andiron_daemon.cli.analyze_files import Source, Unread, read_source

_BATCH_FILES = 64
# Starting processes takes longer than looking at so few.
_FEW_FILES = 24
_BATCHES_AHEAD = 2


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How files are looked at; `linters` as in the settings."""

    language: str | None = None
    linters: tuple[str, ...] = ()
    linter_seconds: float = 10.0
    trusted_folders: tuple[str, ...] = ()
    processes: int = 0


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one file; without an analysis, `skipped` says why."""

    path: str
    analysis: Analysis | None = None
    skipped: str | None = None


def run(sources: Iterable[Source], options: Options) -> Iterator[FileReport]:
    """Look at files; yields in their order."""
    remaining = iter(sources)
    first = list(islice(remaining, _FEW_FILES + 1))
    processes = options.processes or os.cpu_count() or 1
    if len(first) <= _FEW_FILES or processes == 1:
        yield from look_at(first, options)
        for batch in _batches(remaining):
            yield from look_at(batch, options)
        return
    yield from _run_in_processes(_batches(_chained(first, remaining)), options, processes)


def run_text(text: str, path: str, options: Options) -> FileReport:
    """Look at one text that is in no file."""
    return _reports([(Source(path, is_named=True), text)], options)[0]


def _chained(first: list[Source], rest: Iterator[Source]) -> Iterator[Source]:
    yield from first
    yield from rest


def _batches(sources: Iterator[Source]) -> Iterator[list[Source]]:
    while batch := list(islice(sources, _BATCH_FILES)):
        yield batch


def _run_in_processes(batches: Iterator[list[Source]], options: Options, processes: int) -> Iterator[FileReport]:
    _desk(options)  # what is wrong with the settings is said here, once
    crew = Crew(processes, functools.partial(look_at, options=options), _alone, _together, _crashed)
    pending: deque[Future[list[FileReport]]] = deque()
    try:
        while True:
            for batch in islice(batches, processes * _BATCHES_AHEAD - len(pending)):
                pending.append(crew.submit(batch))
            if not pending:
                return
            yield from pending.popleft().result()
    finally:
        crew.close()


def _alone(batch: list[Source]) -> Iterator[list[Source]]:
    return ([source] for source in batch)


def _together(reports: Iterator[list[FileReport]]) -> list[FileReport]:
    return list(chain.from_iterable(reports))


def _crashed(batch: list[Source]) -> list[FileReport]:
    return [FileReport(path=source.path, skipped="the process that looked at it crashed") for source in batch]


def look_at(batch: list[Source], options: Options) -> list[FileReport]:
    """Look at some files, in this process."""
    return _reports([(source, read_source(source)) for source in batch], options)


def _reports(read: Sequence[tuple[Source, str | Unread]], options: Options) -> list[FileReport]:
    looked = {
        source.path: (text, analyse(text, source.path, options.language))
        for source, text in read
        if not isinstance(text, Unread)
    }
    linted = _lint(looked, options)
    return [
        FileReport(path=source.path, skipped=text.reason)
        if isinstance(text, Unread)
        else _report(source, looked[source.path][1], linted[source.path])
        for source, text in read
    ]


def _report(source: Source, looked: Looked, linted: Linted) -> FileReport:
    static = looked.analysis
    if looked.language is None and not source.is_named:
        return FileReport(path=source.path, skipped="of no known language")
    return FileReport(
        path=source.path,
        analysis=Analysis(
            language=static.language,
            parse=static.parse,
            metrics=static.metrics,
            symbols=static.symbols,
            diagnostics=linted.diagnostics,
            linters=linted.linters,
            notes=static.notes,
        ),
    )


def _lint(looked: dict[str, tuple[str, Looked]], options: Options) -> dict[str, Linted]:
    files = [
        LintInput(text=text, path=str(Path(path).resolve()), language=each.language, syntax=each.syntax)
        for path, (text, each) in looked.items()
    ]
    found = _runner().run(_desk(options).lint_files(files)) if files else []
    return dict(zip(looked, found, strict=True))


@functools.cache
def _runner() -> asyncio.Runner:
    """One event loop a process."""
    return asyncio.Runner()


@functools.cache
def _desk(options: Options) -> LintDesk:
    return LintDesk(
        chosen=options.linters,
        seconds=options.linter_seconds,
        trusted_folders=[Path(folder).expanduser() for folder in options.trusted_folders],
    )

"""Clippy, for Rust, on one file without its crate.

Through cargo it would run build scripts and procedural macros, which are the project's code; so the driver is
started by itself, outside the project (a `rust-toolchain.toml` may name a compiler to run), with no other crate.
What needs other crates or modules cannot be judged then, and the note says so.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.places import Places
from andiron_daemon.analysis.linters.process import Limits, run_program
from andiron_daemon.analysis.linters.program import Program
from andiron_daemon.analysis.linters.project import nearest, scratch_folder
from andiron_daemon.analysis.types import Diagnostic, Edit, Severity

_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "note": "info", "help": "hint"}
# The file cannot be seen whole: other crates and modules, and what their absence makes unknown.
_NEEDS_THE_CRATE = frozenset(
    {
        "E0282",
        "E0405",
        "E0412",
        "E0422",
        "E0423",
        "E0425",
        "E0426",
        "E0432",
        "E0433",
        "E0463",
        "E0531",
        "E0532",
        "E0573",
        "E0574",
        "E0576",
        "E0583",
        "E0601",
    }
)
_NEEDS_THE_CRATE_WORDS = ("cannot find macro", "cannot find attribute", "cannot find derive macro", "unresolved")
# A file by itself exports nothing, so everything in it would be unused.
_LEFT_OUT = frozenset({"dead_code", "unused_imports", "unused_macros"})
_EDITIONS = ("2024", "2021", "2018", "2015")


class _Span(msgspec.Struct):
    file_name: str
    byte_start: int
    byte_end: int
    is_primary: bool = False
    suggested_replacement: str | None = None
    suggestion_applicability: str | None = None


class _Code(msgspec.Struct):
    code: str


class _Message(msgspec.Struct):
    message: str
    level: str
    spans: list[_Span]
    code: _Code | None = None
    children: list["_Message"] = []


class Clippy:
    """The adapter; rustc counts in bytes from the file's beginning."""

    name = "clippy"
    languages = frozenset({"rust"})

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._program = Program("clippy-driver", limits)

    async def version(self) -> str:
        """Say which version there is."""
        return await self._program.version()

    async def run(self, text: str, path: str) -> Found:
        """Look at a file as a library of its own, by the nearest `clippy.toml`."""
        program = await self._program.file()
        configuration = await asyncio.to_thread(nearest, path, ["clippy.toml", ".clippy.toml"])
        edition = await asyncio.to_thread(_edition, path)
        async with scratch_folder() as scratch:
            finished = await run_program(
                [
                    program,
                    f"--edition={edition}",
                    "--crate-type=lib",
                    "--crate-name=file",
                    "--emit=metadata",
                    f"--out-dir={scratch}",
                    "--error-format=json",
                    "-Wclippy::all",
                    "-",
                ],
                folder=scratch,
                limits=self._limits,
                data=text.encode("utf-8", "replace"),
                variables={"CLIPPY_CONF_DIR": str(configuration.parent if configuration else scratch)},
                reads_errors=True,
            )
        return await asyncio.to_thread(_found, finished.output, finished.status, text)


def _edition(path: str) -> str:
    """Read the edition from the nearest manifest; the newest common one without."""
    import tomllib

    manifest = nearest(path, ["Cargo.toml"])
    try:
        package: Any = tomllib.loads(manifest.read_text(encoding="utf-8")).get("package", {}) if manifest else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        package = {}
    edition = package.get("edition") if isinstance(package, dict) else None
    return edition if edition in _EDITIONS else "2021"


def _found(output: bytes, status: int, text: str) -> Found:
    messages: list[_Message] = []
    for line in output.splitlines():
        if line.startswith(b"{"):
            try:
                messages.append(msgspec.json.decode(line, type=_Message))
            except msgspec.MsgspecError as error:
                raise LinterError(f"what it printed cannot be understood: {error}") from error
    if status != 0 and not messages:
        said = output.decode("utf-8", "replace").strip().splitlines()
        raise LinterError(f"it ended with status {status}: {said[-1][:300] if said else 'it said nothing'}")
    needs_crate = [message.message for message in messages if _needs_the_crate(message)]
    places = Places(text)
    kept = [message for message in messages if not needs_crate or message.level != "error" or _is_syntax(message)]
    found = tuple(
        _diagnostic(message, places)
        for message in kept
        if message.spans and not _needs_the_crate(message) and _rule(message) not in _LEFT_OUT
    )
    note = f"without its crate the types could not be checked: {needs_crate[0]}" if needs_crate else None
    return Found(diagnostics=found, note=note)


def _needs_the_crate(message: _Message) -> bool:
    if message.code is not None and message.code.code in _NEEDS_THE_CRATE:
        return True
    return message.level == "error" and message.message.startswith(_NEEDS_THE_CRATE_WORDS)


def _is_syntax(message: _Message) -> bool:
    return message.code is None


def _rule(message: _Message) -> str:
    return "syntax" if message.code is None else message.code.code


def _diagnostic(message: _Message, places: Places) -> Diagnostic:
    span = next((span for span in message.spans if span.is_primary), message.spans[0])
    rule = _rule(message)
    return Diagnostic(
        source="clippy",
        rule=rule,
        severity=_SEVERITIES.get(message.level, "warning"),
        message=message.message,
        range=places.byte_range(span.byte_start, span.byte_end),
        fix=_fix(message.children, places),
        url=_url(rule),
    )


def _fix(children: Sequence[_Message], places: Places) -> tuple[Edit, ...] | None:
    """Take the edits rustc itself would apply."""
    for child in children:
        spans = [span for span in child.spans if span.suggested_replacement is not None]
        if spans and all(span.suggestion_applicability == "MachineApplicable" for span in spans):
            return tuple(
                Edit(range=places.byte_range(span.byte_start, span.byte_end), new_text=span.suggested_replacement or "")
                for span in spans
            )
    return None


def _url(rule: str) -> str | None:
    if rule.startswith("clippy::"):
        return f"https://rust-lang.github.io/rust-clippy/master/index.html#{rule.removeprefix('clippy::')}"
    if rule.startswith("E0"):
        return f"https://doc.rust-lang.org/error_codes/{rule}.html"
    return None

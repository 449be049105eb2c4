"""What a linter is to Andiron: a name, languages, a version, and findings about one text.

An adapter runs its program on the text it is given, never on the project, and never lets it execute any of the
project's code. Which linters are asked, and what becomes of their findings, is the desk's to say.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from andiron_daemon.analysis.types import Diagnostic
from andiron_daemon.errors import DaemonError


class LinterError(DaemonError):
    """A linter cannot say anything about a text; the message is the `reason` people read."""


class LinterMissingError(LinterError):
    """The machine does not have the linter."""


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A text and the name it goes by; the path's end tells linters the language."""

    path: str
    text: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a linter has to say; `note` tells what it could not take into account.

    `version` is of the program that ran, where that is another than the one the linter speaks of.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    note: str | None = None
    version: str | None = None


class Linter(Protocol):
    """One linter; `run` may be called any number of times at once."""

    name: str
    languages: frozenset[str]

    async def version(self) -> str:
        """Say which version there is; empty where that depends on the project.

        Raises:
            LinterMissingError: if there is none.
        """

    async def run(self, text: str, path: str) -> Found:
        """Look at a text as if it lay at `path`; cancelling ends the program and all it started.

        Raises:
            LinterError: if the linter is missing, fails, hangs or cannot be understood.
        """


@runtime_checkable
class ManyLinter(Protocol):
    """A linter that is much quicker with many files in one call."""

    async def run_many(self, files: Sequence[SourceFile]) -> Mapping[str, Found]:
        """Look at files that lie on disk as they are given; the answer is by path.

        Raises:
            LinterError: as `run`.
        """

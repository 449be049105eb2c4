"""Where a linter's program is, and which version of it; asked once and remembered until the file changes."""

import asyncio
import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.linter import LinterError, LinterMissingError
from andiron_daemon.analysis.linters.process import Limits, run_program

_VERSION = re.compile(rb"\d+\.\d+[\w.+-]*")
_Stamp = tuple[str, int, int]


class Program(msgspec.Struct):
    """A program by its name; `is_own` ones come with Andiron and are looked for beside its Python first.

    `is_native` refuses scripts: an npm package of the same name would start Node, which loads a project's code.
    """

    name: str
    limits: Limits
    version_arguments: tuple[str, ...] = ("--version",)
    is_own: bool = False
    is_native: bool = False
    _versions: dict[_Stamp, str] = {}

    async def file(self) -> Path:
        """Find the program.

        Raises:
            LinterMissingError: if it is nowhere.
        """
        return (await asyncio.to_thread(self._find))[0]

    async def version(self) -> str:
        """Say which version there is.

        Raises:
            LinterError: if there is none, or it does not say.
        """
        file, stamp = await asyncio.to_thread(self._find)
        return await self._version(file, stamp)

    async def version_of(self, file: Path) -> str:
        """Say which version a project's own program is.

        Raises:
            LinterError: if it does not say.
        """
        return await self._version(file, await asyncio.to_thread(_stamp, file))

    async def _version(self, file: Path, stamp: _Stamp) -> str:
        if stamp not in self._versions:
            command: list[str | Path] = [file, *self.version_arguments]
            finished = await run_program(command, folder=Path(file.anchor), limits=self.limits)
            match = _VERSION.search(finished.output)
            if match is None:
                raise LinterError(f"{self.name} does not say its version: {finished.last_words}")
            self._versions[stamp] = match[0].decode()
        return self._versions[stamp]

    def _find(self) -> tuple[Path, _Stamp]:
        # Relative folders of the path belong to whatever project someone happens to be in.
        folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()]
        if self.is_own:
            folders = [str(Path(sys.executable).parent), sysconfig.get_path("scripts"), *folders]
        found = shutil.which(self.name, path=os.pathsep.join(folders))
        if found is None:
            raise LinterMissingError("it is not installed")
        file = Path(found)
        if self.is_native and _is_script(file):
            raise LinterMissingError(
                f"{file} is a script that could load the project's code; the wheel's program is needed"
            )
        return file, _stamp(file)


def _stamp(file: Path) -> _Stamp:
    try:
        status = file.stat()
    except OSError as error:
        raise LinterMissingError(f"{file} cannot be read: {error.strerror}") from error
    return str(file), status.st_mtime_ns, status.st_size


def _is_script(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(2) == b"#!"
    except OSError as error:
        raise LinterMissingError(f"{file} cannot be read: {error.strerror}") from error

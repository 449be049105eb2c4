"""What of a project's compile command a linter may be given: where headers are, names, and the standard.

Everything else stays out, plug-ins and response files first of all.
"""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.project import folder_of, nearest

_DATABASES = ("compile_commands.json", "build/compile_commands.json")
_LARGEST_DATABASE_BYTES = 32 * 1024 * 1024
_JOINED = re.compile(r"^(-I|-D|-U|-isystem|-iquote|-std=).+")
_SEPARATE = frozenset({"-I", "-D", "-U", "-isystem", "-iquote"})
_FOLDERS = ("-isystem", "-iquote", "-I")


class _Entry(msgspec.Struct):
    file: str
    directory: str = "/"
    arguments: list[str] = []
    command: str = ""


def compiler_arguments(path: str) -> list[str]:
    """Return the harmless arguments a file is compiled with; without a command, its own folder for headers."""
    folder = folder_of(path)
    if folder is None:
        return []
    return [f"-I{folder}", *_from_database(path)]


def _from_database(path: str) -> list[str]:
    database = nearest(path, _DATABASES)
    if database is None or database.stat().st_size > _LARGEST_DATABASE_BYTES:
        return []
    try:
        entries = msgspec.json.decode(database.read_bytes(), type=list[_Entry])
    except (OSError, msgspec.MsgspecError):
        return []  # a half-written one; the file can be looked at without
    for entry in entries:
        if Path(entry.directory, entry.file) == Path(path):
            return list(_harmless(entry.arguments or _split(entry.command), Path(entry.directory)))
    return []


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _harmless(arguments: Iterable[str], directory: Path) -> Iterable[str]:
    waiting = ""
    for argument in arguments:
        if waiting:
            yield _absolute(waiting + argument, directory)
            waiting = ""
        elif argument in _SEPARATE:
            waiting = argument
        elif _JOINED.match(argument):
            yield _absolute(argument, directory)


def _absolute(argument: str, directory: Path) -> str:
    for option in _FOLDERS:
        if argument.startswith(option):
            return option + str(directory / argument.removeprefix(option))
    return argument

"""Doing what a plan says, and undoing exactly that: what was made is recorded in the state folder.

A file that is not as it was written has been changed by a person; it is neither overwritten nor removed unasked.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import write_private
from andiron_installer.service.errors import ChangedFileError, ServiceError
from andiron_installer.service.plan import Command, Plan, PlannedFile
from andiron_installer.service.tool import ask_tool, run_tool


class MadeFile(msgspec.Struct, frozen=True):
    """A file that was written, and the hash of what was."""

    path: str
    sha256: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation made, and the commands that undo what it ran."""

    kind: str
    name: str
    autostart: bool
    files: tuple[MadeFile, ...]
    variables: dict[str, str] = {}
    folders: tuple[str, ...] = ()
    before_removing: tuple[Command, ...] = ()
    after_removing: tuple[Command, ...] = ()


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, what was left because it had been changed, and what a tool complained of."""

    removed: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()
    complaints: tuple[str, ...] = ()


def record_of(paths: Paths) -> Record | None:
    """Read what an installation made; None if nothing is installed.

    Raises:
        ServiceError: the record cannot be read.
    """
    file = _record_file(paths)
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ServiceError(
            f"{file}: cannot be read: {error}", hint="Remove the file, then: andiron service install"
        ) from error


def is_current(plan: Plan, record: Record | None) -> bool:
    """Tell whether everything the plan says is there as it says."""
    if record is None or record.autostart != plan.autostart or record.kind != plan.kind:
        return False
    planned = {str(file.path): _hash(file.content) for file in plan.files}
    return {made.path: made.sha256 for made in record.files} == planned and not changed_files(record)


def changed_files(record: Record) -> tuple[Path, ...]:
    """List what is not as it was written, or gone."""
    return tuple(Path(made.path) for made in record.files if _hash_of_file(Path(made.path)) != made.sha256)


def install(plan: Plan, paths: Paths, *, overwrite: bool = False) -> Record:
    """Write the plan's files, run its commands, and keep the record.

    Raises:
        ChangedFileError: a file in the way is a person's, unless it may be overwritten.
        ServiceError: a file cannot be written, or a command failed; what was made is recorded and can be removed.
    """
    before = record_of(paths)
    if not overwrite:
        _check_untouched(plan, before)
    folders = list(before.folders) if before else []
    for file in plan.files:
        folders += _write(file)
    record = Record(
        kind=plan.kind,
        name=plan.name,
        autostart=plan.autostart,
        files=tuple(MadeFile(str(file.path), _hash(file.content)) for file in plan.files),
        variables=plan.variables,
        folders=tuple(dict.fromkeys(folders)),
        before_removing=plan.before_removing,
        after_removing=plan.after_removing,
    )
    _keep(record, paths)
    if before:
        kept = {made.path for made in record.files}
        for path in (Path(made.path) for made in before.files if made.path not in kept):
            path.unlink(missing_ok=True)
    for command in plan.after_writing:
        run_tool(command)
    return record


def uninstall(record: Record, paths: Paths, *, told: Callable[[str], None]) -> Removal:
    """Undo what the record says, and nothing else; the service is stopped already.

    A command that fails does not keep the files from being removed; it is among the complaints.
    """
    complaints = _run_all(record.before_removing, told)
    removed: list[Path] = []
    left: list[Path] = []
    changed = set(changed_files(record))
    for path in (Path(made.path) for made in record.files):
        if not path.exists():
            continue
        if path in changed:
            left.append(path)
            continue
        _remove(path)
        removed.append(path)
        told(f"removed {path}")
    for folder in sorted((Path(folder) for folder in record.folders), key=lambda path: -len(path.parts)):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    # What is left over of a unit that is gone (a failure that was remembered) is no failure of the removal.
    _run_all(record.after_removing, told)
    _record_file(paths).unlink(missing_ok=True)
    return Removal(removed=tuple(removed), left=tuple(left), complaints=complaints)


def _run_all(commands: Iterable[Command], told: Callable[[str], None]) -> tuple[str, ...]:
    complaints = []
    for command in commands:
        answer = ask_tool(command)
        if answer.status == 0:
            told(f"ran {' '.join(command)}")
        else:
            complaints.append(f"{' '.join(command)}: {answer.text or f'exit status {answer.status}'}")
    return tuple(complaints)


def _check_untouched(plan: Plan, before: Record | None) -> None:
    made = {file.path: file.sha256 for file in before.files} if before else {}
    for file in plan.files:
        found = _hash_of_file(file.path)
        if found is not None and found not in (made.get(str(file.path)), _hash(file.content)):
            raise ChangedFileError(
                f"{file.path} is there and is not as `andiron service install` wrote it",
                hint="Look at it, then say --force to have it written anew.",
            )


def _write(file: PlannedFile) -> list[str]:
    """Write a file; return the folders that had to be made for it, the outermost first."""
    missing = [folder for folder in file.path.parents if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        write_private(file.path, file.content)
    except OSError as error:
        raise ServiceError(
            f"{file.path}: cannot be written: {error.strerror or error}",
            hint="Make the folder writable; or run `andiron serve` by hand, which needs no such file.",
        ) from error
    return [str(folder) for folder in reversed(missing)]


def _keep(record: Record, paths: Paths) -> None:
    try:
        make_private(paths.state)
        write_private(_record_file(paths), msgspec.json.format(msgspec.json.encode(record)))
    except OSError as error:
        raise ConfigurationError(
            f"{paths.state}: cannot be written: {error.strerror or error}",
            hint="Make room there, or set ANDIRON_HOME to a folder of yours.",
        ) from error


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise ServiceError(
            f"{path}: cannot be removed: {error.strerror or error}", hint="Remove it by hand."
        ) from error


def _record_file(paths: Paths) -> Path:
    return paths.state / "service.json"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_of_file(path: Path) -> str | None:
    try:
        return _hash(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ServiceError(f"{path}: cannot be read: {error.strerror or error}", hint="Make it yours.") from error

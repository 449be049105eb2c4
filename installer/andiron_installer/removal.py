"""`andiron uninstall`: what there is of Andiron on this machine, as a list, and its removal.

The list is shown first and is what is removed, nothing else. The environment this runs in goes last.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from andiron_daemon.client import running_daemon
from andiron_daemon.connect.errors import ConnectError
from andiron_daemon.connect.undoing import connections, undo
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.ending import end_daemon
from andiron_installer.service.errors import ServiceError
from andiron_installer.service.service import Service

Kind = Literal["connection", "service", "tray", "daemon", "folder", "environment"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes: what it is, where, and how much of it there is."""

    kind: Kind
    what: str
    path: Path | None = None
    size_bytes: int = 0
    files: int = 0


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """What goes, in order, and what stays, with the reason."""

    items: tuple[Item, ...]
    stays: tuple[str, ...]


class RemovalError(DaemonError):
    """Something could not be removed; what was removed before stays removed."""


def take_stock(paths: Paths, *, purge: bool) -> Inventory:
    """List what a removal takes away, and what it leaves.

    Args:
        paths: whose folders.
        purge: whether conversations, settings and models go, too.
    """
    items: list[Item] = []
    stays: list[str] = []
    record = Service(paths).record
    if record is not None:
        where = Path(record.files[0].path) if record.files else None
        items.append(Item(kind="service", what=f"the service {record.name} ({record.kind})", path=where))
    if _tray_starts_at_login():
        items.append(Item(kind="tray", what="the tray's start at login"))
    for file in dict.fromkeys(one.file for one in connections(paths)):
        items.append(
            Item(kind="connection", what="what `andiron connect` wrote, and nothing else, from", path=Path(file))
        )
    running = running_daemon(paths)
    if running is not None:
        items.append(Item(kind="daemon", what=f"the daemon that runs (pid {running.pid}) is stopped"))
    for folder, what, goes in _folders(paths, purge=purge):
        if not folder.is_dir():
            continue
        if not goes:
            stays.append(f"{what}: {folder} (--purge removes it)")
        elif reason := _too_general(folder, paths):
            stays.append(f"{what}: {folder}, because {reason}; remove what is Andiron's in it by hand")
        else:
            size_bytes, files = _measure(folder)
            items.append(Item(kind="folder", what=what, path=folder, size_bytes=size_bytes, files=files))
    _add_program(items, stays)
    return Inventory(items=tuple(items), stays=tuple(stays))


def remove(inventory: Inventory, paths: Paths, told: Callable[[str], None]) -> None:
    """Remove what the inventory lists.

    Raises:
        EndError: the daemon does not end.
        RemovalError: something cannot be removed.
    """
    for item in inventory.items:
        if item.kind == "service":
            _remove_service(paths, told)
        elif item.kind == "tray":
            _switch_tray_off()
            told("removed the tray's start at login")
        elif item.kind == "connection" and item.path is not None:
            _disconnect(paths, item.path, told)
        elif item.kind == "daemon":
            end_daemon(paths, told)
            told("stopped the daemon")
        elif item.path is not None:
            _remove_folder(item.path)
            told(f"removed {item.path}")
    root = paths.state.parent
    if os.environ.get("ANDIRON_HOME") and root.is_dir() and not any(root.iterdir()):
        root.rmdir()


def own_environment() -> Environment | None:
    """Return the environment this runs in, if `python3 installer` made it."""
    environment = Environment(Path(sys.prefix).parent)
    return environment if environment.folder == Path(sys.prefix) and environment.stamp() is not None else None


def _folders(paths: Paths, *, purge: bool) -> Iterator[tuple[Path, str, bool]]:
    """Name the folders, the inner ones first; what would be gone with an outer one is not named again."""
    yield paths.state, "token, logs and run files", True
    yield paths.cache, "cache", True
    if paths.data not in paths.models.parents:
        yield paths.models, "models", purge
    yield paths.data, "conversations" + (" and models" if paths.data in paths.models.parents else ""), purge
    yield paths.config, "settings", purge


def _too_general(folder: Path, paths: Paths) -> str:
    """Say why a folder might hold what is not Andiron's; empty if it does not.

    A home of one's own (ANDIRON_HOME) that is a person's home, or holds it, has folders of everyday names.
    """
    try:
        person = Path.home()
    except RuntimeError:  # without a home nothing of a person's is in danger
        return ""
    root = paths.state.parent
    if os.environ.get("ANDIRON_HOME") and (root == person or root in person.parents):
        return f"ANDIRON_HOME is {root}"
    if folder == person or folder in person.parents:
        return "your home folder is in it"
    return ""


def _measure(folder: Path) -> tuple[int, int]:
    sizes = [(Path(root) / name).lstat().st_size for root, _, names in os.walk(folder) for name in names]
    return sum(sizes), len(sizes)


def _add_program(items: list[Item], stays: list[str]) -> None:
    """List the program itself: only what `python3 installer` made is removed."""
    environment = own_environment()
    if getattr(sys, "frozen", False):
        stays.append(f"the program: {Path(sys.executable).parent}; delete the folder, or remove the package")
    elif environment is None:
        stays.append(
            f"the program, in an environment of yours; remove it with: {sys.executable} -m pip uninstall andiron"
        )
    elif os.name == "nt":
        stays.append(f"the program: {environment.root}; delete the folder, which Windows lets no program do to itself")
    else:
        size_bytes, files = _measure(environment.root)
        items.append(
            Item(kind="environment", what="the program", path=environment.root, size_bytes=size_bytes, files=files)
        )
        stays.append(f"the checkout: {environment.root.parent}")


def _tray_starts_at_login() -> bool:
    try:
        return bool(importlib.import_module("andiron_tray.autostart").starts_at_login())
    except (OSError, RuntimeError):  # without a home folder nothing starts at login
        return False


def _switch_tray_off() -> None:
    errors = importlib.import_module("andiron_tray.errors")
    try:
        importlib.import_module("andiron_tray.autostart").set_start_at_login(False)
    except errors.TrayError as error:
        raise RemovalError(error.message, hint=error.hint) from error


def _disconnect(paths: Paths, file: Path, told: Callable[[str], None]) -> None:
    try:
        undo(paths, file)
    except ConnectError as error:
        # The file is another program's, which works on; only its owner can say what was meant.
        told(f"left {error.message}; {error.hint}")
    else:
        told(f"{file} is without Andiron again")


def _remove_service(paths: Paths, told: Callable[[str], None]) -> None:
    try:
        removal = Service(paths).uninstall(told)
    except ServiceError as error:
        raise RemovalError(f"the service cannot be removed: {error.message}", hint=error.hint) from error
    told("removed the service")
    for path in removal.left:
        told(f"left {path}, which was changed since it was written; remove it yourself")
    for complaint in removal.complaints:
        told(f"note: {complaint}")


def _remove_folder(folder: Path) -> None:
    """Remove a folder; of one that is a link, the link, since what it leads to may be another's."""
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise RemovalError(
            f"{error.filename or folder}: cannot be removed: {error.strerror}", hint="Mend it, then start again."
        ) from error

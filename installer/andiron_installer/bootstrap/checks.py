"""What must be true before anything long begins; each check raises one clear error or says nothing."""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from andiron_installer.bootstrap.failures import NoSpaceError, NoVenvError, ReadOnlyError


@dataclass(frozen=True)
class Need:
    """Room that something will take on a disk."""

    what: str
    folder: Path
    size_bytes: int


@dataclass(frozen=True)
class Volume:
    """The disk a folder is on."""

    device: int
    free_bytes: int


def check_venv(present: Callable[[str], object] = importlib.util.find_spec) -> None:
    """Look for the standard library's modules that some distributions of Python leave out.

    Raises:
        NoVenvError: naming the package to install.
    """
    absent = [name for name in ("venv", "ensurepip") if not present(name)]
    if absent:
        raise NoVenvError(
            f"this Python ({sys.executable}) came without its module {absent[0]}",
            f"On Debian and Ubuntu run: sudo apt install python3.{sys.version_info[1]}-venv; then start it again.",
        )


def check_writable(folder: Path) -> None:
    """Write and remove a file.

    Raises:
        ReadOnlyError: the folder, or the one it would be made in, cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ReadOnlyError(
            f"{folder} cannot be written: {error.strerror}",
            "Make it writable, or choose another place: python3 installer --environment FOLDER",
        ) from error


def find_volume(folder: Path) -> Volume:
    """Find the disk of a folder that may be yet to be made."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    return Volume(there.stat().st_dev, shutil.disk_usage(there).free)


def check_space(needs: Sequence[Need], volume_of: Callable[[Path], Volume] = find_volume) -> None:
    """Add up what goes to each disk and compare it with what is free there.

    Raises:
        NoSpaceError: naming the folders, what is needed and what is free.
    """
    by_device: dict[int, list[Need]] = {}
    for need in needs:
        by_device.setdefault(volume_of(need.folder).device, []).append(need)
    for group in by_device.values():
        needed_bytes = sum(need.size_bytes for need in group)
        free_bytes = volume_of(group[0].folder).free_bytes
        if free_bytes < needed_bytes:
            parts = ", ".join(f"{need.what} in {need.folder}" for need in group)
            raise NoSpaceError(
                f"the disk is too full: {gigabytes(needed_bytes)} are needed ({parts}), "
                f"{gigabytes(free_bytes)} are free",
                "Make room there, or move what can be moved: --environment FOLDER, ANDIRON_HOME for the model.",
            )


def gigabytes(size_bytes: int) -> str:
    """Say a size as people read it."""
    return f"{size_bytes / 1e9:.1f} GB"


def user_folder() -> Path:
    """Say on which disk the model will be; exactly where is the daemon's paths' affair."""
    home = os.environ.get("ANDIRON_HOME")
    return Path(home).expanduser() if home else Path.home()

"""Whether a path lies in a project on this machine, and which of its configuration files speak for it.

Only names are looked at, upwards from the file's folder; what a configuration may do is each adapter's business.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

# No configuration is looked for further up than this many folders.
_MOST_FOLDERS = 64
_LARGEST_CONFIGURATION_BYTES = 1024 * 1024


def name_of(path: str) -> str:
    """Return a path's last part, whatever system it is of."""
    name = PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name
    return name or "untitled"


def folder_of(path: str) -> Path | None:
    """Return the folder a file lies in, None for what is on no disk of this machine; relative paths are not."""
    try:
        file = Path(path)
        return file.parent if file.is_absolute() and file.parent.is_dir() else None
    except (OSError, ValueError):
        return None  # too long, or with a NUL in it: no file of this machine


def nearest(path: str, names: Sequence[str], *, holds: Callable[[Path], bool] | None = None) -> Path | None:
    """Find the nearest configuration file upwards; `holds` says whether a file of that name counts."""
    for folder in _upwards(path):
        for name in names:
            file = folder / name
            if file.is_file() and (holds is None or holds(file)):
                return file
    return None


def is_within(path: str, folders: Iterable[Path]) -> bool:
    """Tell whether a file really lies in one of some folders, links followed."""
    folder = folder_of(path)
    return folder is not None and any(folder.resolve().is_relative_to(trusted.resolve()) for trusted in folders)


def read_configuration(file: Path) -> str | None:
    """Read a configuration file; None if it cannot be one."""
    try:
        if file.stat().st_size > _LARGEST_CONFIGURATION_BYTES:
            return None
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


@asynccontextmanager
async def scratch_folder() -> AsyncIterator[Path]:
    """Make a folder only this user can look into, for the length of the block."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="andiron-lint-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def write_text(file: Path, text: str) -> None:
    """Write a text as it is, line ends and all."""
    await asyncio.to_thread(file.write_bytes, text.encode("utf-8", "replace"))


def _upwards(path: str) -> list[Path]:
    folder = folder_of(path)
    return [] if folder is None else [folder, *folder.parents][:_MOST_FOLDERS]

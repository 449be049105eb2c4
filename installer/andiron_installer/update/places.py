"""Three folders beside each other: the environment in use, the next one, and the last one while it may be needed.

Environments carry their own path in scripts. The names are of equal length, so that a path can be replaced in any file,
the launchers of Windows too, when a folder takes another's place.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from andiron_installer.update.errors import UpdateError

_LARGEST_SCRIPT_BYTES = 2_000_000


@dataclass(frozen=True)
class Places:
    """The three folders."""

    current: Path
    next: Path
    last: Path

    @property
    def next_python(self) -> Path:
        """The interpreter of the next environment."""
        return python_in(self.next)

    def clear(self) -> None:
        """Remove what an update leaves, or one that was killed left."""
        shutil.rmtree(self.next, ignore_errors=True)
        if self.current.exists():  # else the last one is the only one
            shutil.rmtree(self.last, ignore_errors=True)

    def switch(self) -> None:
        """Put the next environment in the place of the current one, which becomes the last.

        Raises:
            UpdateError: a folder cannot be moved; the current one is in its place.
        """
        relocate(self.next, self.next, self.current)
        try:
            self.current.rename(self.last)
        except OSError as error:
            raise _immovable(error) from error
        try:
            self.next.rename(self.current)
        except OSError as error:
            self.last.rename(self.current)
            raise _immovable(error) from error

    def switch_back(self) -> None:
        """Put the last environment back into its place."""
        self.current.rename(self.next)
        self.last.rename(self.current)


def places_of_root(root: Path) -> Places:
    """Name the folders below a root of the installer's."""
    return Places(current=root / "venv", next=root / "next", last=root / "last")


def places_beside(environment: Path) -> Places:
    """Name the folders beside an environment of any name: the last letter makes the difference."""
    stem = environment.name[:-1]
    return Places(environment, environment.with_name(f"{stem}+"), environment.with_name(f"{stem}-"))


def python_in(environment: Path) -> Path:
    """Name an environment's interpreter."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def relocate(environment: Path, old: Path, new: Path) -> None:
    """Have an environment, and what it says of itself, name another path as its own."""
    scripts = [path for folder in ("bin", "Scripts") for path in (environment / folder).glob("*")]
    told = [environment / "pyvenv.cfg", environment / "andiron-stamp.json"]
    installed = [path for pattern in ("*.pth", "*.dist-info/direct_url.json") for path in environment.rglob(pattern)]
    # An address writes blanks and other letters of a path its own way.
    names = ((os.fsencode(old), os.fsencode(new)), (old.as_uri().encode(), new.as_uri().encode()))
    for file in (*scripts, *told, *installed):
        if file.is_file() and not file.is_symlink() and file.stat().st_size < _LARGEST_SCRIPT_BYTES:
            content = changed = file.read_bytes()
            for before, after in names:
                changed = changed.replace(before, after)
            if changed != content:
                file.write_bytes(changed)


def _immovable(error: OSError) -> UpdateError:
    return UpdateError(
        f"{error.filename}: cannot be moved: {error.strerror}", hint="Close what uses it, then: andiron update"
    )

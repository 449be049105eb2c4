"""The private environment: where it is, what state it is in, and the stamp that says it is whole.

The stamp is written last and taken away first, so an environment without one was left half-made, whatever
stopped the installer; it is then made anew. What took long, the built engine, is kept outside of it.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["missing", "unfinished", "foreign", "outdated", "ready"]

EXPLANATIONS: dict[State, str] = {
    "missing": "to be made",
    "unfinished": "was left unfinished: to be made anew",
    "foreign": "belongs to another Python, machine or folder: to be made anew",
    "outdated": "to be brought up to date",
    "ready": "in place",
}


@dataclass(frozen=True)
class Stamp:
    """What an environment was made of; equal stamps mean there is nothing to do."""

    python: str
    platform: str
    folder: str
    digest: str
    extras: tuple[str, ...]

    def covers(self, wanted: "Stamp") -> bool:
        """Say whether everything wanted is in an environment of this stamp."""
        return self.digest == wanted.digest and set(self.extras) >= set(wanted.extras)

    def same_home(self, wanted: "Stamp") -> bool:
        """Say whether an environment of this stamp can be used at all, here and by this Python."""
        return (self.python, self.platform, self.folder) == (wanted.python, wanted.platform, wanted.folder)


@dataclass(frozen=True)
class Environment:
    """The folder `root`, all of which is the installer's: `venv`, `wheels`, `tmp`, `install.log`, `lock`.

    An update makes one of another `name` beside the one in use.
    """

    root: Path
    name: str = "venv"

    @property
    def folder(self) -> Path:
        """The virtual environment itself."""
        return self.root / self.name

    @property
    def scripts(self) -> Path:
        """Where its commands are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def wheels(self) -> Path:
        """Wheels built here, kept so that an environment can be made anew without building again."""
        return self.root / "wheels"

    @property
    def temporary(self) -> Path:
        """Where pip builds: a folder of ours, so that even what a killed pip leaves there is swept up.

        Windows keeps its own, since the paths of the engine's sources would become too long for it.
        """
        return Path(tempfile.gettempdir()) if os.name == "nt" else self.root / "tmp"

    def sweep(self) -> None:
        """Make the temporary folder, if it is ours, anew."""
        if os.name != "nt":
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary.mkdir(parents=True, exist_ok=True)

    @property
    def log_file(self) -> Path:
        """What pip and the compiler said."""
        return self.root / "install.log"

    @property
    def lock_file(self) -> Path:
        """Held while an installer is at work."""
        return self.root / "lock"

    @property
    def stamp_file(self) -> Path:
        """Says that the environment is whole, and of what it was made."""
        return self.folder / "andiron-stamp.json"

    def wanted(self, digest: str, extras: Iterable[str]) -> Stamp:
        """Describe the environment this Python would make here."""
        python = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
        return Stamp(python, sysconfig.get_platform(), str(self.folder), digest, tuple(sorted(extras)))

    def stamp(self) -> Stamp | None:
        """Read the stamp; one that cannot be read counts as none."""
        try:
            fields = json.loads(self.stamp_file.read_text(encoding="utf-8"))
            return Stamp(**{**fields, "extras": tuple(fields["extras"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def state(self, wanted: Stamp) -> State:
        """Compare what is there with what is wanted."""
        if not self.folder.exists():
            return "missing"
        found = self.stamp()
        if found is None:
            return "unfinished"
        if not found.same_home(wanted) or not self._starts():
            return "foreign"
        return "ready" if found.covers(wanted) else "outdated"

    def make(self) -> None:
        """Make an empty environment with pip in it, in place of whatever was there."""
        if self.folder.exists():
            self.unstamp()
            shutil.rmtree(self.folder)
        self.root.mkdir(parents=True, exist_ok=True)
        venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(self.folder)

    def write_stamp(self, stamp: Stamp) -> None:
        """Declare the environment whole."""
        draft = self.stamp_file.with_suffix(".part")
        draft.write_text(json.dumps(stamp.__dict__, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.stamp_file)

    def unstamp(self) -> None:
        """Declare the environment in the making."""
        self.stamp_file.unlink(missing_ok=True)

    def _starts(self) -> bool:
        try:
            done = subprocess.run([self.python, "-c", ""], capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

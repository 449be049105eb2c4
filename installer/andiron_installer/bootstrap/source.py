"""What is installed from: the checkout this file lies in, and what its pyproject.toml says."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ENGINE = "llama-cpp-python"


@dataclass(frozen=True)
class Source:
    """A checkout (or an unpacked source archive) of Andiron."""

    folder: Path
    version: str
    requirements: tuple[str, ...]
    digest: str

    @property
    def engine_requirement(self) -> str:
        """How pyproject.toml names the engine, its versions included."""
        return next(line for line in self.requirements if _name(line) == ENGINE)

    @property
    def first_requirement(self) -> str:
        """The name of a package that has to come from the index whatever the engine does."""
        return next(_name(line) for line in self.requirements if _name(line) != ENGINE)


def read_source(folder: Path) -> Source:
    """Read the pyproject.toml of a checkout; the digest changes with every change of what must be installed."""
    content = (folder / "pyproject.toml").read_bytes()
    project = tomllib.loads(content.decode())["project"]
    relevant = {name: project.get(name) for name in ("dependencies", "optional-dependencies", "scripts")}
    relevant |= {name: project.get(name) for name in ("gui-scripts", "entry-points", "version", "requires-python")}
    digest = hashlib.sha256(repr(relevant).encode()).hexdigest()
    return Source(folder, project["version"], tuple(project["dependencies"]), digest)


def find_source() -> Source:
    """Read the checkout this file lies in."""
    return read_source(Path(__file__).resolve().parents[3])


def _name(requirement: str) -> str:
    return re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0].lower()

"""An Andiron that was installed from a package index, in an environment that holds nothing else."""

import re
import sys
import venv
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from andiron_installer.bootstrap.child import ask, run_logged
from andiron_installer.bootstrap.offers import PIP_VARIABLES
from andiron_installer.update.errors import UpdateError
from andiron_installer.update.places import Places
from andiron_installer.update.source import News

_NAME = "andiron"
_TOOLS = frozenset(("pip", "setuptools", "wheel", _NAME))
_SECONDS = 90.0


class Index:
    """The package index that pip is set up for."""

    def __init__(self, version: str, log_file: Path) -> None:
        self._version = version
        self._log_file = log_file
        self._newest = version

    def look(self) -> News | None:
        """Ask pip for the newest version."""
        command = [sys.executable, "-m", "pip", "index", "versions", "--timeout", "10", "--retries", "1", _NAME]
        code, said = ask(command, variables=PIP_VARIABLES, timeout_seconds=_SECONDS)
        found = re.search(rf"^{_NAME} \(([^)]+)\)", said, flags=re.MULTILINE)
        if code != 0 or not found:
            last = said.strip().splitlines()[-1] if said.strip() else "pip said nothing"
            raise UpdateError(
                f"the package index cannot be asked: {last[:200]}", hint="Look at the network and at `pip config list`."
            )
        self._newest = found[1]
        if self._newest == self._version:
            return None
        return News(self._newest, (f"{self._version} becomes {self._newest}",))

    def build(self, places: Places, told: Callable[[str | None], None]) -> None:
        """Make an environment and install the newest version with the extras that are in use."""
        venv.EnvBuilder(with_pip=True, clear=True).create(places.next)
        extras = ",".join(extras_in_use())
        requirement = f"{_NAME}[{extras}]=={self._newest}" if extras else f"{_NAME}=={self._newest}"
        command = [str(places.next_python), "-m", "pip", "install", "--prefer-binary", requirement]
        code, tail = run_logged(command, log_file=self._log_file, on_line=told, variables=PIP_VARIABLES)
        if code != 0:
            last = tail[-1] if tail else f"exit status {code}"
            raise UpdateError(f"{requirement} cannot be installed: {last}", hint=f"The whole story: {self._log_file}")

    def take(self, places: Places) -> None:
        """There is nothing to do."""

    def give_back(self) -> None:
        """There is nothing to undo."""

    def clear(self) -> None:
        """There is nothing to remove."""


def extras_in_use() -> list[str]:
    """Name the extras all of whose packages are here."""
    distribution = metadata.distribution(_NAME)
    in_use = []
    for extra in distribution.metadata.get_all("Provides-Extra") or ():
        needs = [line for line in distribution.requires or () if re.search(rf"extra == ['\"]{extra}['\"]", line)]
        # What is for some systems only may well be missing on this one.
        expected = [_name(line) for line in needs if "platform" not in line]
        if expected and all(_is_here(name) for name in expected):
            in_use.append(extra)
    return sorted(in_use)


def strangers() -> list[str]:
    """Name the packages of this environment that Andiron does not need."""
    installed = {_canonical(found.name): found for found in metadata.distributions() if found.name}
    known: set[str] = set()
    waiting = [_NAME]
    while waiting:
        name = waiting.pop()
        if name in known or name not in installed:
            continue
        known.add(name)
        waiting += [_name(line) for line in installed[name].requires or ()]
    return sorted(set(installed) - known - _TOOLS)


def _is_here(name: str) -> bool:
    return any(_canonical(found) == name for found in _names())


def _names() -> Iterable[str]:
    return (found.name for found in metadata.distributions() if found.name)


def _name(requirement: str) -> str:
    return _canonical(re.split(r"[\s<>=!~;\[(]", requirement, maxsplit=1)[0])


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

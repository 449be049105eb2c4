"""What the package index offers for the engine, asked of pip because pip alone knows where to look.

A build takes minutes, so this is found out before anything long: a wheel kept from an earlier build, a
prebuilt wheel for this machine, a wheel in pip's own cache, or source only. An environment that is brought
up to date may have one that still serves.
"""

import re
from pathlib import Path
from typing import Literal

from andiron_installer.bootstrap.child import ask
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.bootstrap.failures import NoNetworkError
from andiron_installer.bootstrap.source import ENGINE, Source

Offer = Literal["installed", "kept", "prebuilt", "cached", "source"]

# A private environment must not be changed by what a person has set for other ones.
PIP_VARIABLES = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
    "PYTHONHOME": "",
    "PYTHONPATH": "",
    "PYTHONUTF8": "1",
}
_ASK_SECONDS = 90.0
_BRIEF = ["--timeout", "10", "--retries", "1"]


def pip(environment: Environment, *arguments: str) -> list[str]:
    """Return the command that runs the environment's own pip."""
    return [str(environment.python), "-m", "pip", *arguments]


def find_offer(environment: Environment, source: Source) -> Offer:
    """Find out where the engine will come from, and that the index can be reached.

    Raises:
        NoNetworkError: the index does not answer, so that what is missing cannot be had.
    """
    if _pip_can(environment, source, "--no-index"):
        _reach(environment, source.first_requirement)
        return "installed"
    kept = ["--no-index", "--find-links", str(environment.wheels)]
    if environment.wheels.is_dir() and _pip_can(environment, source, *kept):
        _reach(environment, source.first_requirement)
        return "kept"
    if _pip_can(environment, source, *_BRIEF):
        return "prebuilt"
    newest = _reach(environment, ENGINE)
    return "cached" if _in_cache(environment, newest) else "source"


def _pip_can(environment: Environment, source: Source, *where: str) -> bool:
    """Ask pip to plan, and only to plan, an installation of the engine from wheels alone."""
    plan = ["--dry-run", "--quiet", "--no-deps", "--only-binary=:all:", *where, source.engine_requirement]
    code, _ = ask(pip(environment, "install", *plan), variables=PIP_VARIABLES, timeout_seconds=_ASK_SECONDS)
    return code == 0


def _reach(environment: Environment, package: str) -> str:
    """Return the newest version the index has of a package."""
    command = pip(environment, "index", "versions", *_BRIEF, package)
    code, said = ask(command, variables=PIP_VARIABLES, timeout_seconds=_ASK_SECONDS)
    found = re.search(rf"^{re.escape(package)} \(([^)]+)\)", said, flags=re.MULTILINE)
    if code == 0 and found:
        return found[1]
    reason = _reason(said)
    raise NoNetworkError(
        f"the package index cannot be reached: {reason}",
        "Check the network and pip's settings (`pip config list`), then start the installer again.",
    )


def _reason(said: str) -> str:
    """Pick the line of pip's that tells most: the last warning of a broken connection, else the last error."""
    lines = [line for line in said.splitlines() if line.strip()]
    broken = re.findall(r"connection broken by '(?:.*>: )?(.+?)'?\)?': /", said)
    if broken:
        return str(broken[-1])[:200]
    return lines[-1].removeprefix("ERROR: ")[:200] if lines else "pip said nothing"


def _in_cache(environment: Environment, version: str) -> bool:
    """Say whether pip has kept a wheel of this version that it once built."""
    command = pip(environment, "cache", "list", ENGINE.replace("-", "_"), "--format", "abspath")
    code, said = ask(command, variables=PIP_VARIABLES, timeout_seconds=_ASK_SECONDS)
    return code == 0 and any(f"-{version}-" in Path(line).name for line in said.splitlines())

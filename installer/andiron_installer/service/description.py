"""The service, described once: what runs, with which variables, and how patiently it is started again.

Each platform's module renders this; none adds anything of its own that another could want too.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from andiron_daemon.paths import Paths
from andiron_daemon.program import own_command
from andiron_installer.service.errors import ServiceError

CONFIGURATION_STATUS = 78
_TITLE = "Andiron, the coding assistant of this machine"
# Where the daemon's folders are, and where its linters are found: a login may bring other ones than this terminal.
_CARRIED = ("ANDIRON_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "PATH")


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of the service; `name` tells the services of several ANDIRON_HOMEs apart.

    A daemon that ends otherwise than with status 0 or 78 is started again, first after `first_delay_seconds`, then
    after twice as long each time; after `restart_limit` times within `restart_window_seconds` it is left alone.
    """

    name: str
    title: str
    command: tuple[str, ...]
    supervisor_command: tuple[str, ...]
    start_command: tuple[str, ...]
    variables: dict[str, str]
    state_folder: Path
    first_delay_seconds: float = 2.0
    longest_delay_seconds: float = 60.0
    restart_limit: int = 8
    restart_window_seconds: float = 600.0
    start_seconds: int = 60
    stop_seconds: int = 20
    watchdog_seconds: int = 30

    @property
    def output_file(self) -> Path:
        """Where what the daemon says goes on platforms without a journal."""
        return self.state_folder / "service.log"


def describe(paths: Paths, environment: Mapping[str, str] | None = None) -> Description:
    """Describe the service of these folders, run by the Python that runs this.

    Raises:
        ServiceError: a path cannot be written into a service.
    """
    variables = os.environ if environment is None else environment
    home = variables.get("ANDIRON_HOME")
    carried = {name: variables[name] for name in _CARRIED if variables.get(name)}
    if "PATH" in carried:
        carried["PATH"] = os.pathsep.join(dict.fromkeys(carried["PATH"].split(os.pathsep)))
    if home:
        carried["ANDIRON_HOME"] = str(paths.state.parent)
    description = Description(
        name=service_name(paths.state.parent if home else None),
        title=_TITLE,
        command=tuple(own_command("serve")),
        supervisor_command=tuple(own_command("service", "supervise")),
        start_command=tuple(own_command("service", "start")),
        variables=carried,
        state_folder=paths.state,
    )
    for text in (*description.command, *carried.values(), str(paths.state)):
        if not text.isprintable():
            raise ServiceError(
                f"{text!r} has characters that cannot be written into a service",
                hint="Move Andiron to a folder whose name has letters, digits, signs and spaces only.",
            )
    return description


def with_path_of(description: Description, variables: Mapping[str, str]) -> Description:
    """Return the description with the PATH of other variables, where they have one."""
    kept = {name: value for name, value in variables.items() if name == "PATH"}
    return msgspec.structs.replace(description, variables={**description.variables, **kept})


def service_name(home: Path | None) -> str:
    """Name the service; one of a home of its own carries a few digits that tell it apart."""
    return f"andiron-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}" if home else "andiron"

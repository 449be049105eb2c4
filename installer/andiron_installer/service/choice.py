"""Which service manager this machine has for this user."""

import sys
from typing import Literal, get_args

from andiron_installer.service.control import Control
from andiron_installer.service.launchd import Launchd
from andiron_installer.service.supervised import Supervised
from andiron_installer.service.systemd import Systemd, systemd_version
from andiron_installer.service.windows import WindowsTask

Kind = Literal["systemd", "launchd", "scheduled task", "supervisor"]
KINDS: tuple[str, ...] = get_args(Kind)
# What a unit is written for where no systemd can be asked for its version: the oldest one that is still around.
_OLDEST_SYSTEMD = 249


def find_control(kind: str | None = None, platform: str = sys.platform) -> Control:
    """Return the control of the named kind, else of the manager that answers here, else of our own supervisor."""
    if kind == "systemd":
        return Systemd(systemd_version() or _OLDEST_SYSTEMD)
    if kind == "launchd" or (kind is None and platform == "darwin"):
        return Launchd()
    if kind == "scheduled task" or (kind is None and platform == "win32"):
        return WindowsTask()
    if kind is None and platform.startswith("linux"):
        version = systemd_version()
        if version is not None:
            return Systemd(version)
    return Supervised()

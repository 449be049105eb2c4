"""The folders that other programs read: a person's home and configuration."""

import os
from pathlib import Path

from andiron_installer.service.errors import ServiceError


def home_folder() -> Path:
    """Return the person's home.

    Raises:
        ServiceError: there is none.
    """
    try:
        home = Path.home()
    except RuntimeError as error:
        raise _homeless("this user has no home folder") from error
    if not home.is_absolute() or not home.is_dir():
        raise _homeless(f"the home folder {home} is not there")
    return home


def configuration_folder() -> Path:
    """Return where desktops and systemd look for a person's own files.

    Raises:
        ServiceError: there is no such place.
    """
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    return configured if configured.is_absolute() else home_folder() / ".config"


def _homeless(message: str) -> ServiceError:
    return ServiceError(f"{message}, and a service belongs there", hint="Set HOME, or run `andiron serve` by hand.")

"""Where this installation came from, and what an update may do with it."""

import json
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from andiron_daemon import __version__
from andiron_daemon.paths import Paths
from andiron_installer.removal import own_environment
from andiron_installer.update.checkout import Checkout
from andiron_installer.update.errors import UpdateError
from andiron_installer.update.index import Index, strangers
from andiron_installer.update.places import Places, places_beside, places_of_root
from andiron_installer.update.source import Source

_SHOWN = 5


def find_origin(paths: Paths) -> tuple[Source, Places]:
    """Find out where this installation came from, and the folders an update works in.

    Raises:
        UpdateError: it is not one that Andiron may replace; the hint says how it is updated.
    """
    if getattr(sys, "frozen", False):
        raise UpdateError(
            "this is a bundle, which is replaced as a whole",
            hint="Unpack the new one beside it, or install the new package; your data is not in it.",
        )
    environment = own_environment()
    folder = _editable_folder()
    if environment is not None:
        checkout = folder if folder is not None and folder.is_dir() else environment.root.parent
        return Checkout(checkout, environment), places_of_root(environment.root)
    if folder is not None:
        raise UpdateError(
            f"this environment was made by hand from the checkout {folder}",
            hint=f"In {folder}: git pull; then: {sys.executable} -m pip install -e .",
        )
    if sys.prefix == sys.base_prefix:
        raise UpdateError(
            f"Andiron is among the packages of {sys.prefix}, which belong to the system",
            hint="Update it by what installed it.",
        )
    others = strangers()
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise UpdateError(
            f"the environment {sys.prefix} also holds {', '.join(others[:_SHOWN])}{more}",
            hint=f"Update it yourself: {sys.executable} -m pip install --upgrade andiron",
        )
    return Index(__version__, paths.state / "update.log"), places_beside(Path(sys.prefix))


def _editable_folder() -> Path | None:
    """Return the checkout that the installation reads its code from."""
    try:
        told = metadata.distribution("andiron").read_text("direct_url.json")
        found = json.loads(told or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    if not found.get("dir_info", {}).get("editable"):
        return None
    return Path(url2pathname(urlsplit(found["url"]).path))

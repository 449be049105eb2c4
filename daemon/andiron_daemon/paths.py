"""Where Andiron keeps things: the platform's user folders, or one root named by ANDIRON_HOME."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from andiron_daemon.errors import ConfigurationError


class Paths(msgspec.Struct, frozen=True):
    """The five folders and the files with fixed names in them; making them is their users' affair."""

    config: Path
    data: Path
    state: Path
    models: Path
    cache: Path

    @property
    def settings_file(self) -> Path:
        """The TOML file a person may write."""
        return self.config / "andiron.toml"

    @property
    def env_file(self) -> Path:
        """The `.env` of the config folder."""
        return self.config / ".env"

    @property
    def prompts(self) -> Path:
        """The folder of a person's own instructions to the model."""
        return self.config / "prompts"

    @property
    def database_file(self) -> Path:
        """Conversations and everything else that is remembered."""
        return self.data / "andiron.db"

    @property
    def token_file(self) -> Path:
        """The secret clients show; mode 0600."""
        return self.state / "token"

    @property
    def run_file(self) -> Path:
        """Who is running, and where; see `runfile`."""
        return self.state / "run.json"

    @property
    def log_file(self) -> Path:
        """The daemon's log."""
        return self.state / "andiron.log"


def find_paths(home: str | None = None) -> Paths:
    """Find the folders: below `home`, else below ANDIRON_HOME, else the platform's own.

    Raises:
        ConfigurationError: there is no home folder for the platform's own to lie in.
    """
    root_text = home or os.environ.get("ANDIRON_HOME")
    if root_text:
        root = Path(root_text).expanduser().absolute()
        return Paths(root / "config", root / "data", root / "state", root / "models", root / "cache")
    from platformdirs import PlatformDirs

    folders = PlatformDirs("andiron", appauthor=False)
    try:
        data = Path(folders.user_data_dir)
        found = Paths(
            config=Path(folders.user_config_dir),
            data=data,
            state=Path(folders.user_state_dir),
            models=data / "models",
            cache=Path(folders.user_cache_dir),
        )
    except RuntimeError as error:
        raise _homeless() from error
    _check_home((found.config, found.data, found.state, found.cache))
    return found


def _check_home(folders: Iterable[Path]) -> None:
    """Refuse folders below a home that is not there: what is kept would lie where nobody looks for it."""
    # "~" itself comes back where neither HOME nor the system knows of a home.
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 -- pathlib's own raises instead
    named = os.environ.get("HOME") if os.name == "posix" else None
    if named != "" and home.is_absolute() and home.is_dir():
        return
    if named == "" or any(not folder.is_absolute() or home in folder.parents for folder in folders):
        raise _homeless()


def _homeless() -> ConfigurationError:
    named = os.environ.get("HOME")
    return ConfigurationError(
        f"there is no home folder (HOME is {'not set' if named is None else repr(named)})",
        hint="Set ANDIRON_HOME to a folder of yours.",
    )


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter, and the ones above it as usual."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

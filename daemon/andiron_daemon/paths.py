"""Where Andiron keeps things: the platform's user folders, or one root named by ANDIRON_HOME."""

import os
from pathlib import Path

import msgspec


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
    """Find the folders: below `home`, else below ANDIRON_HOME, else the platform's own."""
    root_text = home or os.environ.get("ANDIRON_HOME")
    if root_text:
        root = Path(root_text).expanduser().absolute()
        return Paths(root / "config", root / "data", root / "state", root / "models", root / "cache")
    from platformdirs import PlatformDirs

    folders = PlatformDirs("andiron", appauthor=False)
    data = Path(folders.user_data_dir)
    return Paths(
        config=Path(folders.user_config_dir),
        data=data,
        state=Path(folders.user_state_dir),
        models=data / "models",
        cache=Path(folders.user_cache_dir),
    )


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter, and the ones above it as usual."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

"""Writing one setting into the person's TOML file; everything else in it stays as it was, comments included."""

from pathlib import Path

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths, make_private


def write_setting(paths: Paths, name: str, value: str | None) -> None:
    """Set a setting, or with None take it out.

    Raises:
        ConfigurationError: the file cannot be read or written; it is as it was.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    file = paths.settings_file
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        document = tomlkit.parse(text)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}", hint="Mend or remove the file.") from error
    if value is not None:
        document[name] = value
    elif name in document:
        del document[name]
    try:
        make_private(file.parent)
        _replace(file, tomlkit.dumps(document).rstrip("\n") + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be written: {error.strerror}", hint="Make room on the disk, and the file writable."
        ) from error


def _replace(file: Path, text: str) -> None:
    """Write beside the file and rename, so that it is never half-written, and nothing is left beside it.

    The file keeps its mode; a new one, which may come to hold keys, is its owner's alone.
    """
    temporary = file.with_suffix(".tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o600)
        temporary.replace(file.resolve())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise

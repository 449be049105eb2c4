"""Whether the tray starts at login: an XDG autostart entry, a macOS launch agent, or a value of Windows' Run key.

The daemon's own start at login is its service's affair; see `actions`. Nothing is written before it is asked for,
and switching it off removes exactly what switching it on made.
"""

import hashlib
import os
import plistlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from andiron_tray.errors import ActionError

_LABEL = "andiron-tray"
_AGENT = "dev.andiron.tray"
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
# What a quoted argument of a desktop entry must hide from its reader, which un-escapes twice.
_QUOTED = str.maketrans({"\\": "\\\\\\\\", '"': '\\\\"', "`": "\\\\`", "$": "\\\\$", "%": "%%"})
# At login the panel may come up later than the tray.
WAIT_OPTIONS = ("--wait", "60")


def tray_command() -> tuple[str, ...]:
    """Say how this tray is started, by absolute paths; a login knows nothing of ANDIRON_HOME, so that it is said."""
    home = _own_home()
    return (sys.executable, "-P", "-m", "andiron_tray", *WAIT_OPTIONS, *(("--home", home) if home else ()))


def starts_at_login() -> bool:
    """Tell whether the tray starts at login."""
    if sys.platform == "win32":
        return _windows_value() is not None
    file = _file()
    if not file.is_file():
        return False
    try:
        # Desktops switch an entry off by marking it, not by removing it.
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # what this person cannot read, their desktop cannot either
        return False
    return sys.platform == "darwin" or "Hidden=true" not in lines


def set_start_at_login(wanted: bool, command: Sequence[str] | None = None) -> None:
    """Have the tray started at login, or not any more.

    Raises:
        ActionError: it cannot be written down.
    """
    words = tuple(command or tray_command())
    try:
        if sys.platform == "win32":
            _set_windows_value(subprocess.list2cmdline(words) if wanted else None)
        elif not wanted:
            _file().unlink(missing_ok=True)
        else:
            file = _file()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(agent(words) if sys.platform == "darwin" else desktop_entry(words).encode())
    except OSError as error:
        raise ActionError(
            f"start at login cannot be changed: {error.strerror or error}", f"Look at {error.filename or _LABEL}."
        ) from error


def desktop_entry(command: Sequence[str]) -> str:
    """Write the XDG autostart entry that starts a command."""
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=Andiron tray\n"
        "Comment=How the coding assistant on this machine is, in the panel\n"
        f"Exec={' '.join(_quoted(word) for word in command)}\n"
        "Terminal=false\n"
        "X-GNOME-Autostart-enabled=true\n"
    )


def agent(command: Sequence[str]) -> bytes:
    """Write the macOS launch agent that starts a command."""
    return plistlib.dumps(
        {"Label": _named(_AGENT), "ProgramArguments": list(command), "RunAtLoad": True, "ProcessType": "Interactive"}
    )


def _own_home() -> str | None:
    home = os.environ.get("ANDIRON_HOME")
    return str(Path(home).expanduser().absolute()) if home else None


def _named(name: str) -> str:
    """Tell the entries of several homes apart, as the services are."""
    home = _own_home()
    return f"{name}-{hashlib.sha256(home.encode()).hexdigest()[:8]}" if home else name


def _quoted(word: str) -> str:
    return f'"{word.translate(_QUOTED)}"'


def _file() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{_named(_AGENT)}.plist"
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "autostart" / f"{_named(_LABEL)}.desktop"


if sys.platform == "win32":
    import winreg

    def _windows_value() -> str | None:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
                return str(winreg.QueryValueEx(key, _named(_LABEL))[0])
        except FileNotFoundError:
            return None

    def _set_windows_value(command: str | None) -> None:
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
            if command is not None:
                winreg.SetValueEx(key, _named(_LABEL), 0, winreg.REG_SZ, command)
            elif _windows_value() is not None:
                winreg.DeleteValue(key, _named(_LABEL))

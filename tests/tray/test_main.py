"""The tray as a process of its own, since pystray binds to a display while it is imported."""

import os
import subprocess
import sys

VARIABLES = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}


def run_tray(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; from andiron_tray.main import main; sys.exit(main({list(arguments)!r}))"
    return subprocess.run(
        [sys.executable, "-c", code], env={**VARIABLES, **more}, capture_output=True, text=True, timeout=60, check=False
    )


def test_without_a_display_it_says_so_in_one_line_and_a_hint() -> None:
    done = run_tray()
    assert done.returncode == 69
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: no tray can be shown here")
    assert hint.startswith("hint: ")


def test_without_pystray_it_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['pystray'] = None\nfrom andiron_tray.main import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 69
    assert "python3 installer --tray" in done.stderr


def test_help_needs_no_display() -> None:
    done = run_tray("--help")
    assert done.returncode == 0
    assert "panel" in done.stdout


def test_the_icon_offers_the_menu_of_the_state_and_follows_it() -> None:
    """With pystray's own dummy, which draws nothing and keeps everything."""
    code = """
from andiron_tray.icon import PystrayIcon
from andiron_tray.state import TrayState

done = []
icon = PystrayIcon(lambda: TrayState(), done.append)
items = list(icon._icon.menu)
print([(item.text, item.enabled) for item in items])
icon._do("start")
print(done)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**VARIABLES, "PYSTRAY_BACKEND": "dummy"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    labels, acted = done.stdout.splitlines()
    assert labels == "[('Andiron is not running', False), ('Start', True), ('Quit the tray', True)]"
    assert acted == "['start']"

"""The icon by pystray, with pystray's own dummy, which draws nothing and keeps everything."""

import os
import subprocess
import sys

SHOWN = """
from andiron_tray.face import Face
from andiron_tray.icon import PystrayIcon
from andiron_tray.menu import SEPARATOR, Command, Item

chosen = []
icon = PystrayIcon(chosen.append)
type(icon._icon)._update_menu = lambda self: None  # the dummy has none
below = (Item("local", Command("backend", "local"), kind="radio", is_marked=True),
         Item("auto", Command("backend", "auto"), kind="radio"))
menu = (Item("how it is"), SEPARATOR, Item("Backend", children=below),
        Item("Start at login", Command("start_at_login", "on"), kind="check"))
icon.show(Face("ready", "Andiron: ready", menu))
items = list(icon._icon.menu)
print([(item.text, item.enabled) for item in items])
print([(item.text, item.checked, item.radio) for item in items[2].submenu])
print(items[3].checked, icon._icon.title, icon._icon.icon.size)
items[2].submenu.items[1](icon._icon)
items[3](icon._icon)
print(chosen)
"""


def run(code: str, backend: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**variables, "PYSTRAY_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_menu_of_a_face_becomes_pystrays_with_marks_submenus_and_clicks() -> None:
    done = run(SHOWN, "dummy")
    assert done.stderr == ""
    items, backends, rest, chosen = done.stdout.splitlines()
    assert items == "[('how it is', False), ('- - - -', True), ('Backend', True), ('Start at login', True)]"
    assert backends == "[('local', True, True), ('auto', False, True)]"
    assert rest == "False Andiron: ready (64, 64)"
    assert chosen == "[Command(action='backend', value='auto'), Command(action='start_at_login', value='on')]"


def test_pystray_without_a_display_is_an_error_of_ours() -> None:
    code = """
from andiron_tray.errors import TrayUnavailableError
from andiron_tray.icon import check_pystray
try:
    check_pystray()
except TrayUnavailableError as error:
    print(error.hint)
"""
    done = run(code, "xorg")
    assert done.stderr == ""
    assert done.stdout == "Start andiron-tray in a graphical session; the daemon itself needs none.\n"


def test_windows_and_macos_get_pystray() -> None:
    code = """
from andiron_tray.probing import find_icon
print(find_icon(0, "win32").__name__, find_icon(0, "darwin").__name__)
"""
    assert run(code, "dummy").stdout == "PystrayIcon PystrayIcon\n"


def test_where_no_panel_speaks_the_protocol_pystray_with_a_menu_is_taken() -> None:
    code = """
import os
os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
from andiron_tray.probing import find_icon
print(find_icon(0, "linux").__name__)
"""
    assert run(code, "dummy").stdout == "PystrayIcon\n"

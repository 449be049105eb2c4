"""A real panel on a virtual display with a session bus of its own, for tests of what a person sees and clicks.

Xvfb, openbox, xfce4-panel with nothing in it but its status tray, and a stand-in for the notification service that
writes down what it is sent. Everything is ended with the block.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageChops, ImageColor

Found = TypeVar("Found")

_TESTS = str(Path(__file__).parents[1])
# Each writes to a descriptor of ours how it can be reached, once it can.
_XVFB = ("Xvfb", "-displayfd", "FD", "-screen", "0", "800x600x24", "-nolisten", "tcp")
_BUS = ("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=FD")
_PATIENCE_SECONDS = 25.0
_LOOK_SECONDS = 0.05
_END_SECONDS = 5.0
_PANEL_HEIGHT = 32
_PANEL = f"""<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="DARK"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{_PANEL_HEIGHT}"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"/>
  </property>
</channel>
"""


class Desktop:
    """What a test does at it; `variables` are those of a program started there."""

    def __init__(self, folder: Path, variables: dict[str, str], stack: ExitStack) -> None:
        self.variables = variables
        self._folder = folder
        self._stack = stack
        self._panel: subprocess.Popen[bytes] | None = None

    def start(self, *command: str | Path, **variables: str) -> subprocess.Popen[bytes]:
        """Start a program; it is ended with the desktop."""
        return self._stack.enter_context(_running(command, {**self.variables, **variables}, self._folder / "said.log"))

    def start_panel(self) -> None:
        """Start the panel."""
        self._panel = self.start("xfce4-panel", "--disable-wm-check")

    def kill_panel(self) -> None:
        """Kill the panel, as a crash would."""
        assert self._panel is not None
        self._panel.kill()
        self._panel.wait()

    def picture(self) -> Image.Image:
        """What is on the screen now."""
        file = self._folder / "screen.png"
        self._run("scrot", "--overwrite", "--silent", file)
        with Image.open(file) as screen:
            return screen.convert("RGB")

    def spot(self, colour: str) -> tuple[int, int] | None:
        """The middle of what has a colour in the panel; None if nothing has."""
        return _middle_of(self.picture().crop((0, 0, 400, _PANEL_HEIGHT)), colour)

    def wait_for(self, colour: str) -> tuple[int, int]:
        """Wait until the panel shows an icon of a colour, and say where."""
        return until(lambda: self.spot(colour), f"an icon of the colour {colour}")

    def click(self, spot: tuple[int, int], button: int = 1) -> None:
        """Click there."""
        self._run("xdotool", "mousemove", str(spot[0]), str(spot[1]), "click", str(button))

    def keys(self, *keys: str) -> None:
        """Press keys one after the other."""
        self._run("xdotool", "key", "--delay", "60", *keys)

    def wait_for_menu(self) -> tuple[int, int, int, int]:
        """Wait until something has opened below the panel, and say where."""
        return until(self._opened, "an open menu")

    def has_menu(self) -> bool:
        """Tell whether something is open below the panel."""
        return self._opened() is not None

    def notifications(self) -> list[str]:
        """The titles and texts of what was notified, one a line."""
        file = self._folder / "notified.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def _opened(self) -> tuple[int, int, int, int] | None:
        below = self.picture()
        below.paste("#000000", (0, 0, below.width, _PANEL_HEIGHT))
        box = below.getbbox()
        return box if box is not None and box[2] - box[0] > 80 and box[3] - box[1] > 80 else None

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, env=self.variables, check=True, capture_output=True, timeout=20)


@contextmanager
def desktop(folder: Path, *, dark: bool = False) -> Iterator[Desktop]:
    """Run a desktop whose files are all below `folder`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = folder / "config" / "xfce4" / "xfconf" / "xfce-perchannel-xml" / "xfce4-panel.xml"
    settings.parent.mkdir(parents=True)
    settings.write_text(_PANEL.replace("DARK", str(dark).lower()), encoding="utf-8")
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_", "WAYLAND"))},
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "NO_AT_BRIDGE": "1",
    }
    with ExitStack() as stack:
        variables["DISPLAY"] = f":{stack.enter_context(_told(folder, variables, _XVFB))}"
        variables["DBUS_SESSION_BUS_ADDRESS"] = stack.enter_context(_told(folder, variables, _BUS))
        made = Desktop(folder, variables, stack)
        made.start("openbox", "--sm-disable")
        made.start(sys.executable, "-m", "andiron_testing.notified", folder / "notified.txt", PYTHONPATH=_TESTS)
        made.start_panel()
        yield made


def until(look: Callable[[], Found | None], what: str) -> Found:
    """Look until there is something, and return it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"there was no {what} within {_PATIENCE_SECONDS:.0f} s"
        time.sleep(_LOOK_SECONDS)
    return found


@contextmanager
def _running(
    command: tuple[str | Path, ...], variables: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own, and end all of it."""
    with (
        log.open("ab") as said,
        subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _told(folder: Path, variables: dict[str, str], command: tuple[str, ...]) -> Iterator[str]:
    """Run a server that tells through a pipe how it is reached."""
    reading, writing = os.pipe()
    words = [word.replace("FD", str(writing)) for word in command]
    with (
        (folder / "said.log").open("ab") as said,
        subprocess.Popen(
            words, env=variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said, pass_fds=[writing]
        ) as process,
    ):
        os.close(writing)
        try:
            with os.fdopen(reading) as pipe:
                yield pipe.readline().strip()
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let a server remove its socket as it ends."""
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _middle_of(image: Image.Image, colour: str) -> tuple[int, int] | None:
    wanted = Image.new("RGB", image.size, ImageColor.getrgb(colour))
    away = ImageChops.difference(image, wanted).convert("L").point(lambda value: 255 * (value < 12))
    # A few pixels may have it by chance; an icon has many.
    box = away.getbbox()
    if box is None or away.histogram()[255] < 30:
        return None
    return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2

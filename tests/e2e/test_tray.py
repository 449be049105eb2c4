"""The tray in a real panel: seen on the screen, clicked with a mouse, with a real daemon behind it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from andiron_daemon.client import find_client, wait_until_healthy, wait_until_stopped
from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import StartDaemon, put_model
from andiron_testing.desktop import Desktop, desktop, until
from andiron_tray.picture import COLOURS

pytestmark = [pytest.mark.e2e, pytest.mark.model]
TRAY = (sys.executable, "-P", "-m", "andiron_tray")
SECONDS = 30


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Desktop]:
    with desktop(tmp_path / "a person's désktop") as made:
        yield made


def variables_of(paths: Paths, screen: Desktop) -> dict[str, str]:
    # The panel shows it over the bus alone: a tray that has no display is shown all the same.
    return {**screen.variables, "ANDIRON_HOME": str(paths.state.parent), "DISPLAY": "", "PORT": "0"}


def choose(screen: Desktop, colour: str, downs: int) -> None:
    """Open the menu by a click on the icon and choose an item by its place among those that can be chosen."""
    screen.click(screen.wait_for(colour))
    screen.wait_for_menu()
    screen.keys(*["Down"] * downs, "Return")


def test_a_person_sees_the_daemon_and_stops_starts_and_loses_it_by_the_icon(
    screen: Desktop, start_daemon: StartDaemon, smollm2_path: Path, paths: Paths
) -> None:
    put_model(smollm2_path, paths)
    daemon = start_daemon()
    tray = screen.start(*TRAY, "--wait", str(SECONDS), **variables_of(paths, screen))

    # Ready, and the menu opens at a click and closes again.
    spot = screen.wait_for(COLOURS["ready"])
    before = screen.picture()
    screen.click(spot)
    left, top, right, bottom = screen.wait_for_menu()
    menu = screen.picture().crop((left, top, right, bottom))
    assert len(menu.getcolors(1 << 20) or []) > 8, "a menu has letters in it"
    screen.keys("Escape")
    until(lambda: not screen.has_menu(), "closed menu")
    assert screen.picture().size == before.size

    # A panel that crashed and came back has it again.
    screen.kill_panel()
    until(lambda: screen.spot(COLOURS["ready"]) is None, "empty screen")
    screen.start_panel()

    # A click that stops the daemon: the first thing that can be chosen.
    choose(screen, COLOURS["ready"], 1)
    assert wait_until_stopped(paths, timeout_seconds=SECONDS)
    assert daemon.wait() == 0
    screen.wait_for(COLOURS["stopped"])
    assert tray.poll() is None

    # And one that starts another.
    choose(screen, COLOURS["stopped"], 1)
    record = wait_until_healthy(paths, timeout_seconds=SECONDS)
    assert record is not None
    screen.wait_for(COLOURS["ready"])

    # One that is killed is an error, and said.
    psutil.Process(record.pid).send_signal(signal.SIGKILL)
    screen.wait_for(COLOURS["error"])
    until(lambda: any("ended unexpectedly" in line for line in screen.notifications()), "notification")
    assert tray.poll() is None


def test_a_tray_that_is_shown_is_not_shown_twice_and_is_quit_alone(
    screen: Desktop, start_daemon: StartDaemon, paths: Paths
) -> None:
    """Without a model the daemon cannot answer, which is an error to be seen."""
    start_daemon()
    variables = variables_of(paths, screen)
    first = screen.start(*TRAY, "--wait", str(SECONDS), **variables)
    spot = screen.wait_for(COLOURS["error"])
    second = subprocess.run(
        [*TRAY, "--wait", "0"], env=variables, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (second.returncode, second.stderr) == (0, "Andiron's tray is already shown in this session\n")

    # Up from the top goes around to the last item, and the one above it quits the tray alone.
    screen.click(spot)
    screen.wait_for_menu()
    screen.keys("Up", "Up", "Return")
    assert first.wait(SECONDS) == 0
    until(lambda: screen.spot(COLOURS["error"]) is None, "empty panel")
    client = find_client(paths)
    assert client is not None
    assert client.health()["status"] == "ok"


def test_a_bus_without_a_panel_is_one_clear_line(screen: Desktop, paths: Paths) -> None:
    until(lambda: screen.picture().crop((0, 0, 400, 32)).getbbox(), "panel")
    screen.kill_panel()
    started = time.monotonic()
    done = subprocess.run(
        [*TRAY, "--wait", "0"],
        env=variables_of(paths, screen),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 69
    assert done.stderr.startswith("error: no panel here shows icons")
    assert len(done.stderr.splitlines()) == 2
    assert time.monotonic() - started < SECONDS

"""One tray a session."""

import pytest

from andiron_daemon.paths import Paths
from andiron_tray.errors import TrayUnavailableError
from andiron_tray.session import AlreadyShownError, one_tray, session_name

BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus", "DISPLAY": ":0"}


def test_a_second_tray_of_a_session_is_refused_until_the_first_has_gone(paths: Paths) -> None:
    with one_tray(paths, BUS), pytest.raises(AlreadyShownError), one_tray(paths, BUS):
        raise AssertionError("two trays")
    with one_tray(paths, BUS):
        pass


def test_another_session_has_its_own(paths: Paths) -> None:
    with one_tray(paths, {"DISPLAY": ":0"}), one_tray(paths, {"DISPLAY": ":1"}), one_tray(paths, {}):
        pass


def test_the_bus_says_which_session_it_is_not_the_moment_it_was_joined() -> None:
    address = "unix:abstract=/tmp/dbus-x"
    assert session_name({"DBUS_SESSION_BUS_ADDRESS": f"{address},guid=1"}) == session_name(
        {"DBUS_SESSION_BUS_ADDRESS": f"{address},guid=2", "DISPLAY": ":3"}
    )


def test_a_folder_that_cannot_be_made_is_named(paths: Paths) -> None:
    paths.state.parent.mkdir()
    paths.state.write_text("in the way")
    with pytest.raises(TrayUnavailableError, match="state") as caught, one_tray(paths, BUS):
        pass
    assert "ANDIRON_HOME" in caught.value.hint

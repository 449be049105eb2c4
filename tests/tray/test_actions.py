import webbrowser

import pyperclip
import pytest

from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import stub_daemon
from andiron_tray.actions import ACTIONS, copy_url, open_docs, start, stop
from andiron_tray.errors import ActionError
from andiron_tray.menu import menu
from andiron_tray.state import TrayState


def test_every_item_has_its_action() -> None:
    states = (TrayState(), TrayState(condition="running"), TrayState(condition="silent"))
    offered = {item.action for state in states for item in menu(state) if item.action}
    assert offered - {"quit"} == set(ACTIONS)


def test_stop_asks_the_daemon_to_end(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["POST /api/v1/system/stop"] = (202, None)
        stop(paths)
        assert len(stub.bodies("POST /api/v1/system/stop")) == 1


def test_stop_without_a_daemon_does_nothing(paths: Paths) -> None:
    stop(paths)


def test_a_refused_stop_is_said(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["POST /api/v1/system/stop"] = (401, {"error": {"code": "unauthorized", "message": "wrong token"}})
        with pytest.raises(ActionError, match="wrong token"):
            stop(paths)


def test_a_start_that_fails_gives_the_daemons_own_reason(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "a harbour")
    with pytest.raises(ActionError, match="a harbour") as caught:
        start(paths)
    assert caught.value.hint


def test_the_documentation_opens_at_the_address_of_the_daemon(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def keep(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", keep)
    with stub_daemon(paths) as stub:
        open_docs(paths)
        assert opened == [f"{stub.url}/docs"]


@pytest.mark.parametrize("action", [open_docs, copy_url])
def test_what_needs_a_daemon_says_that_there_is_none(action: type, paths: Paths) -> None:
    with pytest.raises(ActionError, match="not running"):
        action(paths)


def test_without_a_clipboard_the_address_is_said_instead(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise pyperclip.PyperclipException("no clipboard")

    monkeypatch.setattr(pyperclip, "copy", refuse)
    with stub_daemon(paths) as stub, pytest.raises(ActionError, match=stub.url):
        copy_url(paths)

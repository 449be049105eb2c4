"""What the menu's items do, to a daemon in name only."""

import datetime
import json
from pathlib import Path

import pyperclip
import pytest

from andiron_daemon.paths import Paths, make_private
from andiron_testing.daemon_process import andiron
from andiron_testing.stub_daemon import StubDaemon, stub_daemon
from andiron_tray.actions import Actions
from andiron_tray.autostart import starts_at_login
from andiron_tray.errors import ActionError
from andiron_tray.follower import Notice
from andiron_tray.menu import Action, Command

SETTINGS = "PATCH /api/v1/settings"
LINKS = "POST /api/v1/system/links"


def do(paths: Paths, action: Action, value: str = "", opened: list[str] | None = None) -> Notice | None:
    def open_page(address: str) -> bool:
        assert opened is not None
        opened.append(address)
        return True

    return Actions(paths, open_page=open_page).do(Command(action, value))


def refusing(stub: StubDaemon, route: str, code: str) -> None:
    stub.routes[route] = (400, {"error": {"code": code, "message": "no such thing", "hint": "Try another."}})


def test_a_backend_is_chosen(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes[SETTINGS] = (200, {"until_restart": []})
        assert do(paths, "backend", "auto") is None
        assert stub.bodies(SETTINGS) == [{"backend": "auto"}]


def test_a_choice_that_will_not_last_says_so(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes[SETTINGS] = (200, {"until_restart": ["backend", "chat_model"]})
        notice = do(paths, "backend", "auto")
    assert notice is not None
    assert notice.text.startswith("backend is set elsewhere")


def test_a_model_is_chosen_for_both_roles_and_given_back(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes[SETTINGS] = (200, {})
        do(paths, "model", "m")
        do(paths, "model")
        assert stub.bodies(SETTINGS) == [
            {"chat_model": "m", "completion_model": "m"},
            {"chat_model": None, "completion_model": None},
        ]


def test_completions_are_paused_for_an_hour_and_resumed(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes[SETTINGS] = (200, {})
        before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        do(paths, "pause")
        do(paths, "resume")
        paused, resumed = stub.bodies(SETTINGS)
    until = datetime.datetime.fromisoformat(paused["completions_paused_until"])
    assert datetime.timedelta(0) <= until - before - datetime.timedelta(hours=1) < datetime.timedelta(minutes=1)
    assert resumed == {"completions_paused_until": None}


def test_the_status_page_is_opened_by_a_link_that_signs_in(paths: Paths) -> None:
    opened: list[str] = []
    with stub_daemon(paths) as stub:
        stub.routes[LINKS] = (200, {"url": "http://127.0.0.1/signin#code=1"})
        do(paths, "open_page", opened=opened)
        do(paths, "open_docs", opened=opened)
        assert stub.bodies(LINKS) == [{"page": "/ui"}, {"page": "/docs"}]
    assert opened == ["http://127.0.0.1/signin#code=1"] * 2


@pytest.mark.parametrize("code", ["invalid_request", "not_found"])
def test_a_daemon_without_that_page_or_without_links_shows_the_documentation(paths: Paths, code: str) -> None:
    opened: list[str] = []
    with stub_daemon(paths) as stub:
        refusing(stub, LINKS, code)
        do(paths, "open_page", opened=opened)
        assert opened == [f"{stub.url}/docs"]


def test_a_machine_without_a_browser_is_told_the_command(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes[LINKS] = (200, {"url": "secret"})
        with pytest.raises(ActionError, match="browser") as caught:
            Actions(paths, open_page=lambda _: False).do(Command("open_docs"))
    assert "andiron open" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_address_and_token_are_copied(paths: Paths) -> None:
    copied: list[str] = []
    with stub_daemon(paths) as stub:
        paths.token_file.write_text("the-token-of-this-daemon-0123456789")
        Actions(paths, copy=copied.append).do(Command("copy"))
        assert copied == [f"{stub.url}\nthe-token-of-this-daemon-0123456789"]


def test_a_machine_without_a_clipboard_says_what_to_install(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise pyperclip.PyperclipException("none")

    monkeypatch.setattr(pyperclip, "copy", refuse)
    with stub_daemon(paths), pytest.raises(ActionError, match="clipboard") as caught:
        Actions(paths).do(Command("copy"))
    assert "xclip" in caught.value.hint


def test_the_log_is_shown_once_there_is_one(paths: Paths) -> None:
    shown: list[Path] = []
    actions = Actions(paths, open_file=shown.append)
    with pytest.raises(ActionError, match="no log yet"):
        actions.do(Command("view_log"))
    make_private(paths.state)
    paths.log_file.write_text("ready\n")
    actions.do(Command("view_log"))
    assert shown == [paths.log_file]


def test_without_an_opener_the_log_is_named(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    make_private(paths.state)
    paths.log_file.write_text("ready\n")
    monkeypatch.setenv("PATH", str(paths.state))
    with pytest.raises(ActionError) as caught:
        Actions(paths).do(Command("view_log"))
    assert str(paths.log_file) in caught.value.hint


@pytest.mark.parametrize("action", ["backend", "model", "pause", "resume", "open_page", "open_docs", "copy"])
def test_what_needs_a_daemon_says_so_without_one(paths: Paths, action: Action) -> None:
    with pytest.raises(ActionError, match="not running") as caught:
        do(paths, action)
    assert caught.value.hint == "Start it from the menu."


def test_stopping_what_does_not_run_is_no_error(paths: Paths) -> None:
    assert do(paths, "stop") is None


def test_what_the_daemon_refuses_is_told_in_its_words(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        refusing(stub, SETTINGS, "model_not_found")
        with pytest.raises(ActionError, match="no such thing") as caught:
            do(paths, "model", "gone")
    assert caught.value.hint == "Try another."


def test_about_says_what_it_is_and_where(paths: Paths) -> None:
    told = do(paths, "about")
    assert told is not None
    assert "not running" in told.text
    with stub_daemon(paths) as stub:
        told = do(paths, "about")
        assert told is not None
        assert stub.url in told.text


def test_start_at_login_is_the_services_and_the_trays_together(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the service of a machine without a service manager, which only writes down that it is wanted."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", str(tmp_path))
    do(paths, "start_at_login", "off")
    assert not starts_at_login()
    do(paths, "start_at_login", "on")
    assert starts_at_login()
    assert service(paths) == (True, True)
    do(paths, "start_at_login", "off")
    assert not starts_at_login()
    assert service(paths) == (True, False)


def service(paths: Paths) -> tuple[bool, bool]:
    done = andiron("service", "status", "--json", variables={"ANDIRON_HOME": str(paths.state.parent)})
    told = json.loads(done.stdout)
    return told["installed"], told["autostart"]


def test_a_start_that_fails_gives_the_daemons_own_reason(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "not-a-port")
    with pytest.raises(ActionError, match="PORT is 'not-a-port'"):
        do(paths, "start")

"""Following a daemon, against one in name only."""

import queue
import threading

import pytest

from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import events, stub_daemon
from andiron_tray.follower import Follower, Notice
from andiron_tray.state import SILENT, STOPPED, TrayState

READY = {"condition": "ready", "version": "1", "backend": "local", "backends": ["local"], "models": ["m"]}


class Heard:
    """What a follower said, waited for in order."""

    def __init__(self) -> None:
        self.states: queue.Queue[TrayState] = queue.Queue()
        self.notices: queue.Queue[Notice] = queue.Queue()

    def state(self) -> TrayState:
        return self.states.get(timeout=20)

    def notice(self) -> Notice:
        return self.notices.get(timeout=20)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def begin(follower: Follower) -> threading.Thread:
    thread = threading.Thread(target=follower.run)
    thread.start()
    return thread


def end(follower: Follower, thread: threading.Thread) -> None:
    follower.end()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_states_and_notices_come_as_the_daemon_tells_them(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (
            200,
            events(
                ("state", READY),
                ("pull", {"id": "tiny", "state": "done", "message": None}),
                ("pull", {"id": "big", "state": "failed", "message": "no room on the disk"}),
                ("budget", {"message": "the day's tokens are spent", "hint": "wait"}),
                ("of_a_later_version", {}),
                ("state", {**READY, "condition": "generating"}),
            ),
        )
        thread = begin(follower)
        assert [heard.state().condition for _ in range(2)] == ["ready", "generating"]
        assert [heard.notice() for _ in range(3)] == [
            Notice("tiny is here", "It can be chosen in the menu."),
            Notice("big could not be fetched", "no room on the disk"),
            Notice("The cloud budget is used up", "the day's tokens are spent wait"),
        ]
    end(follower, thread)


def test_a_daemon_that_stops_on_purpose_is_stopped_and_no_news(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (200, events(("state", READY), ("stopping", {})))
        thread = begin(follower)
        assert heard.state().condition == "ready"
        assert heard.state() == STOPPED
    end(follower, thread)
    assert heard.notices.empty()


def test_one_that_is_cut_off_and_does_not_answer_is_an_error_and_told(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (200, events(("state", READY)))
        thread = begin(follower)
        assert heard.state().condition == "ready"
        assert heard.state() == SILENT
        assert heard.notice().title == "Andiron does not work"
        end(follower, thread)


def test_one_that_was_silent_and_has_gone_is_stopped(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (200, events(("state", READY)))
        thread = begin(follower)
        assert [heard.state().condition for _ in range(2)] == ["ready", "error"]
    follower.look_now()
    assert heard.state() == STOPPED
    end(follower, thread)


def test_a_daemon_that_comes_later_is_found(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    thread = begin(follower)
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (200, events(("state", READY), ("stopping", {})))
        follower.look_now()
        assert heard.state().condition == "ready"
    end(follower, thread)


def test_a_backend_that_fails_is_told_with_what_to_do(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    failed = {**READY, "condition": "failed", "detail": "no model is installed", "hint": "Pull one."}
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (200, events(("state", READY), ("state", failed), ("state", failed)))
        thread = begin(follower)
        assert heard.notice() == Notice("Andiron does not work", "no model is installed Pull one.")
    end(follower, thread)


def test_a_daemon_that_says_no_is_an_error_with_its_reason(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    with stub_daemon(paths) as stub:
        stub.routes["GET /api/v1/events"] = (401, {"error": {"code": "unauthorized", "message": "the token is wrong"}})
        thread = begin(follower)
        state = heard.state()
        assert (state.condition, state.detail) == ("error", "the token is wrong")
        end(follower, thread)


def test_while_nothing_runs_nothing_is_asked_or_locked(paths: Paths, heard: Heard) -> None:
    follower = Follower(paths, heard.states.put, heard.notices.put, look_seconds=60)
    thread = begin(follower)
    follower.look_now()
    end(follower, thread)
    assert follower.state == STOPPED
    assert not paths.state.exists()

"""The tray put together, with an icon that only remembers and actions that wait for a test."""

import queue
import threading
from collections.abc import Callable

from andiron_daemon.paths import Paths
from andiron_tray.actions import Actions
from andiron_tray.errors import ActionError
from andiron_tray.face import Chosen, Face
from andiron_tray.follower import Notice
from andiron_tray.menu import Command
from andiron_tray.tray import Tray


class RememberingIcon:
    """Keeps what it is to show and to tell."""

    def __init__(self, chosen: Chosen) -> None:
        self.chosen = chosen
        self.faces: queue.Queue[Face] = queue.Queue()
        self.notices: queue.Queue[tuple[str, str]] = queue.Queue()
        self.ended = threading.Event()

    def run(self, ready: Callable[[], None]) -> None:
        ready()
        assert self.ended.wait(30)

    def show(self, face: Face) -> None:
        self.faces.put(face)

    def notify(self, title: str, text: str) -> None:
        self.notices.put((title, text))

    def stop(self) -> None:
        self.ended.set()


class ScriptedActions(Actions):
    """Notes what is to be done and does it when it may; a notice or an error is its outcome."""

    def __init__(self, paths: Paths, outcome: Notice | ActionError | None = None) -> None:
        super().__init__(paths)
        self.outcome = outcome
        self.begun: queue.Queue[Command] = queue.Queue()
        self.may_end = threading.Semaphore(0)

    def do(self, command: Command) -> Notice | None:
        self.begun.put(command)
        assert self.may_end.acquire(timeout=30)
        if isinstance(self.outcome, ActionError):
            raise self.outcome
        return self.outcome


class Shown:
    """A tray that runs until the block ends."""

    def __init__(self, paths: Paths, actions: Actions | None = None) -> None:
        self._icons: list[RememberingIcon] = []
        self.tray = Tray(paths, self._make, actions=actions, look_seconds=60)
        self.icon = self._icons[0]
        self._thread = threading.Thread(target=self.tray.run)

    def _make(self, chosen: Chosen) -> RememberingIcon:
        self._icons.append(RememberingIcon(chosen))
        return self._icons[-1]

    def __enter__(self) -> "Shown":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.icon.chosen(Command("quit"))
        self._thread.join(30)
        assert not self._thread.is_alive()


def test_it_shows_how_it_is_at_once_and_ends_when_it_is_quit(paths: Paths) -> None:
    with Shown(paths) as shown:
        face = shown.icon.faces.get(timeout=30)
    assert (face.condition, face.title) == ("stopped", "Andiron: not running")
    assert face.menu[0].label == "Andiron is not running"


def test_a_start_is_seen_before_it_is_done_and_a_second_click_waits_for_the_first(paths: Paths) -> None:
    actions = ScriptedActions(paths)
    with Shown(paths, actions) as shown:
        shown.icon.chosen(Command("start"))
        assert actions.begun.get(timeout=30) == Command("start")
        shown.icon.chosen(Command("start"))
        conditions = [shown.icon.faces.get(timeout=30).condition for _ in range(2)]
        assert conditions == ["stopped", "starting"]
        assert actions.begun.empty()
        actions.may_end.release()
        assert actions.begun.get(timeout=30) == Command("start")
        actions.may_end.release()


def test_what_did_not_work_is_told_with_what_to_do(paths: Paths) -> None:
    actions = ScriptedActions(paths, ActionError("Andiron did not start", "See the log."))
    with Shown(paths, actions) as shown:
        shown.icon.chosen(Command("start"))
        actions.may_end.release()
        assert shown.icon.notices.get(timeout=30) == ("Andiron did not start", "See the log.")


def test_what_there_is_to_say_is_said(paths: Paths) -> None:
    with Shown(paths) as shown:
        shown.icon.chosen(Command("about"))
        title, text = shown.icon.notices.get(timeout=30)
    assert title.startswith("Andiron ")
    assert "MIT" in text


def test_quitting_with_the_daemon_stops_it_first(paths: Paths) -> None:
    actions = ScriptedActions(paths)
    with Shown(paths, actions) as shown:
        shown.icon.chosen(Command("quit_all"))
        assert actions.begun.get(timeout=30) == Command("quit_all")
        assert not shown.icon.ended.is_set()
        actions.may_end.release()
        assert shown.icon.ended.wait(30)

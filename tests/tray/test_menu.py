import pytest

from andiron_tray.menu import Item, menu
from andiron_tray.state import TrayState

RUNNING = TrayState(condition="running", url="http://127.0.0.1:8000", version="0.1.0", model="idle")


def actions(state: TrayState) -> list[str]:
    return [item.action for item in menu(state) if item.action]


def test_a_stopped_daemon_can_only_be_started() -> None:
    assert actions(TrayState()) == ["start", "quit"]
    assert menu(TrayState())[0] == Item("Andiron is not running")


def test_a_running_daemon_can_be_stopped_and_looked_at() -> None:
    assert actions(RUNNING) == ["stop", "open_docs", "copy_url", "quit"]
    assert menu(RUNNING)[0].label == "Andiron 0.1.0: model at rest"


def test_a_silent_daemon_can_be_stopped_and_nothing_else() -> None:
    assert actions(TrayState(condition="silent", url="http://127.0.0.1:8000", version="0.1.0")) == ["stop", "quit"]


@pytest.mark.parametrize("word", ["loaded", "loading", "idle", "failed", "none", "something new", None])
def test_every_word_for_the_model_has_a_line(word: str | None) -> None:
    label = menu(TrayState(condition="running", version="0.1.0", model=word))[0].label
    assert label.startswith("Andiron 0.1.0: ")
    assert "None" not in label

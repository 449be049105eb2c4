"""The menu as a value."""

import dataclasses
import datetime

import pytest

from andiron_daemon.paths import Paths
from andiron_tray.actions import Actions
from andiron_tray.menu import Command, Item, headline, menu, tooltip
from andiron_tray.state import DIED, SILENT, STARTING, STOPPED, TrayState, state_of

ZONE = datetime.timezone(datetime.timedelta(hours=2))
NOW = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
READY = TrayState(
    condition="ready",
    is_running=True,
    version="1.2",
    backend="local",
    backends=("auto", "local", "openai"),
    models=("b-model", "a-model"),
    model="a-model",
    answered_by="local",
    tokens_per_second=23.4,
)


def items(state: TrayState, *, starts_at_login: bool = False) -> tuple[Item, ...]:
    return menu(state, NOW, starts_at_login=starts_at_login)


def labels(state: TrayState) -> list[str]:
    return [item.label for item in items(state) if item.kind != "separator"]


def below(state: TrayState, label: str) -> tuple[Item, ...]:
    return next(item.children for item in items(state) if item.label == label)


def test_a_daemon_that_is_up_offers_everything() -> None:
    assert labels(READY) == [
        "a-model · local · 23.4 tokens/s",
        "Stop",
        "Restart",
        "Backend",
        "Model",
        "Pause completions for an hour",
        "Open status page",
        "Open API docs",
        "Copy URL and token",
        "View log",
        "Start at login",
        "About Andiron",
        "Quit tray",
        "Quit tray and stop Andiron",
    ]


@pytest.mark.parametrize("state", [STOPPED, DIED])
def test_a_daemon_that_is_not_there_can_only_be_started(state: TrayState) -> None:
    offered = labels(state)
    assert offered[1:] == ["Start", "View log", "Start at login", "About Andiron", "Quit tray"]


def test_nothing_is_started_twice() -> None:
    assert {"Start", "Stop", "Restart"} & set(labels(STARTING)) == set()


def test_one_that_does_not_answer_can_be_stopped() -> None:
    assert {"Stop", "Restart"} <= set(labels(SILENT))
    assert "Backend" not in labels(SILENT)


def test_the_backend_in_force_is_marked_and_the_others_can_be_chosen() -> None:
    assert [(item.label, item.is_marked, item.kind) for item in below(READY, "Backend")] == [
        ("local", True, "radio"),
        ("openai", False, "radio"),
        ("auto", False, "radio"),
    ]
    assert below(READY, "Backend")[2].command == Command("backend", "auto")


def test_the_installed_models_are_listed_and_none_is_chosen_by_itself() -> None:
    assert [(item.label, item.is_marked) for item in below(READY, "Model")] == [
        ("Andiron's choice", True),
        ("a-model", False),
        ("b-model", False),
    ]
    chosen = dataclasses.replace(READY, chat_model="b-model", completion_model="b-model")
    assert [item.is_marked for item in below(chosen, "Model")] == [False, False, True]


def test_two_roles_with_a_model_each_are_told_and_not_marked() -> None:
    split = dataclasses.replace(READY, chat_model="b-model")
    told = below(split, "Model")
    assert [item.label for item in told[:2]] == ["chat: b-model", "completion: Andiron chooses"]
    assert not any(item.is_enabled for item in told[:3])
    assert not any(item.is_marked for item in told)


def test_a_pause_is_shown_in_the_persons_own_time_and_can_be_ended() -> None:
    until = datetime.datetime(2026, 11, 23, 10, 30, tzinfo=datetime.UTC)
    pause = next(item for item in items(dataclasses.replace(READY, paused_until=until)) if "paused" in item.label)
    assert pause.label == "Completions are paused until 12:30"
    assert (pause.is_marked, pause.command) == (True, Command("resume"))


def test_a_pause_that_is_over_is_none() -> None:
    assert "Pause completions for an hour" in labels(dataclasses.replace(READY, paused_until=NOW))


def test_start_at_login_is_a_mark_that_a_click_turns() -> None:
    for starts in (False, True):
        item = next(item for item in items(READY, starts_at_login=starts) if item.label == "Start at login")
        assert (item.kind, item.is_marked) == ("check", starts)
        assert item.command == Command("start_at_login", "off" if starts else "on")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (STOPPED, "Andiron is not running"),
        (STARTING, "Andiron is starting"),
        (dataclasses.replace(READY, condition="starting"), "Loading a-model"),
        (dataclasses.replace(READY, model=None, answered_by=None, tokens_per_second=None), "local"),
        (dataclasses.replace(READY, model=None, models=(), tokens_per_second=None), "no model · local"),
        (DIED, "Andiron ended unexpectedly"),
    ],
)
def test_the_first_line_says_how_it_is(state: TrayState, words: str) -> None:
    assert headline(state) == words
    assert items(state)[0] == Item(words)


def test_what_is_the_matter_is_told_in_one_short_line() -> None:
    failed = dataclasses.replace(READY, condition="error", detail="the engine\nended " + "x" * 200)
    second = items(failed)[1].label
    assert second.startswith("the engine ended xxx")
    assert len(second) <= 60
    assert tooltip(failed).startswith("Andiron: the engine ended")


def test_every_action_of_every_menu_can_be_done(paths: Paths) -> None:
    states = [
        STOPPED,
        STARTING,
        SILENT,
        DIED,
        READY,
        dataclasses.replace(READY, paused_until=NOW + ZONE.utcoffset(None)),
    ]
    asked = {item.command.action for state in states for item in _all(items(state)) if item.command}
    assert asked - {"quit"} == Actions(paths).names


def test_a_state_event_becomes_a_state() -> None:
    told = {
        "condition": "loading",
        "version": "1.2",
        "backend": "auto",
        "backends": ["auto", "local"],
        "models": ["m"],
        "completions_paused_until": "2026-11-23T10:30:00Z",
        "of_a_later_version": 1,
    }
    state = state_of(told)
    assert (state.condition, state.is_running, state.backends) == ("starting", True, ("auto", "local"))
    assert state.paused_until == datetime.datetime(2026, 11, 23, 10, 30, tzinfo=datetime.UTC)
    assert state_of({"condition": "unheard of"}).condition == "ready"


def _all(found: tuple[Item, ...]) -> list[Item]:
    return [*found, *(child for item in found for child in _all(item.children))]

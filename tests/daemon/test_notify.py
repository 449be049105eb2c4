import asyncio
import contextlib
import logging
import os
from pathlib import Path

import pytest

from andiron_daemon.notify import Notifier
from andiron_testing.notify_socket import NotifySocket


def test_without_a_manager_nothing_is_sent_and_nothing_is_watched() -> None:
    notifier = Notifier({})
    notifier.status("starting")
    notifier.ready("ready")
    notifier.stopping("stopping")


async def test_without_a_manager_the_watch_ends_at_once() -> None:
    await Notifier({}).watch()
    await Notifier({"NOTIFY_SOCKET": "/nowhere"}).watch()


def test_the_variables_are_taken_away_from_the_children() -> None:
    variables = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/"}
    Notifier(variables)
    assert variables == {"HOME": "/"}


def test_states_are_told_in_the_words_of_the_protocol() -> None:
    with NotifySocket() as manager:
        notifier = Notifier({"NOTIFY_SOCKET": manager.address})
        notifier.status("starting")
        notifier.ready("ready at\nREADY=0")
        notifier.stopping("stopping")
        assert manager.drain() == [
            {"STATUS": "starting"},
            {"READY": "1", "STATUS": "ready at READY=0"},
            {"STOPPING": "1", "STATUS": "stopping"},
        ]


def test_an_abstract_socket_is_reached() -> None:
    import socket

    name = f"andiron-test-{os.getpid()}"
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(f"\0{name}")
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready("ready")
        assert manager.recv(100) == b"READY=1\nSTATUS=ready"


async def test_the_loop_gives_signs_of_life_while_it_turns() -> None:
    with NotifySocket() as manager:
        variables = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}
        watching = asyncio.create_task(Notifier(variables).watch())
        for _ in range(3):
            assert await asyncio.to_thread(manager.next) == {"WATCHDOG": "1"}
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


@pytest.mark.parametrize("variables", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "often"}, {"WATCHDOG_USEC": "0"}])
async def test_a_watch_that_is_not_meant_for_this_process_is_not_kept(variables: dict[str, str]) -> None:
    with NotifySocket() as manager:
        await Notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1000", **variables}).watch()
        assert manager.drain() == []


def test_a_manager_that_is_gone_is_logged_and_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("ready")
    assert "the service manager was not told READY=1" in caplog.text

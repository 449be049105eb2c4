"""The real daemon under a stand-in for systemd: the notify protocol over a socket that the test owns."""

import os
import signal

from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import ANDIRON, DaemonProcess, StartDaemon, andiron
from andiron_testing.notify_socket import NotifySocket


def test_it_tells_its_whole_life(start_daemon: StartDaemon) -> None:
    with NotifySocket() as manager:
        daemon = start_daemon(NOTIFY_SOCKET=manager.address)
        assert manager.next() == {"STATUS": "starting"}
        assert manager.next() == {"READY": "1", "STATUS": f"ready at {daemon.record.url}"}
        daemon.signal(signal.SIGTERM)
        assert manager.next() == {"STOPPING": "1", "STATUS": "stopping"}
        assert daemon.wait() == 0


def test_it_is_ready_only_when_it_answers(start_daemon: StartDaemon) -> None:
    with NotifySocket() as manager:
        daemon = start_daemon(NOTIFY_SOCKET=manager.address)
        manager.wait_for("READY")
        assert daemon.client.health()["status"] == "ok"


def test_a_loop_that_stands_still_gives_no_sign_of_life_and_goes_on_after_it(start_daemon: StartDaemon) -> None:
    """Stopped and continued as by a suspended machine: silence meanwhile, then signs of life and answers again."""
    with NotifySocket() as manager:
        daemon = start_daemon(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="200000")
        manager.wait_for("WATCHDOG")
        daemon.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED)
        manager.drain()
        try:
            heard = manager.next(seconds=0.6)
        except TimeoutError:
            heard = {}
        daemon.signal(signal.SIGCONT)
        assert heard == {}
        for _ in range(3):
            assert manager.wait_for("WATCHDOG") == {"WATCHDOG": "1"}
        assert daemon.client.health()["status"] == "ok"
        assert daemon.is_running()


def test_a_second_one_is_a_success_to_the_manager(daemon: DaemonProcess) -> None:
    with NotifySocket() as manager:
        done = andiron("serve", variables={"NOTIFY_SOCKET": manager.address})
        line = f"Andiron is already running at {daemon.record.url} (pid {daemon.process.pid})"
        assert done.returncode == 0
        assert [state for state in manager.drain() if "STATUS" in state][-2:] == [
            {"READY": "1", "STATUS": line},
            {"STOPPING": "1", "STATUS": line},
        ]


def test_wrong_settings_are_never_told_as_ready() -> None:
    with NotifySocket() as manager:
        done = andiron("serve", variables={"NOTIFY_SOCKET": manager.address, "ANDIRON_BACKEND": "cloud", "PORT": "0"})
        assert done.returncode == 78
        assert all("READY" not in state for state in manager.drain())


def test_the_daemon_is_the_only_one_to_speak(paths: Paths) -> None:
    script = "import os; from andiron_daemon.notify import Notifier; Notifier(); print('NOTIFY_SOCKET' in os.environ)"
    import subprocess

    done = subprocess.run(
        [ANDIRON[0], "-c", script],
        env={**os.environ, "NOTIFY_SOCKET": "/nowhere"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "False\n"

"""When a daemon is started again, and when it is given up; with programs that end at once in its place."""

import sys
from pathlib import Path

import msgspec
import pytest

from andiron_installer.service.description import Description
from andiron_installer.service.supervised import desktop_entry, is_supervised, quoted, read_state
from andiron_installer.service.supervisor import Patience, Supervisor, SupervisorRecord, lock_file, record_file


@pytest.fixture(autouse=True)
def state_folder(description: Description) -> None:
    description.state_folder.mkdir(parents=True)


def ending_with(description: Description, *statuses: int) -> Description:
    """Let the daemon be a program that ends with one status after the other."""
    counter = description.state_folder / "counter"
    script = (
        f"import pathlib, sys; file = pathlib.Path({str(counter)!r}); "
        "count = int(file.read_text()) if file.exists() else 0; file.write_text(str(count + 1)); "
        f"statuses = {statuses!r}; print('start', count, flush=True); sys.exit(statuses[min(count, len(statuses) - 1)])"
    )
    return msgspec.structs.replace(description, command=(sys.executable, "-c", script))


def starts(description: Description) -> int:
    return int((description.state_folder / "counter").read_text())


def test_delays_double_to_a_longest_and_end_after_too_many(description: Description) -> None:
    patience = Patience(msgspec.structs.replace(description, longest_delay_seconds=20, restart_limit=6))
    assert [patience.delay_after_crash(float(second)) for second in range(7)] == [2, 4, 8, 16, 20, 20, None]


def test_crashes_of_long_ago_are_forgotten(description: Description) -> None:
    patience = Patience(description)
    hour = description.restart_window_seconds * 6
    assert [patience.delay_after_crash(number * hour) for number in range(20)] == [2.0] * 20


def test_a_daemon_that_crashes_is_started_again_until_it_ends_by_itself(description: Description) -> None:
    slept: list[float] = []
    described = ending_with(description, 1, 3, 0)
    assert Supervisor(described, sleep=slept.append).run() == 0
    assert starts(described) == 3
    assert slept == [2, 4]
    assert read_state(described).activity == "stopped"
    said = described.output_file.read_text(encoding="utf-8")
    assert "start 0" in said
    assert "the daemon ended with status 1" in said
    assert "starting it again in 4 s" in said


def test_a_daemon_killed_in_a_loop_is_given_up_and_that_is_said(description: Description) -> None:
    described = msgspec.structs.replace(ending_with(description, 9), restart_limit=3)
    slept: list[float] = []
    assert Supervisor(described, clock=lambda: 0.0, sleep=slept.append).run() == 1
    assert starts(described) == 4
    state = read_state(described)
    assert state.activity == "failed"
    assert "given up" in state.detail
    assert "given up" in described.output_file.read_text(encoding="utf-8")


def test_wrong_settings_are_not_tried_again(description: Description) -> None:
    described = ending_with(description, 78)
    slept: list[float] = []
    assert Supervisor(described, sleep=slept.append).run() == 0
    assert slept == []
    assert starts(described) == 1
    assert read_state(described).detail == "a setting is wrong (exit status 78)"


def test_a_second_supervisor_leaves_the_first_alone(description: Description) -> None:
    from filelock import FileLock

    described = ending_with(description, 0)
    with FileLock(lock_file(described)):
        assert Supervisor(described).run() == 0
    assert not (description.state_folder / "counter").exists()


def test_a_record_of_one_that_was_killed_means_nothing_whoever_has_its_pid(description: Description) -> None:
    import os

    record = SupervisorRecord(pid=os.getpid(), activity="running", daemon_pid=os.getpid())
    record_file(description).write_bytes(msgspec.json.encode(record))
    assert not is_supervised(description)
    state = read_state(description)
    assert (state.activity, state.pid) == ("stopped", None)
    assert "killed" in state.detail


def test_what_was_said_long_ago_is_kept_once(description: Description) -> None:
    description.output_file.write_bytes(b"x" * 2_000_000)
    Supervisor(ending_with(description, 0)).run()
    assert description.output_file.stat().st_size < 1000
    assert description.output_file.with_suffix(".log.1").stat().st_size == 2_000_000


def test_the_autostart_entry_is_one_a_desktop_understands(description: Description, tmp_path: Path) -> None:
    import subprocess

    file = tmp_path / "andiron.desktop"
    file.write_text(desktop_entry(description), encoding="utf-8")
    done = subprocess.run(
        ["desktop-file-validate", str(file)], capture_output=True, encoding="utf-8", timeout=30, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("two words", '"two words"'), ("100%", '"100%%"'), ('"', '"\\\\""'), ("$", '"\\\\$"'), ("\\", '"\\\\\\\\"')],
)
def test_arguments_are_quoted_as_desktops_read_them(word: str, expected: str) -> None:
    assert quoted(word) == expected

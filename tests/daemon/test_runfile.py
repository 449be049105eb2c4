import os
import stat
import subprocess
import sys

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import (
    AlreadyRunningError,
    RunRecord,
    is_held,
    read_run_file,
    remove_run_file,
    single_instance,
    write_private,
    write_run_file,
)

_HOLD_THE_LOCK = """
import sys
from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import find_paths
from andiron_daemon.runfile import single_instance
with single_instance(find_paths()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state_folder(paths: Paths) -> None:
    make_private(paths.state)


def _record(pid: int) -> RunRecord:
    return RunRecord(
        pid=pid,
        host="127.0.0.1",
        port=8000,
        url="http://127.0.0.1:8000",
        token_path=None,
        version="1",
        started_at="2026-01-01T00:00:00+00:00",
    )


def test_a_record_comes_back_as_it_was_written(paths: Paths) -> None:
    write_run_file(paths, _record(7))
    assert read_run_file(paths) == _record(7)
    assert stat.S_IMODE(paths.run_file.stat().st_mode) == 0o600
    assert [file.name for file in paths.state.iterdir()] == ["run.json"]


def test_no_file_and_a_broken_file_are_no_record(paths: Paths) -> None:
    assert read_run_file(paths) is None
    paths.run_file.write_text('{"pid": "seven"}', encoding="utf-8")
    assert read_run_file(paths) is None
    paths.run_file.write_bytes(b"\xff\x00")
    assert read_run_file(paths) is None


def test_only_its_own_file_is_removed(paths: Paths) -> None:
    write_run_file(paths, _record(os.getpid() + 1))
    remove_run_file(paths)
    assert paths.run_file.exists()
    write_run_file(paths, _record(os.getpid()))
    remove_run_file(paths)
    assert not paths.run_file.exists()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(paths: Paths) -> None:
    write_private(paths.run_file, b"old")
    with pytest.raises(TypeError):
        write_private(paths.run_file, "text")  # type: ignore[arg-type]  # the failure that is wanted
    assert paths.run_file.read_bytes() == b"old"
    assert [file.name for file in paths.state.iterdir()] == ["run.json"]


def test_the_lock_is_free_before_and_after_it_is_held(paths: Paths) -> None:
    assert not is_held(paths)
    with single_instance(paths):
        assert is_held(paths)
        with pytest.raises(AlreadyRunningError), single_instance(paths):
            raise AssertionError
    assert not is_held(paths)


def test_a_killed_holder_leaves_the_lock_free(paths: Paths) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD_THE_LOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(paths)
        holder.kill()
        holder.wait()
        assert not is_held(paths)
        with single_instance(paths):
            assert is_held(paths)


def test_a_lock_that_cannot_be_opened_is_a_wrong_setting_not_a_running_daemon(paths: Paths) -> None:
    (paths.state / "run.lock").mkdir()
    with pytest.raises(ConfigurationError, match=r"run\.lock: cannot be locked") as caught, single_instance(paths):
        raise AssertionError
    assert caught.value.hint
    with pytest.raises(ConfigurationError):
        is_held(paths)

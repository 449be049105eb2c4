import json
from collections.abc import Iterator
from typing import Any

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_daemon.runfile import read_run_file
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

_STATUS: dict[str, Any] = {
    "version": "9.9",
    "process": {"pid": 7, "rss_bytes": 61_700_000, "uptime_s": 93784.2},
    "settings": {"backend": "auto"},
    "backends": [
        {"name": "local", "state": "ready", "models": [{"id": "tiny"}]},
        {"name": "openai", "state": "unconfigured", "detail": "there is no key", "hint": "Set OPENAI_API_KEY."},
    ],
    "storage": {"path": "/data/andiron.db", "bytes": 1_234_567, "conversations": 2, "messages": 9, "error": None},
    "last_errors": [{"code": "timeout", "message": "too slow", "request_id": "r1", "at": "", "path": "/"}],
}


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        running.routes["GET /api/v1/status"] = (200, _STATUS)
        yield running


def test_people_are_told_where_who_and_what_went_wrong(
    stub: StubDaemon, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"andiron  9.9 at {stub.url}, pid 7",
        "up       1 d 2 h, 62 MB of memory",
        "answers  auto",
        "local    ready: tiny",
        "openai   unconfigured: there is no key",
        "         hint: Set OPENAI_API_KEY.",
        "storage  2 conversations, 9 messages, 1 MB in /data/andiron.db",
        "error    timeout: too slow (request r1)",
        f"log      {paths.log_file}",
    ]


@pytest.mark.parametrize("message", ["it is corrupted", "/data/andiron.db: it is corrupted"])
def test_a_database_that_cannot_be_read_is_told(
    message: str, stub: StubDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = {"message": message, "hint": "Move it away."}
    broken = {"path": "/data/andiron.db", "bytes": 0, "conversations": None, "messages": None, "error": trouble}
    stub.routes["GET /api/v1/status"] = (200, {**_STATUS, "storage": broken})
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "storage  /data/andiron.db: it is corrupted\n         hint: Move it away." in shown


def test_json_is_all_of_it(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == _STATUS


def test_a_daemon_whose_run_file_was_removed_is_found_by_its_lock(
    stub: StubDaemon, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_run_file(paths)
    paths.run_file.unlink()
    assert main(["status"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"andiron  9.9 at {stub.url}, pid 7\n")
    assert shown.err == f"{paths.run_file} was gone; Andiron was found by its lock\n"
    again = read_run_file(paths)
    assert before is not None
    assert again is not None
    assert (again.pid, again.port, again.url) == (before.pid, before.port, before.url)
    assert main(["status"]) == 0
    assert capsys.readouterr().err == ""


def test_nothing_running_is_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 3
    assert capsys.readouterr().err == ("error: Andiron is not running\nhint: Start it with `andiron serve --detach`.\n")

"""`andiron logs` and `andiron log privacy` as they are run."""

import asyncio
import json
import threading
from pathlib import Path

import msgspec
import pytest

from andiron_daemon.cli.logs import followed
from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.sendings import Sending, SQLiteSendings
from andiron_testing.stub_daemon import stub_daemon

SENDING = Sending(
    id="a1",
    at="2026-03-01T12:00:00.000000Z",
    backend="openai",
    host="api.openai.com",
    model="gpt-x",
    kind="chat",
    bytes=1234,
    masked=2,
    paths=("a.py",),
    withheld=(".env",),
    prompt_tokens=10,
    completion_tokens=5,
    outcome="answered",
)


def _line(level: str, message: str, **more: str) -> str:
    return json.dumps(
        {"time": "2026-03-01T12:00:00Z", "level": level, "logger": "andiron_daemon.x", "message": message} | more
    )


def _write(paths: Paths, *lines: str) -> None:
    make_private(paths.state)
    paths.log_file.write_text("".join(f"{line}\n" for line in lines))


def test_the_last_lines_are_shown_for_people(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _write(paths, _line("info", "one"), _line("error", "two", request_id="r1"), "not json")
    assert main(["logs", "-n", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == ["2026-03-01 12:00:00 error   daemon.x: two [r1]", "not json"]


def test_a_request_is_named_once_in_a_line(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _write(paths, _line("error", "two [r1]", request_id="r1"))
    assert main(["logs"]) == 0
    assert capsys.readouterr().out.splitlines() == ["2026-03-01 12:00:00 error   daemon.x: two [r1]"]


def test_lines_are_chosen_by_request_and_level(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _write(
        paths, _line("info", "one", request_id="r1"), _line("error", "two", request_id="r2"), _line("debug", "three")
    )
    assert main(["logs", "--request", "r1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["message"] == "one"
    assert main(["logs", "--level", "warning"]) == 0
    assert "two" in capsys.readouterr().out


def test_control_characters_cannot_steer_the_terminal(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _write(paths, _line("info", "\x1b[2Jgone"), "\x1b[2Jraw")
    main(["logs"])
    assert "\x1b" not in capsys.readouterr().out


def test_no_log_yet_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs"]) == 1
    assert "andiron serve" in capsys.readouterr().err


def test_a_log_is_followed_over_its_rotation(tmp_path: Path) -> None:
    file = tmp_path / "andiron.log"
    file.write_text("old\n")
    lines = followed(file)
    heard: list[str] = []
    first = threading.Event()

    def listen() -> None:
        for line in lines:
            heard.append(line)
            first.set()
            if len(heard) == 3:
                break
        lines.close()

    listening = threading.Thread(target=listen)
    listening.start()
    while not first.is_set():
        with file.open("a") as log:
            log.write("one\n")
        first.wait(0.05)
    file.rename(tmp_path / "andiron.log.1")
    file.write_text("two\nthree\nfour\nfive\n")
    listening.join(timeout=10)
    assert not listening.is_alive()
    assert heard[0] == "one"
    assert "old" not in heard


async def _kept(paths: Paths, *sendings: Sending, keep_days: int = 0) -> tuple[Sending, ...]:
    database = Database(paths.database_file)
    await database.open()
    try:
        log = SQLiteSendings(database, keep_days)
        for sending in sendings:
            await log.add(sending)
        return await log.latest(10)
    finally:
        await database.aclose()


def test_the_privacy_log_is_read_without_a_daemon_too(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "privacy"]) == 0
    assert "Nothing was sent" in capsys.readouterr().err
    asyncio.run(_kept(paths, SENDING))
    assert main(["log", "privacy"]) == 0
    out = capsys.readouterr().out
    for part in ("api.openai.com", "gpt-x", "1 KB", "10 + 5", "a.py (withheld: .env)", "answered"):
        assert part in out
    assert main(["log", "privacy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["masked"] == 2


def test_a_running_daemon_is_asked_for_it(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    with stub_daemon(paths) as daemon:
        daemon.routes["GET /api/v1/privacy/log?limit=50"] = (200, {"sendings": []})
        assert main(["log", "privacy"]) == 0
    assert "Nothing was sent" in capsys.readouterr().err


def test_sendings_past_their_time_are_dropped(paths: Paths) -> None:
    old = msgspec.structs.replace(SENDING, id="a0", at="2025-01-01T00:00:00.000000Z")
    assert [sending.id for sending in asyncio.run(_kept(paths, old, SENDING, keep_days=30))] == ["a1"]

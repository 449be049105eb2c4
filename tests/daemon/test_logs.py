import io
import json
import logging
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_daemon.errors import NotFoundError
from andiron_daemon.identifiers import REQUEST_ID
from andiron_daemon.logs import PrivateFileHandler, Redactor, set_up_logging

_log = logging.getLogger("andiron_daemon.tested")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def test_the_file_is_private_and_holds_the_record(tmp_path: Path) -> None:
    set_up_logging(tmp_path / "log", console=io.StringIO())
    _log.info("burning since %s", 1802)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "INFO andiron_daemon.tested: burning since 1802" in text
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_every_generation_of_the_file_is_private(tmp_path: Path) -> None:
    handler = PrivateFileHandler(tmp_path / "log", maxBytes=64, backupCount=2)
    for _ in range(8):
        handler.emit(logging.LogRecord("x", logging.INFO, "x", 1, "a line of some length, so that it rolls", (), None))
    handler.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["log", "log.1", "log.2"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_secrets_are_taken_out_of_lines_and_traces(tmp_path: Path) -> None:
    for form in ("plain", "json"):
        file = tmp_path / form
        set_up_logging(file, debug=True, log_format=form, secrets=("the-token", "", "sk-own"), console=io.StringIO())
        _log.info("sent the-token and %s", "sk-own")
        try:
            raise ValueError("Authorization: Bearer abc.def, key sk-proj-12345678")
        except ValueError:
            _log.exception("failed")
        text = file.read_text(encoding="utf-8")
        assert "sent *** and ***" in text
        assert "ValueError: Authorization: Bearer ***, key ***" in text
        for secret in ("the-token", "sk-own", "abc.def", "12345678"):
            assert secret not in text


def test_json_lines_are_json_whatever_is_said(tmp_path: Path) -> None:
    set_up_logging(tmp_path / "log", log_format="json", console=io.StringIO())
    _log.warning('two\nlines and a "quote"')
    line = json.loads((tmp_path / "log").read_text(encoding="utf-8"))
    assert (line["level"], line["logger"], line["message"]) == (
        "warning",
        "andiron_daemon.tested",
        'two\nlines and a "quote"',
    )


def test_a_terminal_is_shown_warnings_and_a_pipe_nothing(tmp_path: Path) -> None:
    terminal, pipe = _Terminal(), io.StringIO()
    set_up_logging(tmp_path / "log", console=terminal)
    _log.info("quiet")
    _log.warning("loud")
    set_up_logging(tmp_path / "log", console=pipe)
    _log.warning("louder")
    assert terminal.getvalue() == "WARNING: loud\n"
    assert pipe.getvalue() == ""


def test_debug_records_are_kept_only_when_asked_for(tmp_path: Path) -> None:
    set_up_logging(tmp_path / "log", console=io.StringIO())
    _log.debug("unseen")
    set_up_logging(tmp_path / "log", debug=True, console=io.StringIO())
    _log.debug("seen")
    logging.getLogger("openai").debug("a request with its text")
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "seen" in text
    assert "unseen" not in text
    assert "a request with its text" not in text


def test_a_python_warning_goes_to_the_log(tmp_path: Path) -> None:
    set_up_logging(tmp_path / "log", console=io.StringIO())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("frayed", stacklevel=1)
    assert "frayed" in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_redactor_leaves_ordinary_text_alone() -> None:
    assert Redactor(("", "ab"))("ask the bearer: ab, task-force") == "ask the bearer: ab, task-force"


def test_the_journal_gets_every_record_with_its_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as journal:
        status = (tmp_path / "journal").stat()
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        set_up_logging(tmp_path / "log", console=journal)
        _log.info("burning")
        _log.error("out\nfor the-token good")
        journal.seek(0)
        assert journal.read().splitlines() == [
            "<6>andiron_daemon.tested: burning",
            "<3>andiron_daemon.tested: out",
            "<3>for the-token good",
        ]


def test_a_stream_that_is_not_the_journal_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    with (tmp_path / "other").open("w+", encoding="utf-8") as other:
        set_up_logging(tmp_path / "log", console=other)
        _log.warning("burning")
        other.seek(0)
        assert other.read() == ""


def test_a_line_carries_the_id_of_its_request(tmp_path: Path) -> None:
    set_up_logging(tmp_path / "log", log_format="json", console=io.StringIO())
    token = REQUEST_ID.set("request-1")
    _log.info("by its context")
    REQUEST_ID.reset(token)
    _log.info("of a worker", extra={"request_id": "request-2"})
    _log.info("of nobody")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert [line.get("request_id") for line in lines] == ["request-1", "request-2", None]
    assert all(line["time"].endswith("Z") for line in lines)


@pytest.mark.parametrize("form", ["plain", "json"])
def test_what_a_strange_error_says_is_left_out_of_its_trace(tmp_path: Path, form: str) -> None:
    set_up_logging(tmp_path / "log", log_format=form, console=io.StringIO())
    try:
        try:
            compile("marker of the code = = 1", "a.py", "exec")
        except SyntaxError as error:
            raise ValueError("marker of the value") from error
    except ValueError:
        _log.exception("failed")
    try:
        raise NotFoundError("there is no such thing")
    except NotFoundError:
        _log.exception("failed")
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "marker of the value" not in text.replace('raise ValueError("marker of the value")', "").replace(
        'raise ValueError(\\"marker of the value\\")', ""
    )
    assert "SyntaxError" in text
    assert "ValueError" in text
    assert "there is no such thing" in text

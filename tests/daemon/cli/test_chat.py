import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import StubDaemon, events, stub_daemon

_ROUTE = "POST /api/v1/chat/stream"
_DONE = {
    "conversation_id": "c1",
    "backend": "local",
    "model": "tiny",
    "finish_reason": "stop",
    "usage": {"completion_tokens": 8},
    "timings": {"generate_ms": 500.0},
}
_START = ("start", {"id": "m1", "conversation_id": "c1", "backend": "local", "model": "tiny"})


def _answer(*deltas: str, **done: object) -> tuple[int, str]:
    texts = [("delta", {"text": text}) for text in deltas]
    return 200, events(_START, *texts, ("done", {**_DONE, **done}))


class _Stdin(io.TextIOWrapper):
    def __init__(self, text: str, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(text.encode()), encoding="utf-8")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        running.routes[_ROUTE] = _answer("Fire ", "burns.")
        yield running


@pytest.fixture(autouse=True)
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", _Stdin("", is_terminal=True))


def _pipe(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", _Stdin(text, is_terminal=False))


def test_a_message_is_answered_with_who_and_how_fast(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "why?"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "Fire burns.\n"
    assert shown.err == "local · tiny · 8 tokens · 16.0 tokens/s\n"
    assert stub.bodies(_ROUTE) == [{"message": "why?"}]


def test_the_choices_go_along(stub: StubDaemon) -> None:
    options = ["--backend", "openai", "--model", "m", "--system", "Be short.", "--conversation", "c9"]
    assert main(["chat", "why?", *options]) == 0
    assert stub.bodies(_ROUTE) == [
        {"message": "why?", "backend": "openai", "model": "m", "system": "Be short.", "conversation_id": "c9"}
    ]


def test_continue_takes_the_newest_conversation(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    found = {"conversations": [{"id": "c7", "title": "On fire"}], "next_cursor": None}
    stub.routes["GET /api/v1/chat/conversations?limit=1"] = (200, found)
    assert main(["chat", "--continue", "and then?"]) == 0
    assert stub.bodies(_ROUTE)[0]["conversation_id"] == "c7"
    assert "Continuing: On fire" in capsys.readouterr().err


def test_continue_without_a_conversation_begins_one_and_says_so(
    stub: StubDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.routes["GET /api/v1/chat/conversations?limit=1"] = (200, {"conversations": [], "next_cursor": None})
    assert main(["chat", "--continue", "hello"]) == 0
    assert "conversation_id" not in stub.bodies(_ROUTE)[0]
    assert "There is no conversation yet" in capsys.readouterr().err


def test_continue_and_conversation_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "--continue", "--conversation", "c1", "x"]) == 2
    assert "cannot both be given" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "piped", "message"),
    [
        (["chat"], "def f(): é\n", "def f(): é"),
        (["chat", "what is this?"], "def f(): pass\n", "what is this?\n\ndef f(): pass"),
        (["chat", "alone"], "", "alone"),
    ],
)
def test_piped_text_is_the_message_or_is_added_to_it(
    stub: StubDaemon, monkeypatch: pytest.MonkeyPatch, arguments: list[str], piped: str, message: str
) -> None:
    _pipe(monkeypatch, piped)
    assert main(arguments) == 0
    assert stub.bodies(_ROUTE) == [{"message": message}]


def test_neither_message_nor_pipe_nor_terminal_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _pipe(monkeypatch, " \n")
    assert main(["chat"]) == 2
    assert "there is no message" in capsys.readouterr().err


def test_what_was_cut_or_done_by_another_is_not_hidden(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    stub.routes[_ROUTE] = _answer(
        "x",
        finish_reason="length",
        fallback={"from_backend": "openai", "code": "backend_unavailable", "message": "no network"},
        truncated={"dropped_tokens": 40, "what": "the oldest messages"},
    )
    assert main(["chat", "why?"]) == 0
    assert capsys.readouterr().err.splitlines()[1:] == [
        "openai could not answer: no network",
        "40 tokens did not fit and were left out: the oldest messages",
        "It was cut at the longest length allowed.",
    ]


def test_an_answer_cannot_steer_the_terminal(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    stub.routes[_ROUTE] = _answer("a\x1b[2Jb\r\x07", "c\n\td")
    assert main(["chat", "why?"]) == 0
    assert capsys.readouterr().out == "a[2Jbc\n\td\n"


def test_an_error_in_the_middle_is_shown_after_the_text(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"error": {"code": "backend_unavailable", "message": "the worker died", "hint": "ask again"}}
    stub.routes[_ROUTE] = (200, events(_START, ("delta", {"text": "half"}), ("error", error)))
    assert main(["chat", "why?"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "half\n"
    assert shown.err == "error: the worker died\nhint: ask again\n"


def test_the_prompt_keeps_the_conversation_and_forgets_it_on_new(
    stub: StubDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["one", "", "two", "/new", "three", "/quit"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    assert main(["chat"]) == 0
    assert stub.bodies(_ROUTE) == [
        {"message": "one"},
        {"message": "two", "conversation_id": "c1"},
        {"message": "three"},
    ]
    assert capsys.readouterr().out == "Fire burns.\n" * 3


def test_an_error_does_not_end_the_prompt(
    stub: StubDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.routes[_ROUTE] = (503, {"error": {"code": "backend_unavailable", "message": "no model"}})
    typed = iter(["one", "two"])

    def type_next(prompt: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", type_next)
    assert main(["chat"]) == 0
    assert capsys.readouterr().err.count("error: no model") == 2


def test_without_a_daemon_and_a_terminal_it_fails_with_status_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _pipe(monkeypatch, "")
    assert main(["chat", "hello"]) == 3
    assert "error: Andiron is not running" in capsys.readouterr().err
    assert main(["chat", "hello", "--no-start"]) == 3


def test_files_go_along_and_are_read_anew_for_each_message(
    stub: StubDaemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n", encoding="utf-8")

    def type_next(prompt: str) -> str:
        if len(stub.bodies(_ROUTE)) == 2:
            raise EOFError
        if stub.bodies(_ROUTE):
            file.write_text("x = 2\n", encoding="utf-8")
        return "why?"

    monkeypatch.setattr("builtins.input", type_next)
    assert main(["chat", "--file", f"{file}:1"]) == 0
    shown = [body["context"]["files"][0] for body in stub.bodies(_ROUTE)]
    assert [file["content"] for file in shown] == ["x = 1\n", "x = 2\n"]
    assert shown[0]["path"] == str(file)
    assert shown[0]["selection"]["start"] == {"line": 0, "character": 0}


def test_a_file_that_is_not_there_is_an_error_before_anything_is_sent(
    stub: StubDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", "why?", "--file", "gone.py"]) == 1
    assert "gone.py: cannot be read" in capsys.readouterr().err
    assert stub.bodies(_ROUTE) == []


def test_a_pipe_gets_the_markdown_as_it_is(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    stub.routes[_ROUTE] = _answer("# Title\n\n", "- *a*")
    assert main(["chat", "why?"]) == 0
    assert capsys.readouterr().out == "# Title\n\n- *a*\n"

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from andiron_daemon.client import Client
from andiron_daemon.paths import Paths
from andiron_installer.bootstrap.failures import DaemonError
from andiron_installer.first_run import PREFIX, framed, show_answer, show_completion, speed
from andiron_testing.stub_daemon import StubDaemon, events, stub_daemon

COMPLETE = "POST /api/v1/code/complete"
STREAM = "POST /api/v1/chat/stream"
FIGURES = {
    "backend": "local",
    "model": "small",
    "usage": {"completion_tokens": 20},
    "timings": {"generate_ms": 1000.0},
}


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as stub:
        yield stub


def completion(text: str | None) -> dict[str, Any]:
    return {**FIGURES, "completions": [] if text is None else [{"text": text}], "reason": "not_worthwhile"}


def shown(show: Any, stub: StubDaemon) -> str:
    stream = io.StringIO()
    show(Client(stub.url), "small", Console(file=stream, width=100))
    return stream.getvalue()


def test_a_completion_is_shown_between_its_neighbours_and_who_wrote_it(stub: StubDaemon) -> None:
    stub.routes[COMPLETE] = (200, completion("counts.get(word, 0) + 1"))
    text = shown(show_completion, stub)
    assert "A completion, 20.0 tokens/s, by small (local):" in text
    assert "  +         counts[word] = counts.get(word, 0) + 1\n        return counts" in text
    (body,) = stub.bodies(COMPLETE)
    assert (body["model"], body["backend"], body["prefix"]) == ("small", "local", PREFIX)


def test_no_completion_worth_showing_is_said_with_the_reason(stub: StubDaemon) -> None:
    stub.routes[COMPLETE] = (200, completion(None))
    assert "none worth showing: not_worthwhile" in shown(show_completion, stub)


def test_every_line_the_model_wrote_in_is_marked() -> None:
    lines = framed("a = ", "1\nb = 2", "\nc = 3\n").plain.splitlines()
    assert lines == ["  + a = 1", "  + b = 2", "    c = 3"]


def test_an_answer_is_shown_as_it_comes_and_its_conversation_is_removed(stub: StubDaemon) -> None:
    stub.routes[STREAM] = (
        200,
        events(
            ("start", {"conversation_id": "c1"}),
            ("delta", {"text": "It closes "}),
            ("delta", {"text": "things.\nAlways."}),
            ("done", {**FIGURES, "conversation_id": "c1"}),
        ),
    )
    stub.routes["DELETE /api/v1/chat/conversations/c1"] = (204, None)
    text = shown(show_answer, stub)
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[3:5] == ["    It closes things.", "    Always."]
    assert "That was 20.0 tokens/s, by small (local)." in text
    assert len(stub.bodies("DELETE /api/v1/chat/conversations/c1")) == 1


def test_what_a_terminal_might_obey_is_taken_out(stub: StubDaemon) -> None:
    stub.routes[COMPLETE] = (200, completion("1 \x1b[2J\x07\r"))
    assert "\x1b" not in shown(show_completion, stub)


@pytest.mark.parametrize("show", [show_completion, show_answer])
def test_a_daemon_that_refuses_is_told_with_its_own_words(show: Any, stub: StubDaemon) -> None:
    refusal = {"error": {"code": "backend_unavailable", "message": "no memory", "hint": "Close something."}}
    stub.routes[COMPLETE] = stub.routes[STREAM] = (503, refusal)
    with pytest.raises(DaemonError, match="no memory") as caught:
        shown(show, stub)
    assert caught.value.hint == "Close something."
    assert caught.value.exit_code == 19


def test_an_answer_that_breaks_off_is_an_error(stub: StubDaemon) -> None:
    stub.routes[STREAM] = (
        200,
        events(("start", {"conversation_id": "c1"}), ("error", {"error": {"code": "internal", "message": "died"}})),
    )
    with pytest.raises(DaemonError, match="died"):
        shown(show_answer, stub)


def test_no_time_measured_gives_no_rate() -> None:
    assert speed({**FIGURES, "timings": {"generate_ms": 0.0}}) == "20 tokens, by small (local)"

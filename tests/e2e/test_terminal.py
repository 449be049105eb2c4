"""The command line at a real terminal: prompts, line editing, Ctrl-C."""

import re
from collections.abc import Iterator

import pexpect
import pytest

from andiron_daemon.client import running_daemon
from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import ANDIRON, andiron
from andiron_testing.stub_daemon import StubDaemon, events, stub_daemon

# A fork beside threads may deadlock in the child; this child replaces itself at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

_ROUTE = "POST /api/v1/chat/stream"
_START = ("start", {"id": "m1", "conversation_id": "c1", "backend": "local", "model": "tiny"})
_DONE = (
    "done",
    {
        "conversation_id": "c1",
        "backend": "local",
        "model": "tiny",
        "finish_reason": "stop",
        "usage": {"completion_tokens": 8},
        "timings": {"generate_ms": 500.0},
    },
)


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        running.routes[_ROUTE] = (200, events(_START, ("delta", {"text": "Fire burns."}), _DONE))
        yield running


def _terminal(*arguments: str) -> "pexpect.spawn[str]":
    program, *options = ANDIRON
    return pexpect.spawn(program, [*options, *arguments], encoding="utf-8", timeout=30, dimensions=(40, 160))


def _ended(terminal: "pexpect.spawn[str]") -> int:
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus is not None, f"it was ended by signal {terminal.signalstatus}"
    return int(terminal.exitstatus)


def test_a_conversation_at_the_prompt(stub: StubDaemon) -> None:
    terminal = _terminal("chat")
    terminal.expect("Ctrl-D leaves")
    terminal.expect("> ")
    terminal.sendline("why?")
    terminal.expect("Fire burns.")
    terminal.expect("local · tiny · 8 tokens · 16.0 tokens/s")
    terminal.expect("> ")
    terminal.sendline("and then?")
    terminal.expect("Fire burns.")
    terminal.expect("> ")
    terminal.sendeof()
    assert _ended(terminal) == 0
    assert stub.bodies(_ROUTE) == [{"message": "why?"}, {"message": "and then?", "conversation_id": "c1"}]


def test_ctrl_c_cancels_the_answer_and_not_the_program(stub: StubDaemon) -> None:
    stub.routes[_ROUTE] = (200, events(_START, ("delta", {"text": "It goes on"})) + "…")
    terminal = _terminal("chat")
    terminal.expect("> ")
    terminal.sendline("why?")
    terminal.expect("It goes on")
    terminal.sendintr()
    terminal.expect("Cancelled.")
    assert stub.client_left.wait(10)
    terminal.expect("> ")
    stub.routes[_ROUTE] = (200, events(_START, ("delta", {"text": "Short."}), _DONE))
    terminal.sendline("shorter")
    terminal.expect("Short.")
    terminal.expect("> ")
    terminal.sendline("/quit")
    assert _ended(terminal) == 0
    assert stub.bodies(_ROUTE)[1] == {"message": "shorter", "conversation_id": "c1"}


def test_ctrl_c_at_the_prompt_clears_the_line(stub: StubDaemon) -> None:
    terminal = _terminal("chat")
    terminal.expect("> ")
    terminal.send("never mind")
    terminal.expect("never mind")
    terminal.sendintr()
    terminal.expect("> ")
    terminal.sendline("this instead")
    terminal.expect("Fire burns.")
    terminal.expect("> ")
    terminal.sendeof()
    assert _ended(terminal) == 0
    assert stub.bodies(_ROUTE) == [{"message": "this instead"}]


def test_ctrl_c_ends_a_single_question_with_status_130(stub: StubDaemon) -> None:
    stub.routes[_ROUTE] = (200, events(_START, ("delta", {"text": "It goes on"})) + "…")
    terminal = _terminal("chat", "why?")
    terminal.expect("It goes on")
    terminal.sendintr()
    assert _ended(terminal) == 130
    assert stub.client_left.wait(10)


def test_the_daemon_is_started_when_the_person_agrees(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    terminal = _terminal("chat", "hello")
    terminal.expect(r"Andiron is not running. Start it\? \[Y/n\]")
    terminal.sendline("")
    terminal.expect("Andiron is ready at http://127.0.0.1:")
    terminal.expect("andiron models pull")
    assert _ended(terminal) == 1
    assert running_daemon(paths) is not None
    assert andiron("stop").returncode == 0


def test_the_daemon_is_not_started_when_the_person_declines(paths: Paths) -> None:
    terminal = _terminal("chat", "hello")
    terminal.expect(r"Start it\?")
    terminal.sendline("n")
    terminal.expect("Andiron is not running")
    assert _ended(terminal) == 3
    assert running_daemon(paths) is None


def test_start_starts_it_without_asking(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    done = andiron("models", "list", "--start")
    try:
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("Andiron is ready at ")
    finally:
        assert andiron("stop").returncode == 0


def test_ctrl_c_ends_the_daemon_in_the_foreground(paths: Paths) -> None:
    terminal = _terminal("serve", "--port=0")
    terminal.expect("Andiron is ready at http://127.0.0.1:")
    terminal.sendintr()
    assert _ended(terminal) == 0
    assert not paths.run_file.exists()


def test_markdown_is_rendered_at_a_terminal_unless_asked_otherwise(stub: StubDaemon) -> None:
    text = "Some **bold** words.\n\n```python\nx = 1\n```\n"
    stub.routes[_ROUTE] = (200, events(_START, ("delta", {"text": text}), _DONE))
    terminal = _terminal("chat", "why?")
    terminal.expect("local · tiny")
    # What was shown while it came is erased, so that only what is behind the last erasure stays.
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", str(terminal.before))
    assert "Some bold words." in plain
    assert "```" not in str(terminal.before).rpartition("\x1b[2K")[2]
    assert _ended(terminal) == 0
    terminal = _terminal("chat", "why?", "--raw")
    terminal.expect("```python")
    assert _ended(terminal) == 0

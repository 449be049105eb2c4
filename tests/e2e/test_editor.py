"""The extension in a real Code-OSS, in a real browser, with a real daemon and a real, small model.

One daemon, one code-server and one window serve the whole module. What a model of this size writes is looked at no
further than being there and being put in.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from andiron_daemon.paths import find_paths
from andiron_testing.browser import person
from andiron_testing.code_editor import CodeEditor
from andiron_testing.code_server import CodeServer
from andiron_testing.daemon_process import DaemonProcess, put_model
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread, openai_in_a_thread

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

_FILES = {
    ".env": "KEY=of-nobody\n",
    "add.py": "def add(a, b):\n    return ",
    "binary.dat": "\0\1\2\0",
    "bugs.py": "import os\n\n\ndef total(prices):\n    return sum(price)\n",
    "chat.py": "",
    "fib.py": "def fib(n):\n",
    "gone.py": "def area(a, b):\n    x = a * b\n    return x\n",
    "huge.py": "".join(f"VALUE_{number} = {number}\n" for number in range(200_000)) + "\n\ndef add(a, b):\n    return ",
    "rough.py": "def area(a, b):\n    x = a * b\n    return x\n",
    "stack.py": "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        ",
    "whisper.py": "def shout(text):\n    return text.upper()\n\n\ndef whisper(text):\n    return ",
    "word.py": "def add(a, b):\n    return ",
}
_SMOOTH = "def area(a, b):\n    return a * b\n"
_REFACTORED = (f"```python\n{_SMOOTH}```\n", '{"changes": [{"title": "One line", "why": "The name said nothing."}]}')
_TESTS = "```python\nfrom rough import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n```\n"


@pytest.fixture(scope="module")
def stub() -> Iterator[StubInAThread]:
    """A model that says what it is told to."""
    with openai_in_a_thread() as running:
        yield running


@pytest.fixture(scope="module")
def started() -> Iterator[list[DaemonProcess]]:
    """Every daemon of this module; they are ended whatever happens, and what they said is shown on failure."""
    daemons: list[DaemonProcess] = []
    yield daemons
    for one in daemons:
        one.kill()
        sys.stdout.write(one.said())
    sys.stdout.write(daemons[-1].log() if daemons else "")


@pytest.fixture(scope="module")
def daemon(
    tmp_path_factory: pytest.TempPathFactory, smollm2_path: Path, stub: StubInAThread, started: list[DaemonProcess]
) -> DaemonProcess:
    """The daemon behind the editor; it completes by the real model."""
    paths = find_paths(str(tmp_path_factory.mktemp("home")))
    put_model(smollm2_path, paths)
    variables = {"OPENAI_BASE_URL": stub.base_url, "OPENAI_API_KEY": "sk-of-the-tests", "OPENAI_MODEL": "stub-1"}
    running = DaemonProcess(paths, (), variables)
    started.append(running)
    return running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, daemon: DaemonProcess) -> Iterator[CodeServer]:
    """Code-OSS over a workspace of small files."""
    folder = tmp_path_factory.mktemp("code")
    running = CodeServer(folder, {"ANDIRON_HOME": str(daemon.paths.state.parent)}, {})
    for name, text in _FILES.items():
        (running.workspace / name).write_text(text, encoding="utf-8")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def window(browser: Browser, server: CodeServer) -> Iterator[CodeEditor]:
    """The one window."""
    with person(browser) as context:
        page = context.new_page()
        page.goto(server.page)
        editor = CodeEditor(page, server.workspace)
        editor.wait_until_ready()
        yield editor


@pytest.fixture
def editor(window: CodeEditor) -> Iterator[CodeEditor]:
    """The window, without anything open."""
    yield window
    window.clear_messages()
    window.close_all()


@pytest.fixture
def scripted(editor: CodeEditor, daemon: DaemonProcess) -> Iterator[None]:
    """The model that says what it is told to answers, and nothing is completed meanwhile."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    daemon.client.patch("/api/v1/settings", {"backend": "openai", "completions_paused_until": later})
    expect(editor.status).to_contain_text("paused")
    yield
    daemon.client.patch("/api/v1/settings", {"backend": "local", "completions_paused_until": None})
    editor.wait_until_ready()


def _squeezed(text: str) -> str:
    """Leave out what the editor shows in its own way: spaces and line ends."""
    return "".join(text.split())


def _counts(daemon: DaemonProcess) -> dict[str, int]:
    counts: dict[str, int] = daemon.client.get("/api/v1/status")["completion"]["counts"]
    return counts


def test_a_suggestion_of_one_line_is_taken_by_tab(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.open("add.py")
    accepted = _counts(daemon).get("accepted", 0)
    editor.type("a")
    suggested = editor.suggested()
    assert suggested.strip()
    editor.press("Tab")
    editor.expect_no_suggestion()
    assert _squeezed(editor.saved("add.py")).startswith(_squeezed(_FILES["add.py"] + "a" + suggested))
    editor.wait_for(lambda: _counts(daemon).get("accepted", 0) == accepted + 1)


def test_a_suggestion_of_many_lines_is_refused_by_escape_and_taken_by_tab(editor: CodeEditor) -> None:
    editor.open("fib.py")
    editor.command("Trigger Inline Suggestion")
    expect(editor.further_lines).to_be_visible()
    editor.press("Escape")
    editor.expect_no_suggestion()
    assert editor.saved("fib.py") == _FILES["fib.py"]
    editor.command("Trigger Inline Suggestion")
    expect(editor.further_lines).to_be_visible()
    editor.press("Tab")
    editor.expect_no_suggestion()
    assert editor.saved("fib.py").strip().count("\n") >= 2


def test_a_suggestion_is_taken_by_words_and_by_lines(editor: CodeEditor) -> None:
    editor.open("word.py")
    editor.type("a")
    suggested = _squeezed(editor.suggested())
    while _squeezed(editor.suggested()) == suggested:
        editor.press("Control+ArrowRight")
        editor.page.wait_for_timeout(100)
    first = _squeezed(editor.saved("word.py").removeprefix(_FILES["word.py"] + "a"))
    assert first
    assert suggested.startswith(first)
    assert first != suggested
    editor.suggested()
    editor.press("Control+Alt+ArrowRight")
    rest = _squeezed(editor.saved("word.py").removeprefix(_FILES["word.py"] + "a"))
    assert rest.startswith(first)
    assert len(rest) > len(first)


def test_who_types_what_is_suggested_costs_the_engine_nothing(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.open("stack.py")
    editor.type("s")
    suggested = editor.suggested()
    before = _counts(daemon)
    for sign in suggested.split("\n")[0][:4]:
        editor.type(sign)
        editor.suggested()
    after = _counts(daemon)

    def more(name: str) -> int:
        return after.get(name, 0) - before.get(name, 0)

    assert more("requests") == more("cached_typed_through") + more("cached_exact")


def test_a_suggestion_nobody_waits_for_is_cancelled_in_the_daemon(
    editor: CodeEditor, daemon: DaemonProcess, stub: StubInAThread
) -> None:
    editor.open("whisper.py")
    daemon.client.patch("/api/v1/settings", {"backend": "openai"})
    expect(editor.status).to_contain_text("openai")
    asked, left, gate = stub.requests(), stub.hang_ups, stub.gate()
    stub.enqueue(Reply(gate=gate))
    editor.type("t")
    stub.wait_for_requests(asked + 1)
    editor.close_all()
    stub.wait_for_hang_ups(left + 1)
    daemon.client.patch("/api/v1/settings", {"backend": "local"})
    editor.wait_until_ready()


@pytest.mark.usefixtures("scripted")
def test_an_answer_streams_and_its_code_goes_where_the_person_says(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("chat.py")
    chat, gate = editor.open_chat(), stub.gate()
    pieces = ["Here **it** is:\n\n```python\n", "total = 1\n", "```\n", "<img src=x onerror=alert(1)>Done."]
    stub.enqueue(Reply(pieces=pieces, gate=gate, gate_at=2))
    editor.ask("Count to one")
    expect(chat.locator(".assistant .content")).to_contain_text("Here it is:")
    expect(chat.locator("#turns")).to_have_attribute("aria-busy", "true")
    expect(chat.locator(".actions")).to_have_count(0)
    stub.open(gate)
    expect(chat.locator(".assistant .content")).to_contain_text("Done.")
    expect(chat.locator(".assistant img")).to_have_count(0)
    expect(chat.locator(".assistant .notes")).to_contain_text(re.compile(r"stub-1 \(openai\)"))
    chat.get_by_role("button", name="Insert").click()
    editor.wait_until_changed("chat.py")
    assert editor.saved("chat.py").strip() == "total = 1"
    stub.enqueue("Another answer.")
    chat.get_by_role("button", name="Again").click()
    expect(chat.locator(".assistant .content")).to_have_text("Another answer.")


@pytest.mark.usefixtures("scripted")
def test_what_is_sent_along_is_seen_and_can_be_taken_away(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    chat = editor.open_chat()
    editor.command("Andiron: New Conversation")
    expect(chat.locator(".turn")).to_have_count(0)
    chat.get_by_role("button", name="+ File").click()
    expect(chat.locator("#chips li")).to_have_count(1)
    chat.get_by_role("button", name="+ Problems").click()
    expect(chat.locator("#chips li")).to_have_count(2)
    remove = chat.get_by_role("button", name=re.compile("Do not send Problems"))
    remove.focus()
    remove.press("Enter")
    expect(remove).to_have_count(0)
    expect(chat.locator("#chips li")).to_have_text(re.compile("rough.py"))
    stub.enqueue("It multiplies.")
    editor.ask("What does it do?")
    expect(chat.locator(".assistant .content")).to_have_text("It multiplies.")
    assert "x = a * b" in str(stub.last_body())
    expect(chat.locator("#chips li")).to_have_count(0)


@pytest.mark.usefixtures("scripted")
def test_a_stopped_and_a_broken_answer_keep_what_was_said(editor: CodeEditor, stub: StubInAThread) -> None:
    chat, gate, left = editor.open_chat(), stub.gate(), stub.hang_ups
    stub.enqueue(Reply(pieces=["The beginning", " and the end"], gate=gate, gate_at=1))
    editor.ask("Say something long")
    expect(chat.locator(".assistant .content").last).to_have_text("The beginning")
    chat.get_by_role("button", name="Stop").click()
    expect(chat.locator(".assistant .notes").last).to_have_text("stopped")
    expect(chat.locator(".assistant .content").last).to_have_text("The beginning")
    stub.wait_for_hang_ups(left + 1)
    stub.enqueue(Reply(pieces=["Half of it"], ending="abort"))
    editor.ask("And again")
    expect(chat.locator(".assistant .notes").last).to_have_text("broke off")
    expect(chat.locator(".assistant .content").last).to_have_text("Half of it")
    expect(chat.get_by_role("alert")).to_be_visible()


@pytest.mark.usefixtures("scripted")
def test_conversations_are_found_again_by_what_was_said(editor: CodeEditor, stub: StubInAThread) -> None:
    chat = editor.open_chat()
    editor.command("Andiron: New Conversation")
    stub.enqueue("Salamanders are amphibians.")
    editor.ask("Tell me of salamanders")
    expect(chat.locator(".assistant .content")).to_contain_text("amphibians")
    editor.command("Andiron: New Conversation")
    expect(chat.locator(".turn")).to_have_count(0)
    editor.command("Andiron: Conversations")
    editor.page.locator(".quick-input-widget input[type=text]").fill("amphibians")
    row = editor.page.locator(".quick-input-list .monaco-list-row")
    expect(row).to_have_count(1)
    editor.press("Enter")
    expect(chat.locator(".assistant .content")).to_contain_text("amphibians")


@pytest.mark.usefixtures("scripted")
def test_a_refactoring_is_shown_applied_and_undone_in_one_step(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    stub.enqueue(*_REFACTORED)
    editor.command("Andiron: Refactor…")
    editor.answer_box("shorter")
    expect(editor.messages.filter(has_text="One line")).to_be_visible()
    expect(editor.page.locator(".tab.active")).to_contain_text("Refactoring")
    editor.choose("Apply")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == _SMOOTH
    editor.press("Control+z")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == _FILES["rough.py"]


@pytest.mark.usefixtures("scripted")
def test_what_is_typed_during_a_refactoring_is_not_touched(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    asked, gate = stub.requests(), stub.gate()
    stub.enqueue(Reply(pieces=[_REFACTORED[0]], gate=gate), _REFACTORED[1])
    editor.command("Andiron: Refactor…")
    editor.answer_box("shorter")
    stub.wait_for_requests(asked + 1)
    editor.page.locator(".editor-instance .view-lines").first.click()
    editor.press("Control+End")
    editor.type("# mine")
    stub.open(gate)
    editor.choose("Apply")
    expect(editor.messages.filter(has_text="has changed since")).to_be_visible()
    assert editor.saved("rough.py") == _FILES["rough.py"] + "# mine"


@pytest.mark.usefixtures("scripted")
def test_an_answer_for_a_file_that_was_deleted_is_kept(
    editor: CodeEditor, stub: StubInAThread, server: CodeServer
) -> None:
    editor.open("gone.py")
    asked, gate = stub.requests(), stub.gate()
    stub.enqueue(Reply(pieces=[_REFACTORED[0]], gate=gate), _REFACTORED[1])
    editor.command("Andiron: Refactor…")
    editor.answer_box("")
    stub.wait_for_requests(asked + 1)
    (server.workspace / "gone.py").unlink()
    stub.open(gate)
    editor.choose("Apply")
    expect(editor.messages.filter(has_text="not there any more")).to_be_visible()
    expect(editor.page.locator(".tab.active")).to_contain_text("Untitled")
    assert not (server.workspace / "gone.py").exists()


@pytest.mark.usefixtures("scripted")
def test_tests_come_in_a_new_file_beside_the_code(editor: CodeEditor, stub: StubInAThread, server: CodeServer) -> None:
    editor.open("rough.py")
    stub.enqueue(_TESTS)
    editor.command("Andiron: Generate Tests")
    expect(editor.page.locator(".tab.active", has_text="test_rough.py")).to_be_visible()
    editor.press("Control+s")
    written = server.workspace / "tests" / "test_rough.py"
    editor.wait_for(lambda: written.exists() and "assert area(2, 3) == 6" in written.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("scripted")
def test_bugs_and_findings_are_shown_and_mended(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("bugs.py")
    expect(editor.page.locator(".squiggly-error, .squiggly-warning").first).to_be_visible()
    stub.enqueue('{"bugs": []}')
    editor.command("Andiron: Find Bugs")
    expect(editor.messages.filter(has_text="found")).to_be_visible()
    editor.clear_messages()
    editor.page.locator(".editor-instance .view-lines").first.click()
    editor.press("Control+Home")
    editor.command("Quick Fix...")
    expect(editor.page.locator(".action-widget .focused")).to_contain_text("Andiron: Fix: `os`")
    editor.press("Enter")
    editor.wait_until_changed("bugs.py")
    assert "import os" not in editor.saved("bugs.py")


@pytest.mark.usefixtures("scripted")
def test_an_assist_is_cancelled_where_its_progress_is_shown(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    asked, left = stub.requests(), stub.hang_ups
    stub.enqueue(Reply(gate=stub.gate()))
    editor.command("Andiron: Refactor…")
    editor.answer_box("")
    stub.wait_for_requests(asked + 1)
    editor.choose("Cancel")
    stub.wait_for_hang_ups(left + 1)
    expect(editor.messages).to_have_count(0)
    assert editor.saved("rough.py").startswith(_FILES["rough.py"])


def test_the_menu_behind_the_status_pauses_and_resumes(editor: CodeEditor) -> None:
    for entry, condition in (("Pause completions", "paused"), ("Resume completions", re.compile("smollm2|ready"))):
        editor.status.click()
        editor.page.locator(".quick-input-list .monaco-list-row", has_text=entry).click()
        expect(editor.status).to_contain_text(condition)


@pytest.mark.usefixtures("scripted")
def test_code_is_explained_in_a_document_beside_it(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    stub.enqueue('{"summary": "It multiplies.", "explanation": "Two sides make an **area**.", "sections": []}')
    editor.command("Andiron: Explain")
    expect(editor.page.locator(".tab", has_text="Preview Explanation")).to_be_visible()
    expect(editor.explanation).to_contain_text("Two sides make an area.")


def test_files_that_are_never_sent_are_not_asked_about(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.open(".env")
    before = _counts(daemon).get("requests", 0)
    editor.type("x")
    editor.command("Andiron: Explain")
    expect(editor.messages.filter(has_text="never sent")).to_be_visible()
    assert _counts(daemon).get("requests", 0) == before


def test_a_huge_file_a_nameless_one_and_no_text_at_all(editor: CodeEditor) -> None:
    editor.open("huge.py")
    editor.type("a")
    assert editor.suggested().strip()
    editor.close_all()
    editor.command("File: New Untitled Text File")
    editor.type("def add(a, b): return ")
    editor.command("Trigger Inline Suggestion")
    assert editor.suggested().strip()
    editor.close_all()
    editor.page.locator('.explorer-folders-view .monaco-list-row[aria-label^="binary.dat"]').dblclick()
    expect(editor.page.locator(".tab.active")).to_contain_text("binary.dat")
    editor.command("Andiron: Explain")
    expect(editor.messages.filter(has_text="open a file first")).to_be_visible()


def test_two_windows_do_not_disturb_each_other(editor: CodeEditor, server: CodeServer) -> None:
    editor.open("whisper.py")
    editor.type("text")
    suggested = editor.suggested()
    page = editor.page.context.new_page()
    other = CodeEditor(page, server.workspace)
    page.goto(server.page)
    other.wait_until_ready()
    other.open("whisper.py")
    other.type("t")
    assert other.suggested().strip()
    page.close()
    editor.page.bring_to_front()
    assert editor.suggested() == suggested


def test_a_wrong_token_is_told_once_and_mended_by_the_right_one(editor: CodeEditor, server: CodeServer) -> None:
    server.set_machine(token="not-the-token")
    expect(editor.status).to_contain_text("refused")
    expect(editor.messages).to_have_count(1)
    server.set_machine()
    editor.wait_until_ready()


def test_a_daemon_that_dies_is_told_of_once_and_found_again(
    editor: CodeEditor, daemon: DaemonProcess, started: list[DaemonProcess]
) -> None:
    chat = editor.open_chat()
    daemon.kill()
    expect(editor.status).to_contain_text("offline")
    expect(editor.messages).to_have_count(1)
    expect(editor.messages).to_contain_text("Start")
    editor.ask("Is anybody there?")
    expect(chat.locator("#text")).to_have_value("Is anybody there?")
    expect(editor.messages).to_have_count(1)
    started.append(DaemonProcess(daemon.paths, (), {}))
    editor.wait_until_ready()
    editor.open("whisper.py")
    editor.type("te")
    assert editor.suggested().strip()


def test_nothing_was_asked_of_any_other_machine(window: CodeEditor, server: CodeServer) -> None:
    # The editor looks into its gallery, and names its own files by a host that its service worker answers for.
    foreign = {host for host in window.hosts if not host.endswith("vscode-cdn.net")} - {"open-vsx.org"}
    assert foreign == {"127.0.0.1"}
    assert server.peers() <= {"127.0.0.1"}

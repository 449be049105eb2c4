"""Two windows over one workspace and one daemon: neither disturbs the other, and nobody's text is lost."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from andiron_testing.code_editor import CodeEditor, editor_window
from andiron_testing.code_server import CodeServer
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.editor_files import FILES
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread

_SMOOTH = "def pair(a, b):\n    return a, b\n"
_REFACTORED = (f"```python\n{_SMOOTH}```\n", '{"changes": [{"title": "One line", "why": "The name said nothing."}]}')


@pytest.fixture(scope="module")
def second(window: CodeEditor, server: CodeServer) -> Iterator[CodeEditor]:
    """Another window, in a browser of its own: pages inside two windows of one browser share a service worker."""
    browser = window.page.context.browser
    assert browser is not None
    with editor_window(browser, server) as editor:
        yield editor


@pytest.fixture
def other(second: CodeEditor) -> Iterator[CodeEditor]:
    """The other window, without anything open."""
    yield second
    second.clear_messages()
    second.close_all()


@pytest.mark.usefixtures("foreseen")
def test_each_window_suggests_for_its_own_file(other: CodeEditor, editor: CodeEditor, stub: StubInAThread) -> None:
    other.open("left.py")
    other.type("b")
    assert other.suggested().startswith("fill(")
    theirs = stub.last_body()["prompt"]
    editor.open("accept.py")
    editor.type("b")
    assert editor.suggested().startswith("fill(")
    ours = stub.last_body()["prompt"]
    assert theirs.startswith(FILES["left.py"])
    assert ours.startswith(FILES["accept.py"])


@pytest.mark.usefixtures("scripted")
def test_each_window_has_its_own_answer(other: CodeEditor, editor: CodeEditor, stub: StubInAThread) -> None:
    theirs, gate = other.new_chat(), stub.gate()
    asked = stub.requests()
    stub.enqueue(Reply(pieces=["An answer", " for the other"], gate=gate, gate_at=1))
    other.ask("Who is there?")
    stub.wait_for_requests(asked + 1)
    expect(theirs.locator(".assistant .content")).to_have_text("An answer")
    ours = editor.new_chat()
    stub.enqueue("Another one.")
    editor.ask("And here?")
    expect(ours.locator(".assistant .content")).to_have_text("Another one.")
    stub.open(gate)
    expect(theirs.locator(".assistant .content")).to_have_text("An answer for the other")
    expect(theirs.locator(".turn")).to_have_count(2)
    expect(ours.locator(".turn")).to_have_count(2)


@pytest.mark.usefixtures("scripted")
def test_what_one_window_saves_during_a_refactoring_of_the_other_stays(
    other: CodeEditor, editor: CodeEditor, stub: StubInAThread
) -> None:
    editor.open("pair.py")
    asked, gate = stub.requests(), stub.gate()
    stub.enqueue(Reply(pieces=[_REFACTORED[0]], gate=gate), _REFACTORED[1])
    editor.refactor("shorter")
    stub.wait_for_requests(asked + 1)
    other.open("pair.py")
    other.type("# theirs")
    kept = other.saved("pair.py")
    assert kept.rstrip("\n") == FILES["pair.py"] + "# theirs"
    expect(editor.page.locator(".editor-instance .view-lines")).to_contain_text("theirs")
    stub.open(gate)
    editor.choose("Apply")
    expect(editor.messages.filter(has_text="has changed since")).to_be_visible()
    assert editor.saved("pair.py") == kept


@pytest.mark.usefixtures("scripted")
def test_a_conversation_deleted_in_one_window_loses_no_question_of_the_other(
    other: CodeEditor, editor: CodeEditor, stub: StubInAThread, daemon: DaemonProcess
) -> None:
    chat = editor.new_chat()
    stub.enqueue("Newts are amphibians.")
    editor.ask("Tell me of newts")
    expect(chat.locator(".assistant .content")).to_contain_text("amphibians")
    other.command("Andiron: Conversations")
    other.delete_entry("newts")
    found = daemon.client.get("/api/v1/chat/conversations?q=newts")["conversations"]
    assert found == []
    editor.ask("Are they still?")
    expect(chat.locator("#text")).to_have_value("Are they still?")
    expect(chat.get_by_role("alert")).to_be_visible()
    stub.enqueue("They are.")
    chat.locator("#text").press("Enter")
    expect(chat.locator(".assistant .content").last).to_have_text("They are.")

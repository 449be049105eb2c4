"""Commands and code actions: what they show, what they change, how they are undone and cancelled."""

import pytest
from playwright.sync_api import expect

from andiron_testing.code_editor import CodeEditor
from andiron_testing.code_server import CodeServer
from andiron_testing.editor_files import FILES
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread

pytestmark = pytest.mark.usefixtures("scripted")

_SMOOTH = "def area(a, b):\n    return a * b\n"
_REFACTORED = (f"```python\n{_SMOOTH}```\n", '{"changes": [{"title": "One line", "why": "The name said nothing."}]}')
_TESTS = "```python\nfrom rough import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n```\n"


def test_a_refactoring_is_shown_applied_and_undone_in_one_step(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    stub.enqueue(*_REFACTORED)
    editor.refactor("shorter")
    expect(editor.messages.filter(has_text="One line")).to_be_visible()
    expect(editor.front).to_contain_text("Refactoring")
    editor.choose("Apply")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == _SMOOTH
    editor.press("Control+z")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == FILES["rough.py"]


def test_the_buttons_above_the_difference_decide_as_the_message_does(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    for button in ("Discard the Change", "Apply the Change"):
        stub.enqueue(*_REFACTORED)
        editor.refactor("shorter")
        expect(editor.front).to_contain_text("Refactoring")
        assert editor.saved("rough.py") == FILES["rough.py"]
        editor.page.get_by_role("button", name=button).click()
        expect(editor.front).not_to_contain_text("Refactoring")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == _SMOOTH
    editor.press("Control+z")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == FILES["rough.py"]


def test_what_is_typed_during_a_refactoring_is_not_touched(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("typed.py")
    asked, gate = stub.requests(), stub.gate()
    stub.enqueue(Reply(pieces=[_REFACTORED[0]], gate=gate), _REFACTORED[1])
    editor.refactor("shorter")
    stub.wait_for_requests(asked + 1)
    editor.click_into()
    editor.press("Control+End")
    editor.type("# mine")
    stub.open(gate)
    editor.choose("Apply")
    expect(editor.messages.filter(has_text="has changed since")).to_be_visible()
    assert editor.saved("typed.py") == FILES["typed.py"] + "# mine"


def test_an_answer_that_breaks_off_changes_nothing(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    stub.enqueue(Reply(pieces=["```python\ndef ar"], ending="abort"))
    editor.refactor("shorter")
    expect(editor.messages.filter(has_text="cannot be reached")).to_be_visible()
    expect(editor.messages).to_have_count(1)
    expect(editor.front).to_contain_text("rough.py")
    assert editor.saved("rough.py") == FILES["rough.py"]


def test_an_answer_for_a_file_that_was_deleted_is_kept(
    editor: CodeEditor, stub: StubInAThread, server: CodeServer
) -> None:
    editor.open("gone.py")
    asked, gate = stub.requests(), stub.gate()
    stub.enqueue(Reply(pieces=[_REFACTORED[0]], gate=gate), _REFACTORED[1])
    editor.refactor()
    stub.wait_for_requests(asked + 1)
    (server.workspace / "gone.py").unlink()
    stub.open(gate)
    editor.choose("Apply")
    expect(editor.messages.filter(has_text="not there any more")).to_be_visible()
    expect(editor.front).to_contain_text("Untitled")
    assert not (server.workspace / "gone.py").exists()


def test_tests_come_in_a_new_file_beside_the_code(editor: CodeEditor, stub: StubInAThread, server: CodeServer) -> None:
    editor.open("rough.py")
    stub.enqueue(_TESTS)
    editor.command("Andiron: Generate Tests")
    expect(editor.front.filter(has_text="test_rough.py")).to_be_visible()
    editor.press("Control+s")
    written = server.workspace / "tests" / "test_rough.py"
    editor.wait_for(lambda: written.exists() and "assert area(2, 3) == 6" in written.read_text(encoding="utf-8"))


def test_bugs_and_findings_are_shown_and_mended(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("bugs.py")
    expect(editor.page.locator(".squiggly-error, .squiggly-warning").first).to_be_visible()
    stub.enqueue('{"bugs": []}')
    editor.command("Andiron: Find Bugs")
    expect(editor.messages.filter(has_text="found")).to_be_visible()
    editor.clear_messages()
    editor.click_into()
    editor.press("Control+Home")
    editor.command("Quick Fix...")
    expect(editor.page.locator(".action-widget .focused")).to_contain_text("Andiron: Fix: `os`")
    editor.press("Enter")
    editor.wait_until_changed("bugs.py")
    assert "import os" not in editor.saved("bugs.py")


def test_the_lightbulb_offers_what_fits_a_selection_and_a_problem(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("problem.py")
    expect(editor.page.locator(".squiggly-error, .squiggly-warning").first).to_be_visible()
    editor.press("Control+Home", "Shift+End")
    expect(editor.lightbulb.first).to_be_visible()
    editor.press("Control+.")
    for title in ("Refactor…", "Explain", "Find bugs", "Generate tests"):
        expect(editor.actions.filter(has_text=f"Andiron: {title}")).to_be_visible()
    editor.press("Escape", "Control+End", "ArrowUp", "End", "ArrowLeft", "ArrowLeft")
    expect(editor.lightbulb.first).to_be_visible()
    editor.press("Control+.")
    expect(editor.actions.filter(has_text="Andiron: Explain the problem")).to_be_visible()
    mended = FILES["problem.py"].replace("(price)", "(prices)")
    stub.enqueue("```python\n    return sum(prices)\n```\n", '{"changes": []}')
    editor.press("ArrowDown")
    expect(editor.page.locator(".action-widget .focused")).to_contain_text("Andiron: Let the model fix the problem")
    editor.press("Enter")
    editor.choose("Apply")
    editor.wait_until_changed("problem.py")
    assert editor.saved("problem.py") == mended


def test_an_assist_is_cancelled_where_its_progress_is_shown(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    asked, left = stub.requests(), stub.hang_ups
    stub.enqueue(Reply(gate=stub.gate()))
    editor.refactor()
    stub.wait_for_requests(asked + 1)
    editor.choose("Cancel")
    stub.wait_for_hang_ups(left + 1)
    expect(editor.messages).to_have_count(0)
    assert editor.saved("rough.py") == FILES["rough.py"]


def test_code_is_explained_in_a_document_beside_it(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    stub.enqueue('{"summary": "It multiplies.", "explanation": "Two sides make an **area**.", "sections": []}')
    editor.command("Andiron: Explain")
    expect(editor.page.locator(".tab", has_text="Preview Explanation")).to_be_visible()
    expect(editor.explanation).to_contain_text("Two sides make an area.")


def test_a_file_is_analysed_when_asked(editor: CodeEditor) -> None:
    editor.open("problem.py")
    editor.command("Andiron: Analyze File")
    expect(editor.messages.filter(has_text="lines of code; 1 functions")).to_be_visible()

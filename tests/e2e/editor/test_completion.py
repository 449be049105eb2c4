"""Ghost text. What a model of this size writes is looked at no further than being there and being put in."""

import re

import pytest
from playwright.sync_api import expect

from andiron_testing.code_editor import CodeEditor
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.editor_files import FILES
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread


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
    assert _squeezed(editor.saved("add.py")).startswith(_squeezed(FILES["add.py"] + "a" + suggested))
    editor.wait_for(lambda: _counts(daemon).get("accepted", 0) == accepted + 1)


def test_a_suggestion_of_many_lines_is_refused_by_escape_and_taken_by_tab(editor: CodeEditor) -> None:
    editor.open("fib.py")
    editor.command("Trigger Inline Suggestion")
    expect(editor.further_lines).to_be_visible()
    editor.press("Escape")
    editor.expect_no_suggestion()
    assert editor.saved("fib.py") == FILES["fib.py"]
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
    first = _squeezed(editor.saved("word.py").removeprefix(FILES["word.py"] + "a"))
    assert first
    assert suggested.startswith(first)
    assert first != suggested
    editor.suggested()
    editor.press("Control+Alt+ArrowRight")
    rest = _squeezed(editor.saved("word.py").removeprefix(FILES["word.py"] + "a"))
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


@pytest.mark.usefixtures("foreseen")
def test_a_suggestion_nobody_waits_for_is_cancelled_in_the_daemon(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("whisper.py")
    asked, left = stub.requests(), stub.hang_ups
    stub.enqueue(Reply(gate=stub.gate()))
    editor.type("t")
    stub.wait_for_requests(asked + 1)
    editor.close_all()
    stub.wait_for_hang_ups(left + 1)


@pytest.mark.usefixtures("foreseen")
def test_escape_ends_what_was_asked_for_and_is_not_there_yet(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("escape.py")
    asked, left = stub.requests(), stub.hang_ups
    stub.enqueue(Reply(gate=stub.gate()))
    editor.command("Trigger Inline Suggestion")
    stub.wait_for_requests(asked + 1)

    def is_given_up() -> bool:
        editor.press("Escape")  # the key is the extension's a moment after the request is on its way
        return stub.hang_ups > left

    editor.wait_for(is_given_up)
    editor.expect_no_suggestion()


@pytest.mark.usefixtures("foreseen")
def test_in_a_snippet_tab_goes_to_the_next_place_and_only_then_takes_a_suggestion(editor: CodeEditor) -> None:
    editor.open("snippet.py")
    editor.command("Snippets: Insert Snippet")
    editor.pick("loop")
    for name in ("n", "m"):
        editor.type(name)
        editor.suggested()
        editor.press("Tab")
    editor.type("p")
    editor.suggested()
    editor.press("Tab")
    editor.expect_no_suggestion()
    assert re.fullmatch(r"for n in m:\n    pfill\(\d+, \d+\)\n?", editor.saved("snippet.py"))


@pytest.mark.usefixtures("foreseen")
def test_a_suggestion_goes_on_from_what_the_list_has_selected(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("list.py")
    editor.press("Control+Space")
    expect(editor.listed).to_contain_text("quantity")
    expect(editor.ghost.first).to_have_text("ity")
    assert "ityfill(" in _squeezed(editor.suggested())
    assert stub.last_body()["prompt"].endswith("twice = 2 * quantity")
    editor.press("ArrowDown")
    expect(editor.listed).to_contain_text("quantum")
    expect(editor.ghost.first).to_contain_text("um")
    editor.press("Tab")
    editor.press("Tab")
    editor.expect_no_suggestion()
    assert re.search(r"twice = 2 \* quantumfill\(\d+, \d+\)\n?$", editor.saved("list.py"))


@pytest.mark.usefixtures("foreseen")
def test_lines_end_as_those_of_the_file_do(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("crlf.py")
    stub.enqueue("(\n        a,\n        b,\n    )")
    editor.command("Trigger Inline Suggestion")
    expect(editor.further_lines).to_be_visible()
    assert stub.last_body()["prompt"].endswith("def three(a, b, c):\n    return ")
    editor.press("Tab")
    editor.expect_no_suggestion()
    editor.saved("crlf.py")
    written = (editor.workspace / "crlf.py").read_bytes()
    assert written.count(b"\r\n") >= 4
    assert written.count(b"\n") == written.count(b"\r\n")


@pytest.mark.usefixtures("foreseen")
def test_the_other_cells_of_a_notebook_count_as_text_around_the_cursor(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.show("cells.ipynb")
    editor.click_into_cell(1)
    editor.type("r")
    editor.suggested()
    body = stub.last_body()
    assert "rate = 0.19" in body["prompt"]
    assert body["prompt"].endswith("tax = r")
    assert "print(tax)" in body["suffix"]
    editor.press("Tab")
    editor.expect_no_suggestion()
    expect(editor.page.locator(".squiggly-error, .squiggly-warning")).to_have_count(0)


@pytest.mark.usefixtures("foreseen")
def test_in_a_language_that_is_switched_off_suggestions_come_when_asked_for(
    editor: CodeEditor, stub: StubInAThread
) -> None:
    editor.open("notes.md")
    asked = stub.requests()
    editor.type("this?")
    editor.command("Trigger Inline Suggestion")
    assert "fill(" in editor.suggested()
    assert stub.requests() == asked + 1


def test_files_that_are_never_sent_are_not_asked_about(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.open(".env")
    before = _counts(daemon).get("requests", 0)
    editor.type("x")
    editor.command("Trigger Inline Suggestion")
    editor.command("Andiron: Explain")
    expect(editor.messages.filter(has_text="never sent")).to_be_visible()
    assert _counts(daemon).get("requests", 0) == before


def test_a_huge_file_a_nameless_one_and_no_text_at_all(editor: CodeEditor) -> None:
    editor.open("huge.py")
    editor.type("a")
    assert editor.suggested().strip()
    editor.close_all()
    editor.press("Control+Alt+n")  # a new file without a name
    editor.type("def add(a, b): return ")
    editor.command("Trigger Inline Suggestion")
    assert editor.suggested().strip()
    editor.close_all()
    editor.show("binary.dat")
    editor.command("Andiron: Explain")
    expect(editor.messages.filter(has_text="open a file first")).to_be_visible()

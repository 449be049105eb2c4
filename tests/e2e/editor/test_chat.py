"""The chat beside the code: answers, what is sent along, what is done with code, by keys and for a screen reader."""

import re

import pytest
from playwright.sync_api import expect

from andiron_testing.code_editor import CodeEditor
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.editor_files import FILES
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread

pytestmark = pytest.mark.usefixtures("scripted")

_CODE = "```python\ntotal = 1\n```\n"
_LINES = FILES["rough.py"].splitlines()


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


def test_code_takes_the_place_of_what_is_marked_or_is_shown_beside_it_first(
    editor: CodeEditor, stub: StubInAThread
) -> None:
    editor.open("rough.py")
    chat = editor.new_chat()
    stub.enqueue(_CODE)
    editor.ask("Count to one")
    replace = chat.get_by_role("button", name="Replace")
    replace.click()
    expect(editor.front).to_contain_text("Answer: rough.py")
    editor.choose("Discard")
    expect(editor.front).not_to_contain_text("Answer")
    editor.click_into()
    editor.press("Control+Home", "Shift+End")
    chat.get_by_role("button", name="Diff").click()
    expect(editor.front).to_contain_text("Answer: rough.py")
    editor.choose("Discard")
    expect(editor.front).not_to_contain_text("Answer")
    assert editor.saved("rough.py") == FILES["rough.py"]
    replace.click()
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py").splitlines() == ["total = 1", *_LINES[1:]]
    editor.press("Control+z")
    editor.wait_until_changed("rough.py")
    assert editor.saved("rough.py") == FILES["rough.py"]


def test_code_is_copied_and_opened_as_a_new_file(editor: CodeEditor, stub: StubInAThread) -> None:
    chat = editor.new_chat()
    stub.enqueue(_CODE)
    editor.ask("Count to one")
    chat.get_by_role("button", name="Copy").click()
    editor.wait_for(lambda: editor.clipboard() == "total = 1")
    chat.get_by_role("button", name="New file").click()
    expect(editor.front).to_contain_text("Untitled")
    expect(editor.page.locator(".editor-instance .view-lines")).to_have_text(re.compile("total.=.1"))
    expect(editor.page.locator("#status\\.editor\\.mode")).to_contain_text("Python")


def test_what_is_sent_along_is_seen_and_can_be_taken_away(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    chat = editor.new_chat()
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


def test_what_is_marked_is_asked_about_and_secrets_are_not_sent_along(editor: CodeEditor, stub: StubInAThread) -> None:
    editor.open("rough.py")
    chat = editor.new_chat()
    editor.click_into()
    editor.press("Control+Home", "Shift+End", "Control+Alt+a")
    expect(chat.locator("#chips li")).to_contain_text(re.compile(r"rough\.py:1.1"))
    expect(chat.locator("#text")).to_be_focused()
    editor.open(".env")
    chat = editor.open_chat()
    chat.get_by_role("button", name="+ File").click()
    expect(editor.messages.filter(has_text="never sent")).to_be_visible()
    expect(chat.locator("#chips li")).to_have_count(1)
    chat.get_by_role("button", name=re.compile("Do not send")).click()


def test_the_chat_is_worked_by_keys_alone_and_read_out(editor: CodeEditor, stub: StubInAThread) -> None:
    chat = editor.new_chat()
    stub.enqueue(_CODE)
    expect(chat.locator("#text")).to_be_focused()
    editor.type("Count to one")
    editor.press("Enter")
    expect(chat.get_by_role("toolbar", name="What to do with this code")).to_be_visible()
    expect(chat.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "polite")
    expect(chat.get_by_role("article", name="You asked")).to_have_text("Count to one")
    expect(chat.get_by_role("article", name="Andiron answers")).to_contain_text("total = 1")
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()
    editor.press(*["Shift+Tab"] * 4)
    expect(chat.get_by_role("button", name="Copy")).to_be_focused()
    editor.press("Enter")
    editor.wait_for(lambda: editor.clipboard() == "total = 1")
    editor.press(*["Tab"] * 4)
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()
    asked, left = stub.requests(), stub.hang_ups
    stub.enqueue(Reply(pieces=["Long"], gate=stub.gate(), gate_at=0))
    editor.type("And on")
    editor.press("Enter")
    expect(chat.get_by_role("button", name="Stop")).to_be_visible()
    stub.wait_for_requests(asked + 1)
    editor.press("Escape")
    stub.wait_for_hang_ups(left + 1)
    expect(chat.get_by_role("button", name="Send")).to_be_visible()


def test_a_stopped_and_a_broken_answer_keep_what_was_said(editor: CodeEditor, stub: StubInAThread) -> None:
    chat, gate, left = editor.new_chat(), stub.gate(), stub.hang_ups
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


def test_conversations_are_found_again_by_what_was_said(editor: CodeEditor, stub: StubInAThread) -> None:
    chat = editor.new_chat()
    stub.enqueue("Salamanders are amphibians.")
    editor.ask("Tell me of salamanders")
    expect(chat.locator(".assistant .content")).to_contain_text("amphibians")
    editor.new_chat()
    editor.command("Andiron: Conversations")
    editor.page.locator(".quick-input-widget input[type=text]").fill("amphibians")
    expect(editor.entries).to_have_count(1)
    editor.press("Enter")
    expect(chat.locator(".assistant .content")).to_contain_text("amphibians")


def test_a_conversation_is_deleted_when_the_person_confirms_and_the_one_in_front_ends(
    editor: CodeEditor, stub: StubInAThread, daemon: DaemonProcess
) -> None:
    chat = editor.new_chat()
    stub.enqueue("Newts are small.")
    editor.ask("Tell me of newts")
    expect(chat.locator(".assistant .content")).to_contain_text("small")
    editor.command("Andiron: Conversations")
    editor.delete_entry("Tell me of newts")
    expect(chat.locator(".turn")).to_have_count(0)
    assert daemon.client.get("/api/v1/chat/conversations?q=newts")["conversations"] == []

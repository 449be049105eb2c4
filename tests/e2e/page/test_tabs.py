"""Two tabs of one browser, and conversations that others delete: each shows what holds, and no word is lost."""

import pytest
from playwright.sync_api import Locator, Page, expect

from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread
from andiron_testing.page_room import ask, show

pytestmark = [pytest.mark.timeout(240)]


def begun(page: Page, stub: StubInAThread, text: str) -> str:
    """Begin a conversation and return its id."""
    page.get_by_role("link", name="New").click()
    expect(page.locator(".turn")).to_have_count(0)
    stub.enqueue("An answer.")
    ask(page, text)
    expect(page.locator(".turn.assistant .notes")).to_contain_text("stub-1 (openai) · ")
    return page.url.rpartition("/")[2]


def beside(page: Page) -> Page:
    """Open what a tab shows in a second one."""
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".turn.assistant .content").first).not_to_be_empty()
    return other


def message(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def delete(page: Page, title: str) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_label(f"Delete {title}").click()


def test_a_conversation_that_another_tab_deletes_leaves_what_was_written_in_it(page: Page, stub: StubInAThread) -> None:
    begun(page, stub, "What is a quay?")
    other = beside(page)
    message(other).fill("And a jetty?")
    delete(page, "What is a quay?")
    expect(page.locator(".turn")).to_have_count(0)
    expect(other.locator("#trouble")).to_contain_text(
        "This conversation was deleted; what you wrote stands in a new one"
    )
    expect(other.locator(".turn")).to_have_count(0)
    expect(message(other)).to_have_value("And a jetty?")
    stub.enqueue("A landing stage.")
    other.get_by_role("button", name="Send", exact=True).click()
    expect(other.locator(".turn.assistant .content")).to_have_text("A landing stage.")
    expect(other.locator("#trouble")).to_be_empty()
    expect(page.locator(".conversations a", has_text="And a jetty?")).to_be_visible()


def test_what_is_asked_in_a_conversation_that_is_no_more_is_given_back(
    troubled_page: Page, stub: StubInAThread, daemon: DaemonProcess
) -> None:
    page = troubled_page
    conversation = begun(page, stub, "What is a weir?")
    daemon.client.delete(f"/api/v1/chat/conversations/{conversation}")
    page.locator("input[type=file]").set_input_files({"name": "dam.txt", "mimeType": "text/plain", "buffer": b"a dam"})
    expect(page.locator(".chips li")).to_have_count(1)
    ask(page, "And a lock?")
    expect(page.get_by_role("heading", name="New conversation")).to_be_visible()
    expect(message(page)).to_have_value("And a lock?")
    expect(page.locator(".chips li")).to_have_count(1)
    # The same where it is found out by a look at it.
    page.goto(f"{page.url.partition('#')[0]}#chat/{conversation}")
    expect(page.locator("#trouble")).to_contain_text("This conversation was deleted")


def test_one_that_is_deleted_here_while_it_is_answered_is_gone_with_its_question(
    page: Page, stub: StubInAThread
) -> None:
    gate = stub.gate()
    stub.enqueue(Reply(pieces=["One ", "two"], gate=gate, gate_at=1))
    ask(page, "Tell me nothing.")
    expect(page.locator(".turn.assistant .content")).to_have_text("One ")
    delete(page, "Tell me nothing.")
    expect(page.get_by_role("heading", name="New conversation")).to_be_visible()
    expect(page.locator(".conversations a", has_text="Tell me nothing.")).to_have_count(0)
    expect(page.locator("#trouble")).to_be_empty()
    expect(message(page)).to_have_value("")
    stub.open(gate)


def test_what_is_said_and_renamed_in_one_tab_is_seen_in_the_other(page: Page, stub: StubInAThread) -> None:
    begun(page, stub, "What is a tern?")
    other = beside(page)
    message(other).fill("half a thou")
    stub.enqueue("A seabird.")
    ask(page, "Say it shorter.")
    expect(other.locator(".turn.assistant .content").last).to_have_text("A seabird.")
    expect(other.locator(".turn.user")).to_have_count(2)
    page.once("dialog", lambda dialog: dialog.accept("Birds"))
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(other.get_by_role("heading", name="Birds")).to_be_visible()
    expect(message(other)).to_have_value("half a thou")


def test_each_tab_has_its_own_draft(page: Page, stub: StubInAThread) -> None:
    begun(page, stub, "What is a skerry?")
    other = beside(page)
    message(page).fill("from the first")
    message(other).fill("from the second")
    page.reload()
    expect(message(page)).to_have_value("from the first")
    stub.enqueue("Yes.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".turn.assistant .content").last).to_have_text("Yes.")
    other.reload()
    expect(message(other)).to_have_value("from the second")
    # Whoever comes later begins with what was written last.
    expect(message(beside(other))).to_have_value("from the second")


def test_a_view_that_could_not_be_shown_is_shown_after_the_next_link(
    troubled_page: Page, daemon: DaemonProcess
) -> None:
    page = troubled_page
    page.context.clear_cookies()
    page.locator('#tabs a[href="#privacy"]').click()
    expect(page.locator("#signed-out")).to_be_visible()
    link = daemon.client.post("/api/v1/system/links", {"page": "/ui"})["url"]
    page.context.new_page().goto(link)
    expect(page.locator("#view table")).to_be_visible()
    expect(page.locator("#signed-out")).to_be_hidden()
    expect(page.locator("#trouble")).to_be_empty()
    show(page, "models")


def test_a_browser_has_room_for_more_tabs_than_connections(page: Page) -> None:
    for _ in range(7):
        # Playwright's tabs are all in front; those of a person are not.
        page.evaluate("() => Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        other = page.context.new_page()
        other.goto(page.url)
        page = other
    expect(page.locator("#condition")).to_contain_text("openai")
    first = page.context.pages[0]
    page.close()
    first.evaluate("() => Object.defineProperty(document, 'hidden', { value: false })")
    first.evaluate("() => { document.getElementById('condition').textContent = ''; }")
    first.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator("#condition")).to_contain_text("openai")

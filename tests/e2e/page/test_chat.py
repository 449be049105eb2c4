"""Chat on the page, with a model that says what it is told to behind the real daemon."""

import pytest
from playwright.sync_api import Browser, Page, expect

from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.openai_stub import Reply, failure
from andiron_testing.openai_thread import StubInAThread
from andiron_testing.page_room import OLD_CONVERSATIONS, ask, box, show, signed_in

pytestmark = [pytest.mark.timeout(240)]

_LAST = ".turn.assistant:last-child"


def start_new(page: Page) -> None:
    page.get_by_role("link", name="New").click()
    expect(page.locator(".turn")).to_have_count(0)


def test_a_question_is_answered_as_it_is_written_and_is_found_again(page: Page, stub: StubInAThread) -> None:
    gate = stub.gate()
    stub.enqueue(Reply(pieces=["One ", "two ", "three"], gate=gate, gate_at=2))
    ask(page, "Count, a pelican is watching.")
    expect(page.locator(f"{_LAST} .content")).to_have_text("One two ")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    stub.open(gate)
    expect(page.locator(f"{_LAST} .content")).to_have_text("One two three")
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("stub-1 (openai) · ")
    expect(page.locator("#condition")).to_contain_text("stub-1")
    page.get_by_label("Search the conversations").fill("pelican")
    expect(page.locator(".conversations li")).to_have_count(1)
    expect(page.locator(".conversations mark").first).to_have_text("pelican")
    page.get_by_label("Search the conversations").fill("nobody said this")
    expect(page.locator(".conversations")).to_have_text("Nothing has “nobody said this” in it.")
    page.reload()
    expect(page.locator(f"{_LAST} .content")).to_have_text("One two three")


def test_an_answer_is_stopped_with_escape_and_asked_for_again(page: Page, stub: StubInAThread) -> None:
    stub.enqueue(Reply(pieces=["Once ", "upon"], gate=stub.gate(), gate_at=1))
    before = stub.hang_ups
    ask(page, "Tell me a story.")
    expect(page.locator(f"{_LAST} .content")).to_have_text("Once ")
    page.keyboard.press("Escape")
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("stopped")
    stub.wait_for_hang_ups(before + 1)
    stub.enqueue("Another one.")
    page.get_by_role("button", name="Again").click()
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("stub-1")
    expect(page.locator(".turn.assistant .content")).to_have_text(["Another one."])


def test_one_that_is_stopped_before_its_first_word_is_kept_and_asked_again(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    before = stub.requests()
    stub.enqueue(Reply(pieces=["Late."], gate=stub.gate(), gate_at=-1))
    ask(page, "Who is first?")
    stub.wait_for_requests(before + 1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Who is first?")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)
    page.reload()
    expect(page.locator(".turn.user")).to_have_text("Who is first?")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    stub.enqueue("I am.")
    page.get_by_role("button", name="Again").click()
    expect(page.locator(f"{_LAST} .content")).to_have_text("I am.")
    # One that is asked again, and stopped, leaves the answer there was.
    stub.enqueue(Reply(pieces=["Later."], gate=stub.gate(), gate_at=-1))
    page.get_by_role("button", name="Again").click()
    stub.wait_for_requests(before + 3)
    page.keyboard.press("Escape")
    expect(page.locator(".turn.assistant .content")).to_have_text(["I am."])


def test_what_is_stopped_before_the_daemon_has_it_is_given_back(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    page.route("**/api/v1/chat/stream", lambda route: None)
    ask(page, "Too early.")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Too early.")
    expect(page.locator(".turn")).to_have_count(0)


def test_an_answer_goes_on_while_something_else_is_looked_at(page: Page, stub: StubInAThread) -> None:
    gate = stub.gate()
    stub.enqueue(Reply(pieces=["Slow ", "but ", "sure"], gate=gate, gate_at=1))
    ask(page, "Take your time.")
    expect(page.locator(f"{_LAST} .content")).to_have_text("Slow ")
    show(page, "privacy")
    stub.open(gate)
    show(page, "chat")
    expect(page.locator(f"{_LAST} .content")).to_have_text("Slow but sure")


def test_a_new_conversation_is_to_be_had_while_another_waits_to_begin(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    gate = stub.gate()
    stub.enqueue(Reply(pieces=["At last."], gate=gate, gate_at=-1))
    ask(page, "Are you slow?")
    expect(page.locator(f"{_LAST} .notes")).to_have_text("…")
    start_new(page)
    message = page.get_by_role("textbox", name="Message")
    expect(message).to_have_value("")
    message.fill("The next thing")
    stub.open(gate)
    page.locator(".conversations a", has_text="Are you slow?").click()
    expect(page.locator(f"{_LAST} .content")).to_have_text("At last.")
    expect(message).to_have_value("")
    page.reload()
    expect(message).to_have_value("")
    page.get_by_role("link", name="New").click()
    expect(message).to_have_value("The next thing")


def test_the_address_and_the_title_name_what_is_in_front(page: Page) -> None:
    page.locator(".conversations a", has_text="Code in colours").click()
    expect(page).to_have_title("Andiron: Code in colours")
    address = page.url
    show(page, "privacy")
    expect(page).to_have_title("Andiron: Privacy")
    show(page, "chat")
    expect(page).to_have_url(address)
    page.get_by_role("link", name="New").click()
    expect(page).to_have_title("Andiron: New conversation")
    page.go_back()
    expect(page).to_have_title("Andiron: Code in colours")


def test_a_draft_outlives_a_reload_and_every_conversation_has_its_own(page: Page) -> None:
    message = page.get_by_role("textbox", name="Message")
    message.fill("half a thou")
    show(page, "models")
    show(page, "chat")
    expect(message).to_have_value("half a thou")
    page.locator(".conversations a", has_text="Code in colours").click()
    expect(page.locator(".turn.user")).to_have_text("about Code in colours")
    expect(message).to_have_value("")
    message.fill("and another")
    page.reload()
    expect(message).to_have_value("and another")
    page.get_by_role("link", name="New").click()
    expect(message).to_have_value("half a thou")


def test_what_is_refused_is_given_back_with_its_files(
    troubled_page: Page, stub: StubInAThread, daemon: DaemonProcess
) -> None:
    page = troubled_page
    start_new(page)
    add_files(page, ("add.py", b"def add(a, b): ..."))
    stub.enqueue(failure(404, "The model `stub-1` does not exist", "model_not_found"))
    listed = daemon.client.get("/api/v1/chat/conversations")["conversations"]
    ask(page, "What is it?")
    expect(page.locator("#trouble")).to_contain_text("stub-1")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("What is it?")
    expect(page.locator(".chips li")).to_have_count(1)
    expect(page.locator(".turn")).to_have_count(0)
    assert daemon.client.get("/api/v1/chat/conversations")["conversations"] == listed
    page.get_by_label("Close this message").click()
    expect(page.locator("#trouble p")).to_have_count(0)


def test_an_answer_that_breaks_off_keeps_what_there_was_and_can_be_asked_for_again(
    page: Page, stub: StubInAThread
) -> None:
    start_new(page)
    stub.enqueue(Reply(pieces=["Half an "], ending="abort"))
    ask(page, "What is a monad?")
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("broke off")
    expect(page.locator(f"{_LAST} .content")).to_have_text("Half an ")
    stub.enqueue("A whole answer.")
    page.get_by_role("button", name="Again").click()
    expect(page.locator(".turn.assistant .content")).to_have_text(["A whole answer."])
    stub.enqueue(Reply(pieces=["Never "], ending="abort"))
    page.get_by_role("button", name="Again").click()
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("broke off")
    # The daemon kept the whole one, and so does the page.
    expect(page.locator(".turn.assistant .content").first).to_have_text("A whole answer.")


def add_files(page: Page, *files: tuple[str, bytes]) -> None:
    made = [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files]
    page.locator("input[type=file]").set_input_files(made)  # type: ignore[arg-type]  # plain dicts are FilePayloads


def test_files_are_sent_along_until_they_are_taken_off(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    add_files(page, ("add.py", b"def add(a, b): ..."), ("other.py", b"x = 1"), ("add.py", b"def add(a, c): ..."))
    add_files(page, ("picture.bin", b"\0\1\2"), ("latin.txt", b"caf\xe9"), ("long.txt", b"x" * 2_000_001))
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("picture.bin is not text")
    expect(trouble).to_contain_text("latin.txt is not text")
    expect(trouble).to_contain_text("long.txt has 2.0 MB")
    expect(page.locator(".chips li")).to_have_count(2)
    page.get_by_label("Do not send other.py").click()
    stub.enqueue("Addition.")
    ask(page, "What is it?")
    expect(page.locator(f"{_LAST} .content")).to_have_text("Addition.")
    expect(page.locator(".turn.user .notes")).to_have_text("with add.py")
    expect(page.locator(".chips li")).to_have_count(0)
    assert any("def add(a, c)" in str(body) for body in stub.bodies())
    assert not any("x = 1" in str(body) for body in stub.bodies())


def test_files_are_taken_where_they_are_dropped(page: Page) -> None:
    start_new(page)
    dropped = page.evaluate_handle(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["a = 1"], "a.py"));
          return dropped;
        }"""
    )
    page.dispatch_event(".turns", "dragover", {"dataTransfer": dropped})
    expect(page.locator(".thread.dropping")).to_be_visible()
    page.dispatch_event(".turns", "drop", {"dataTransfer": dropped})
    expect(page.locator(".chips")).to_contain_text("a.py")
    expect(page.locator(".thread.dropping")).to_have_count(0)


def test_conversations_are_named_handed_out_and_deleted(page: Page, daemon: DaemonProcess) -> None:
    page.get_by_label("Search the conversations").fill("colours")
    page.locator(".conversations a", has_text="Code in colours").click()
    page.once("dialog", lambda dialog: dialog.accept("Tea and its price"))
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Tea and its price")).to_be_visible()
    with page.expect_download() as handed:
        page.get_by_role("link", name="Export").click()
    assert "def total" in handed.value.path().read_text(encoding="utf-8")
    page.get_by_label("Search the conversations").fill("")
    page.once("dialog", lambda dialog: dialog.accept("Code in colours"))
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Code in colours")).to_be_visible()


def test_older_conversations_come_when_they_are_asked_for(page: Page) -> None:
    expect(page.locator(".conversations li")).to_have_count(50)
    page.get_by_role("button", name="Older").click()
    expect(page.locator(".conversations a", has_text="Old talk 0")).to_be_visible()
    expect(page.locator(".conversations a", has_text="Old talk 0").locator("time")).to_contain_text("2025")
    assert page.locator(".conversations li").count() > OLD_CONVERSATIONS
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Delete Old talk 59").click()
    expect(page.locator(".conversations a", has_text="Old talk 59")).to_have_count(0)


def test_a_screen_reader_hears_a_block_once_it_is_complete(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    gate = stub.gate()
    stub.enqueue(Reply(pieces=["A first thought.\n\n", "A second ", "one"], gate=gate, gate_at=2))
    said = page.get_by_role("log")
    ask(page, "Think.")
    expect(page.locator(f"{_LAST} .content")).to_contain_text("A second ")
    expect(said).to_contain_text("A first thought.")
    expect(said).not_to_contain_text("A second")
    stub.open(gate)
    expect(said).to_contain_text("A second one")
    expect(said).to_contain_text("stub-1 (openai)")
    expect(page.get_by_role("region", name="Conversation", exact=True)).to_have_attribute("aria-busy", "false")


def test_a_long_question_is_shown_in_part_and_whole_when_it_is_wanted(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    stub.enqueue("Many lines.")
    ask(page, "\n".join(f"line {number}" for number in range(100)))
    expect(page.locator(f"{_LAST} .content")).to_have_text("Many lines.")
    question = page.locator(".turn.user .content")
    assert box(question)["height"] < 300
    page.get_by_role("button", name="Show all").click()
    assert box(question)["height"] > 1000
    page.get_by_role("button", name="Show less").click()
    expect(page.get_by_role("button", name="Show all")).to_have_attribute("aria-expanded", "false")


def test_who_reads_above_is_left_there_and_led_back_to_the_end(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    gate = stub.gate()
    stub.enqueue(Reply(pieces=["word\n\n" * 60, "more\n\n" * 60, "the end"], gate=gate, gate_at=1))
    ask(page, "Talk.")
    expect(page.locator(f"{_LAST} .content > div")).to_have_count(60)
    turns, to_end = page.locator(".turns"), page.get_by_role("button", name="To the end")
    expect(to_end).to_be_hidden()
    turns.evaluate("turns => { turns.scrollTop = 0; }")
    expect(to_end).to_be_visible()
    stub.open(gate)
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("tokens/s")
    assert turns.evaluate("turns => turns.scrollTop") == 0
    to_end.click()
    expect(turns.get_by_text("the end", exact=True)).to_be_in_viewport()
    expect(to_end).to_be_hidden()


def test_a_search_shows_the_word_it_found(page: Page, stub: StubInAThread) -> None:
    start_new(page)
    stub.enqueue(f"{'Before it come so many words. ' * 2} Here is the bittern. {'And others after. ' * 3}")
    ask(page, "Which bird?")
    expect(page.locator(f"{_LAST} .notes")).to_contain_text("tokens/s")
    page.get_by_label("Search the conversations").fill("bittern")
    found, line = box(page.locator(".conversations mark")), box(page.locator(".conversations a"))
    assert found["x"] + found["width"] <= line["x"] + line["width"]
    assert found["y"] + found["height"] <= line["y"] + line["height"]


def test_enter_is_a_new_line_where_there_is_no_keyboard(browser: Browser, daemon: DaemonProcess) -> None:
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page = signed_in(context, daemon)
    message = page.get_by_role("textbox", name="Message")
    message.click()
    page.keyboard.type("one\ntwo")
    expect(message).to_have_value("one\ntwo")
    assert box(page.get_by_role("button", name="Send", exact=True))["height"] >= 40
    context.close()

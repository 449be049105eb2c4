"""The page's frame and its other views: models, status, settings, what was sent away; on any width, in any light."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from andiron_daemon.client import ClientError
from andiron_testing.browser import person
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.hub_stub import HubStub
from andiron_testing.page_room import SHOWN, ask, box, show, sign_in, signed_in

pytestmark = [pytest.mark.model, pytest.mark.timeout(240)]

NAME_OF_FOCUS = """() => {
  const { ariaLabel, placeholder, textContent } = document.activeElement;
  return ariaLabel || placeholder || textContent;
}"""

_SLOW_TUNING = """(begun) => {
  const real = fetch;
  const slow = (signal) => new Response(new ReadableStream({
    start(told) {
      told.enqueue(new TextEncoder().encode(begun));
      signal.addEventListener("abort", () => told.error(signal.reason));
    },
  }));
  window.fetch = async (path, options) => (path.endsWith("/tune") ? slow(options.signal) : real(path, options));
}"""


def test_without_a_session_it_says_how_to_get_one_and_goes_on_by_itself(
    browser: Browser, daemon: DaemonProcess
) -> None:
    with person(browser) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{daemon.record.port}/ui")
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
        assert "andiron open ui" in page.inner_text("#view")
        assert page.locator("#tabs a").count() == 0
        signed_in(context, daemon)
        expect(page.locator("#tabs a")).to_have_count(5)


def test_a_link_signs_in_once_and_signing_out_ends_it(browser: Browser, daemon: DaemonProcess) -> None:
    link = daemon.client.post("/api/v1/system/links", {"page": "/ui"})["url"]
    with person(browser) as context, person(browser) as other:
        page, late = context.new_page(), other.new_page()
        page.goto(link)
        page.wait_for_selector("#tabs a")
        assert "code=" not in page.url
        late.goto(link)
        expect(late.locator("#told")).to_contain_text("it works once")
        # The next one, in the same tab.
        late.goto(daemon.client.post("/api/v1/system/links", {"page": "/ui"})["url"])
        late.wait_for_selector("#tabs a")
        show(page, "settings")
        page.get_by_role("button", name="Sign this browser out").click()
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()


def test_a_page_older_than_its_daemon_offers_to_be_loaded_anew(browser: Browser, daemon: DaemonProcess) -> None:
    with person(browser) as context:
        page = context.new_page()
        state = '{"condition": "ready", "version": "0.0.1", "backend": "local", "backends": [], "models": []}'
        told = f"event: state\ndata: {state}\n\n"
        page.route(
            "**/api/v1/events", lambda route: route.fulfill(body=told, content_type="text/event-stream"), times=1
        )
        sign_in(page, daemon)
        page.get_by_role("textbox", name="Message").fill("half a thou")
        expect(page.locator("#notice")).to_contain_text("this page still 0.0.1")
        page.get_by_role("button", name="Reload").click()
        expect(page.locator("#notice")).to_be_hidden()
        expect(page.get_by_role("textbox", name="Message")).to_have_value("half a thou")


def test_a_model_is_fetched_stopped_gone_on_with_used_and_removed(
    page: Page, hub: HubStub, daemon: DaemonProcess
) -> None:
    hub.hold_at = 20_000
    show(page, "models")
    card = page.get_by_role("region", name="small", exact=True)
    card.get_by_role("button", name="Get").click()
    assert hub.holding.wait(60)
    expect(card.get_by_role("progressbar")).to_be_visible()
    expect(card.get_by_role("status")).to_contain_text(re.compile(r"^[\d.]+ k?B of [\d.]+ kB"))
    # It goes on while something else is looked at, and is found again.
    show(page, "privacy")
    show(page, "models")
    expect(card.get_by_role("progressbar")).to_be_visible()
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_role("button", name=re.compile("^(Get|Go on)$"))).to_be_visible()
    hub.release.set()
    card.get_by_role("button", name=re.compile("^(Get|Go on)$")).click()
    expect(card.get_by_role("status")).to_have_text("It is here.")
    card.get_by_role("button", name="Use").click()
    expect(card.locator("h3")).to_contain_text("chats")
    assert daemon.client.get("/api/v1/settings")["chat_model"] == "small"
    page.once("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="Remove").click()
    expect(card.get_by_role("button", name="Get")).to_be_visible()
    daemon.client.patch("/api/v1/settings", {"chat_model": None, "completion_model": None})


def test_a_pull_that_fails_says_why_and_is_not_tried_again_by_itself(troubled_page: Page, hub: HubStub) -> None:
    page, kept = troubled_page, dict(hub.files)
    hub.files.clear()
    show(page, "models")
    card = page.get_by_role("region", name="small", exact=True)
    card.get_by_role("button", name="Get").click()
    expect(page.locator("#trouble")).to_contain_text("small")
    expect(card.get_by_role("button", name="Get")).to_be_visible()
    expect(card.get_by_role("status")).not_to_be_empty()
    asked = len(hub.asked)
    show(page, "models")
    assert len(hub.asked) == asked
    hub.files.update(kept)


def test_a_model_is_loaded_given_back_and_not_removed_by_mistake(page: Page, daemon: DaemonProcess) -> None:
    show(page, "models")
    card = page.get_by_role("region", name="smollm2-135m", exact=True)
    expect(card).to_contain_text("Apache-2.0")
    card.get_by_role("button", name="Load").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Unload")).to_be_focused()
    show(page, "status")
    expect(page.get_by_role("region", name="The engine")).to_contain_text("smollm2-135m")
    show(page, "models")
    card.get_by_role("button", name="Unload").click()
    expect(card.get_by_role("button", name="Load", exact=True)).to_be_visible()
    page.once("dialog", lambda dialog: dialog.dismiss())
    card.get_by_role("button", name="Remove").click()
    assert daemon.client.get("/api/v1/models/smollm2-135m")["is_installed"]


def test_tuning_tells_how_it_goes_and_what_came_of_it(page: Page) -> None:
    # The real thing takes minutes, and is tested with the command that does the same.
    told = [("start", '{"id": "smollm2-135m"}'), ("progress", '{"text": "Measuring Q4_1"}')]
    verdict = '{"id": "smollm2-135m", "verdict": "It stays as it is: nothing is quicker here.", "readings": []}'
    body = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in [*told, ("done", verdict)])
    page.route("**/tune", lambda route: route.fulfill(body=body, content_type="text/event-stream"))
    show(page, "models")
    card = page.get_by_role("region", name="smollm2-135m", exact=True)
    page.once("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="Tune").click()
    # Also once the list was read again.
    expect(card.get_by_role("status")).to_have_text("It stays as it is: nothing is quicker here.")
    expect(card.get_by_role("button", name="Tune")).to_be_enabled()
    show(page, "models")
    expect(card.get_by_role("status")).to_have_text("It stays as it is: nothing is quicker here.")


def test_tuning_is_stopped_also_after_a_look_at_something_else(page: Page) -> None:
    begun = 'event: start\ndata: {"id": "smollm2-135m"}\n\nevent: progress\ndata: {"text": "Measuring Q4_1"}\n\n'
    # A measuring that takes its time.
    page.evaluate(_SLOW_TUNING, begun)
    show(page, "models")
    card = page.get_by_role("region", name="smollm2-135m", exact=True)
    page.once("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="Tune").click()
    expect(card.get_by_role("status")).to_have_text("Measuring Q4_1")
    show(page, "privacy")
    show(page, "models")
    expect(card.get_by_role("status")).to_have_text("Measuring Q4_1")
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_role("status")).to_have_text("Stopped; it stays as it is.")
    expect(card.get_by_role("button", name="Tune")).to_be_enabled()
    expect(page.locator("#trouble")).to_be_empty()


def test_a_model_of_this_machine_answers(page: Page, daemon: DaemonProcess) -> None:
    daemon.client.patch("/api/v1/settings", {"backend": "local"})
    ask(page, "Write a very long story about a river, a boat and a dog.")
    expect(page.locator(".turn.assistant .content")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator(".turn.assistant .notes")).to_contain_text("stopped")
    page.reload()
    expect(page.locator(".turn.assistant .notes")).to_contain_text("smollm2-135m (local) · stopped")
    daemon.client.patch("/api/v1/settings", {"backend": "openai"})


def test_the_status_is_live_and_says_what_it_shows_in_words(page: Page, daemon: DaemonProcess) -> None:
    show(page, "status")
    expect(page.locator(".plot")).to_have_count(6)
    expect(page.get_by_role("img", name=re.compile("^Memory: [1-9].* MB$"))).to_be_visible()
    for name in ("Queue: running 0 requests, waiting 0 requests", "Accepted of shown: 30 %"):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("^Completion takes: half within 50 ms, 19 of 20 within 1000 ms"))
    ).to_be_visible()
    memory = page.locator(".plot", has_text="Memory").locator("polyline")
    expect(memory).to_have_attribute("points", re.compile(r"^[\d.]+,[\d.]+( [\d.]+,[\d.]+)+$"))
    # A person reading a table is not thrown out of it by the next reading.
    page.get_by_role("region", name="The daemon").focus()
    before = memory.get_attribute("points")
    expect(memory).not_to_have_attribute("points", str(before))
    expect(page.get_by_role("region", name="The daemon")).to_be_focused()


def test_errors_are_shown_with_what_to_do(page: Page, daemon: DaemonProcess) -> None:
    with pytest.raises(ClientError, match="there is no page"):
        daemon.client.post("/api/v1/system/links", {"page": "/nowhere"})
    show(page, "status")
    errors = page.get_by_role("region", name="What went wrong lately")
    expect(errors.locator("tbody tr").first).to_contain_text("there is no page '/nowhere'")
    expect(errors.locator("tbody tr").first).to_contain_text("The pages are:")


def test_settings_change_while_the_daemon_runs(page: Page, daemon: DaemonProcess) -> None:
    show(page, "settings")
    page.get_by_role("button", name="Pause for an hour").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Completions are paused until")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    assert daemon.client.get("/api/v1/settings")["completions_paused_until"]
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Completions are on.")).to_be_visible()
    expect(page.get_by_label("Chat model").locator("option:checked")).to_have_text("Andiron chooses")
    page.get_by_label("Who answers").select_option("auto")
    expect(page.locator("#condition")).to_contain_text("auto")
    # What is changed elsewhere is seen here.
    daemon.client.patch("/api/v1/settings", {"backend": "openai"})
    expect(page.get_by_label("Who answers")).to_have_value("openai")
    expect(page.get_by_role("region", name="Every setting")).to_contain_text("openai_base_url")
    assert daemon.token not in page.content()
    assert "sk-of-the-tests" not in page.content()


def test_a_setting_that_is_refused_shows_what_holds(troubled_page: Page) -> None:
    page = troubled_page
    show(page, "settings")
    # As if the model's file had been deleted since it was offered.
    page.get_by_label("Chat model").locator("option", has_text="smollm2").evaluate("one => { one.value = 'gone'; }")
    page.get_by_label("Chat model").select_option("gone")
    expect(page.locator("#trouble")).to_contain_text("not on this machine")
    expect(page.get_by_label("Chat model")).to_have_value("")


def test_the_privacy_log_shows_what_was_sent_but_not_the_text(page: Page) -> None:
    show(page, "privacy")
    expect(page.get_by_text("Nothing leaves this machine by itself.")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("api.example.com"))
    for text in ("stub-1", "12 kB", "src/parser.py", ".env (kept back)", "answered"):
        expect(row).to_contain_text(text)


def test_everything_can_be_reached_with_the_keyboard(page: Page) -> None:
    page.wait_for_selector(SHOWN["chat"])
    page.locator(".skip").focus()
    reached = []
    for _ in range(12):
        reached.append(page.evaluate(NAME_OF_FOCUS))
        page.keyboard.press("Tab")
    page.get_by_role("region", name="Conversation", exact=True).focus()
    for _ in range(4):
        reached.append(page.evaluate(NAME_OF_FOCUS))
        page.keyboard.press("Tab")
    wanted = {"Chat", "Models", "Status", "Settings", "Privacy", "New", "+ File", "Send", "Message", "Conversation"}
    assert wanted <= set(reached)


def test_the_first_stop_skips_to_the_content_of_the_view_in_front(page: Page) -> None:
    show(page, "status")
    first = page.locator("a[href], button").first
    expect(first).to_have_text("Skip to the content")
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#view.status")).to_be_focused()


def test_a_narrow_and_a_low_window_leave_room_for_what_is_said(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    assert len({box(tab)["y"] for tab in page.locator("#tabs a").all()}) == 1
    page.get_by_role("button", name="Conversations").click()
    expect(page.locator(".turns")).to_be_hidden()
    # Also where the address does not change by it.
    for _ in range(2):
        page.get_by_role("link", name="New").click()
        expect(page.locator(".turns")).to_be_visible()
        page.get_by_role("button", name="Conversations").click()
    page.get_by_role("button", name="Conversations").click()
    # What a window of 1280 by 800 has at twice the size.
    page.set_viewport_size({"width": 640, "height": 400})
    assert box(page.locator(".turns"))["height"] > 200


def test_trouble_covers_nothing(troubled_page: Page) -> None:
    page = troubled_page
    page.locator(".conversations a", has_text="Code in colours").click()
    page.route("**/api/v1/chat/conversations?*", lambda route: route.abort())
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#trouble")).to_contain_text("The daemon does not answer")
    # Playwright clicks only where nothing lies above.
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_label("Close this message").click()
    expect(page.locator("#trouble")).to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_readable_for_everybody_and_on_a_phone(
    browser: Browser, daemon: DaemonProcess, scheme: str
) -> None:
    with person(browser, color_scheme="dark" if scheme == "dark" else "light", width=360, height=740) as context:
        page = signed_in(context, daemon)
        grounds = set()
        for view in SHOWN:
            show(page, view)
            if view == "chat":
                page.get_by_role("button", name="Conversations").click()
                page.locator(".conversations a", has_text="Code in colours").click()
                expect(page.locator(".hljs-keyword").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            found = Axe().run(page)
            assert found.violations_count == 0, f"{view}: {found.generate_report()}"
            page.set_viewport_size({"width": 1280, "height": 800})
            found = Axe().run(page)
            assert found.violations_count == 0, f"{view}, wide: {found.generate_report()}"
            page.set_viewport_size({"width": 360, "height": 740})
        assert grounds == {"rgb(25, 23, 21)" if scheme == "dark" else "rgb(251, 250, 248)"}

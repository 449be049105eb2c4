"""The daemon goes away and comes back under the page: what was said stays, and what a person writes is never lost."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from andiron_daemon.paths import Paths, find_paths
from andiron_testing.browser import person
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread
from andiron_testing.page_room import ask, sign_in, signed_in

pytestmark = [pytest.mark.timeout(240)]


class Restarts:
    """One daemon after the other, in one home and at one address."""

    def __init__(self, paths: Paths, variables: dict[str, str]) -> None:
        self._paths = paths
        self._variables = variables
        self.daemon = DaemonProcess(paths, (), variables)

    def begin_again(self) -> None:
        """Start it again where it was."""
        self._variables["PORT"] = str(self.daemon.record.port)
        self.daemon.said()
        self.daemon = DaemonProcess(self._paths, (), self._variables)


@pytest.fixture
def restarts(tmp_path: Path, stub: StubInAThread) -> Iterator[Restarts]:
    variables = {
        "OPENAI_BASE_URL": stub.base_url,
        "OPENAI_API_KEY": "sk-of-the-tests",
        "OPENAI_MODEL": "stub-1",
        "ANDIRON_BACKEND": "openai",
    }
    running = Restarts(find_paths(str(tmp_path)), variables)
    yield running
    running.daemon.kill()
    sys.stdout.write(running.daemon.said() + running.daemon.log())


def test_a_daemon_that_dies_and_comes_back_loses_nobodys_text(
    browser: Browser, restarts: Restarts, stub: StubInAThread
) -> None:
    with person(browser) as context:
        page = signed_in(context, restarts.daemon)
        stub.enqueue(Reply(pieces=["It began ", "well"], gate=stub.gate(), gate_at=1))
        ask(page, "Tell me of a mountain.")
        content, message = page.locator(".turn.assistant .content"), page.get_by_role("textbox", name="Message")
        expect(content).to_have_text("It began ")
        message.fill("And the next")
        restarts.daemon.kill()
        expect(page.locator(".turn.assistant .notes")).to_contain_text("broke off")
        expect(content).to_have_text("It began ")
        expect(page.locator("#condition")).to_have_text("not running")
        expect(page.locator("#notice")).to_contain_text("Start it: andiron serve --detach")
        ask(page, "Are you there?")
        expect(page.locator("#trouble")).to_contain_text("Start it: andiron serve --detach")
        expect(message).to_have_value("Are you there?")
        restarts.begin_again()
        # A session dies with its daemon; the page says so, and waits for a link.
        expect(page.locator("#signed-out")).to_contain_text("andiron open ui")
        page.keyboard.press("Enter")
        expect(page.locator("#trouble")).to_be_empty()
        expect(message).to_have_value("Are you there?")
        sign_in(context.new_page(), restarts.daemon)
        expect(page.locator("#signed-out")).to_be_hidden()
        expect(page.locator("#condition")).to_contain_text("openai")
        expect(page.locator("#notice")).to_be_hidden()
        stub.enqueue("I am.")
        ask(page, "Are you there?")
        expect(content.last).to_have_text("I am.")
        expect(page.locator(".turn.user")).to_have_text(["Tell me of a mountain.", "Are you there?"])
        expect(message).to_have_value("")


def test_what_is_written_meanwhile_is_kept_beside_what_nobody_took(browser: Browser, restarts: Restarts) -> None:
    with person(browser) as context:
        page = signed_in(context, restarts.daemon)
        restarts.daemon.kill()
        # Another message is begun before the first is known to be lost.
        page.evaluate("""() => {
          const real = fetch;
          fetch = async (...given) => {
            await new Promise((resolve) => { window.go = resolve; });
            return real(...given);
          };
        }""")
        ask(page, "The first")
        page.get_by_role("textbox", name="Message").fill("The second")
        page.evaluate("window.go()")
        expect(page.locator(".turn.user")).to_contain_text("not sent")
        expect(page.locator(".turn.user .content")).to_have_text("The first")
        expect(page.get_by_role("textbox", name="Message")).to_have_value("The second")


def test_where_nobody_can_answer_it_is_said_what_to_do_and_asking_again_is_offered(
    browser: Browser, restarts: Restarts, stub: StubInAThread
) -> None:
    with person(browser) as context:
        page = signed_in(context, restarts.daemon)
        restarts.daemon.client.patch("/api/v1/settings", {"backend": "local"})
        expect(page.locator("#condition")).to_have_text("nobody can answer · local")
        expect(page.locator("#notice")).to_contain_text("no model is installed")
        ask(page, "Is anybody there?")
        expect(page.locator(".turn.assistant .notes .bad")).to_contain_text("not answered: no model is installed")
        page.locator("#notice").get_by_role("link", name="Models").click()
        expect(page.get_by_role("heading", name="To be had")).to_be_visible()
        restarts.daemon.client.patch("/api/v1/settings", {"backend": "openai"})
        expect(page.locator("#notice")).to_be_hidden()
        page.get_by_role("link", name="Chat").click()
        stub.enqueue("I am.")
        page.get_by_role("button", name="Again").click()
        expect(page.locator(".turn.assistant .content")).to_have_text(["I am."])

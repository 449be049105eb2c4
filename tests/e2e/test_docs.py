"""The page at `/docs`, in a real browser against the real daemon: it can be read, and after a link it can be tried."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from andiron_testing.browser import person
from andiron_testing.daemon_process import DaemonProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

expect.set_options(timeout=60_000)
_STATUS = "#operations-system-get_api_v1_status"


@pytest.fixture
def page(browser: Browser, daemon: DaemonProcess) -> Iterator[Page]:
    """The page, signed in by a one-time link; nothing may go wrong in it, and nothing be asked of another machine."""
    own = f"http://127.0.0.1:{daemon.record.port}/"
    problems: list[str] = []
    with person(browser) as context:
        context.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on(
            "request", lambda asked: None if asked.url.startswith((own, "data:")) else problems.append(asked.url)
        )
        page = context.new_page()
        page.goto(daemon.client.post("/api/v1/system/links", {"page": "/docs"})["url"])
        yield page
    assert problems == []


def test_the_api_can_be_read_and_tried_after_signing_in_by_a_link(page: Page) -> None:
    expect(page.locator("#session")).to_contain_text("Signed in")
    operation = page.locator(_STATUS)
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    told = json.loads(answer.locator(".response-col_description .microlight").first.inner_text())
    assert told["process"]["pid"] > 0

"""The page at `/ui`, in a real browser against the real daemon with the real, small model."""

import asyncio
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import MessageRecord
from andiron_testing.browser import chromium, person
from andiron_testing.daemon_process import DaemonProcess, put_model

pytestmark = [pytest.mark.model, pytest.mark.timeout(240)]

expect.set_options(timeout=60_000)
# Each view, and what shows that its content has come.
SHOWN = {
    "chat": ".conversations li",
    "models": ".model",
    "status": ".plot",
    "settings": ".settings select",
    "privacy": "#view h1 + p:not(:empty)",
}
HOSTILE = """# Look
<script>window.pwned = 1</script>

<img src="http://192.0.2.1/beacon.png" onerror="window.pwned = 2">

![beacon](http://192.0.2.1/second.png)
<svg onload="window.pwned = 3"></svg><iframe src="http://192.0.2.1/"></iframe>
<form action="http://192.0.2.1/"><input name="token"></form>

<a href="javascript:window.pwned=4">run</a>

[link](javascript:window.pwned=5)
<b style="position:fixed" onclick="window.pwned = 7">b</b>
<style>body { background: url(http://192.0.2.1/style.png) }</style>

A good [link](https://example.org/good).

```python
print("<script>window.pwned = 6</script>")
```
"""
WATCH_GROWTH = """() => {
  window.lengths = new Set();
  const look = () => window.lengths.add(document.querySelector(".turn.assistant .content")?.textContent.length);
  const watched = { childList: true, subtree: true, characterData: true };
  new MutationObserver(look).observe(document.querySelector(".turns"), watched);
}"""
NAME_OF_FOCUS = """() => {
  const { ariaLabel, placeholder, textContent } = document.activeElement;
  return ariaLabel || placeholder || textContent;
}"""


async def seed(paths: Paths) -> None:
    database = Database(paths.database_file)
    store = SQLiteConversations(database)
    question = MessageRecord(id="q", role="user", content="about marzipan", created_at="2026-01-01T00:00:00.000000Z")
    answer = MessageRecord(id="a", role="assistant", content=HOSTILE, created_at="2026-01-01T00:00:01.000000Z")
    await store.create("hostile", "A hostile answer", question)
    await store.append("hostile", answer)
    await database.aclose()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, smollm2_path: Path) -> Iterator[DaemonProcess]:
    """A daemon with a model, and with a conversation that means ill."""
    paths = find_paths(str(tmp_path_factory.mktemp("page")))
    put_model(smollm2_path, paths)
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, seed(paths)).result()
    daemon = DaemonProcess(paths, (), {})
    yield daemon
    daemon.kill()
    sys.stdout.write(daemon.said() + daemon.log())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def signed_in(context: BrowserContext, daemon: DaemonProcess) -> Page:
    """Open the page by a one-time link."""
    link = daemon.client.post("/api/v1/system/links", {"page": "/ui"})["url"]
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector("#tabs a")
    return page


@pytest.fixture
def page(browser: Browser, daemon: DaemonProcess) -> Iterator[Page]:
    """The page, signed in; nothing may go wrong in it, and nothing be asked of another machine."""
    problems: list[str] = []
    with person(browser) as context:
        context.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on("request", lambda request: None if _is_own(request.url, daemon) else problems.append(request.url))
        yield signed_in(context, daemon)
    assert problems == []


def _is_own(url: str, daemon: DaemonProcess) -> bool:
    return url.startswith((f"http://127.0.0.1:{daemon.record.port}/", "data:"))


def ask(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def show(page: Page, view: str) -> None:
    page.locator(f'#tabs a[href="#{view}"]').click()
    page.wait_for_selector(f"#view.{view}")


def test_without_a_session_it_says_how_to_get_one(browser: Browser, daemon: DaemonProcess) -> None:
    with person(browser) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{daemon.record.port}/ui")
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
        assert "andiron open" in page.inner_text("#view")
        assert page.locator("#tabs a").count() == 0


def test_a_question_is_answered_as_it_is_written_and_is_found_again(page: Page) -> None:
    page.evaluate(WATCH_GROWTH)
    ask(page, "Count from one to thirty in words, please, a pelican is watching.")
    expect(page.locator(".turn.assistant .notes")).to_contain_text("tokens/s")
    assert "smollm2-135m (local)" in page.inner_text(".turn.assistant .notes")
    assert page.evaluate("window.lengths.size") > 2
    expect(page.locator("#condition")).to_contain_text("smollm2-135m")
    page.get_by_label("Search the conversations").fill("pelican")
    expect(page.locator(".conversations li")).to_have_count(1)
    assert page.locator(".conversations mark").inner_text() == "pelican"
    answer = page.inner_text(".turn.assistant .content")
    page.reload()
    page.wait_for_selector(".turn.assistant")
    assert page.inner_text(".turn.assistant .content") == answer


def test_an_answer_can_be_stopped_with_the_keyboard_and_asked_for_again(page: Page, daemon: DaemonProcess) -> None:
    ask(page, "Write a very long story about a river, with many chapters.")
    expect(page.locator(".turn.assistant .content")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator(".turn.assistant .notes")).to_have_text("stopped")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".turn.assistant")).to_have_count(1)


def test_a_hostile_answer_does_nothing(page: Page) -> None:
    page.get_by_label("Search the conversations").fill("marzipan")
    page.locator(".conversations a", has_text="A hostile answer").click()
    content = page.locator(".turn.assistant .content")
    expect(content.locator("h1")).to_have_text("Look")
    expect(content.locator("pre code")).to_have_text('print("<script>window.pwned = 6</script>")')
    assert content.locator("script, img, svg, iframe, form, input, style, [style], [onclick]").count() == 0
    expect(content).to_contain_text('<img src="http://192.0.2.1/beacon.png" onerror="window.pwned = 2">')
    expect(content).to_contain_text("beacon (http://192.0.2.1/second.png)")
    targets = [link.get_attribute("href") for link in content.locator("a").all()]
    assert set(targets) == {None, "https://example.org/good"}
    good = content.locator("a[href]")
    assert (good.get_attribute("target"), good.get_attribute("rel")) == ("_blank", "noopener noreferrer nofollow")
    assert page.evaluate("window.pwned") is None


def test_files_are_sent_along_until_they_are_taken_off(page: Page, tmp_path: Path) -> None:
    for name, content in (("add.py", b"def add(a, b): ..."), ("other.py", b"x = 1"), ("picture.bin", b"\0\1\2")):
        (tmp_path / name).write_bytes(content)
    page.locator("input[type=file]").set_input_files(
        [tmp_path / name for name in ("add.py", "other.py", "picture.bin")]
    )
    expect(page.locator("#trouble")).to_contain_text("picture.bin is not text")
    expect(page.locator(".chips li")).to_have_count(2)
    page.get_by_label("Do not send other.py").click()
    with page.expect_request(re.compile("/chat/stream")) as sent:
        ask(page, "What is it?")
    body = sent.value.post_data_json
    assert body is not None
    assert body["context"]["files"] == [{"path": "add.py", "content": "def add(a, b): ..."}]
    page.keyboard.press("Escape")


def test_models_are_listed_and_given_back(page: Page, daemon: DaemonProcess) -> None:
    show(page, "models")
    card = page.get_by_role("region", name="smollm2-135m", exact=True)
    expect(card).to_contain_text("Apache-2.0")
    card.get_by_role("button", name=re.compile("^(Load|Unload)$")).click()
    other = page.get_by_role("region", name="qwen2.5-coder-1.5b", exact=True)
    expect(other.get_by_role("button", name="Get")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.dismiss())
    card.get_by_role("button", name="Remove").click()
    assert daemon.client.get("/api/v1/models/smollm2-135m")["is_installed"]


def test_the_status_is_live_and_says_what_it_shows_in_words(page: Page) -> None:
    show(page, "status")
    expect(page.locator(".plot")).to_have_count(6)
    expect(page.get_by_role("img", name=re.compile("^Memory: [1-9].* MB$"))).to_be_visible()
    expect(page.locator(".plot polyline").nth(2)).to_have_attribute(
        "points", re.compile(r"^[\d.]+,[\d.]+( [\d.]+,[\d.]+)+$")
    )
    assert page.get_by_role("table").count() >= 2


def test_settings_change_while_the_daemon_runs(page: Page, daemon: DaemonProcess) -> None:
    show(page, "settings")
    page.get_by_role("button", name="Pause for an hour").click()
    expect(page.get_by_text("Completions are paused until")).to_be_visible()
    assert daemon.client.get("/api/v1/settings")["completions_paused_until"]
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Completions are on.")).to_be_visible()
    page.get_by_label("Who answers").select_option("auto")
    expect(page.locator("#condition")).to_contain_text("(auto)")
    page.get_by_label("Who answers").select_option("local")
    expect(page.locator("#condition")).to_contain_text("(local)")
    assert daemon.token not in page.content()


def test_the_privacy_log_says_that_nothing_was_sent(page: Page) -> None:
    show(page, "privacy")
    expect(page.get_by_text("Nothing leaves this machine by itself.")).to_be_visible()
    expect(page.get_by_text("Nothing was sent away.")).to_be_visible()


def test_everything_can_be_reached_with_the_keyboard(page: Page) -> None:
    page.locator("body").press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(NAME_OF_FOCUS))
    assert {"Chat", "Models", "Status", "Settings", "Privacy", "New", "+ File", "Send", "Message"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_stands_out_at_the_side(browser: Browser, daemon: DaemonProcess, scheme: str) -> None:
    with person(browser, color_scheme="dark" if scheme == "dark" else "light", width=360, height=740) as context:
        page = signed_in(context, daemon)
        grounds = set()
        for view, content in SHOWN.items():
            show(page, view)
            page.wait_for_selector(content)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert grounds == {"rgb(25, 23, 21)" if scheme == "dark" else "rgb(251, 250, 248)"}


def test_an_answer_that_breaks_off_keeps_what_there_was(browser: Browser, tmp_path: Path, smollm2_path: Path) -> None:
    paths = find_paths(str(tmp_path))
    put_model(smollm2_path, paths)
    daemon = DaemonProcess(paths, (), {})
    try:
        with person(browser) as context:
            page = signed_in(context, daemon)
            ask(page, "Write a very long story about a mountain, with many chapters.")
            content = page.locator(".turn.assistant .content")
            expect(content).not_to_be_empty()
            expect(page.locator(".conversations li")).to_have_count(0)
            daemon.kill()
            expect(page.locator(".turn.assistant .notes")).to_contain_text("broke off")
            expect(content).not_to_be_empty()
            expect(page.locator("#condition")).to_have_text("not running")
            ask(page, "Are you there?")
            expect(page.locator("#trouble")).to_contain_text("Start it: andiron serve --detach")
            expect(page.get_by_role("textbox", name="Message")).to_have_value("Are you there?")
    finally:
        daemon.kill()

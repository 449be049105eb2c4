"""What the page makes of an answer: Markdown, code in colours and what is done with it, and nothing hostile."""

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread
from andiron_testing.page_room import ask

pytestmark = [pytest.mark.timeout(240)]

_PIECES = (
    "First:\n\n```python\ndef one():\n    return 1\n```\n\nThen:\n\n```python\n",
    "def two():\n",
    "    return 2\n```\n",
)


def opened(page: Page, title: str) -> Locator:
    page.get_by_label("Search the conversations").fill(title)
    page.locator(".conversations a", has_text=title).click()
    content = page.locator(".turn.assistant .content")
    expect(content).not_to_be_empty()
    return content


def test_code_is_coloured_once_when_its_block_is_complete(page: Page, stub: StubInAThread) -> None:
    gate = stub.gate()
    stub.enqueue(Reply(pieces=_PIECES, gate=gate, gate_at=2))
    ask(page, "Two functions, please.")
    blocks = page.locator(".turn.assistant .code")
    expect(blocks.nth(1)).to_contain_text("def two():")
    expect(blocks.nth(0).locator(".hljs-keyword").first).to_have_text("def")
    expect(blocks.nth(0).get_by_role("button")).to_have_count(2)
    expect(blocks.nth(1).get_by_role("button")).to_have_count(0)
    expect(blocks.nth(1).locator("[class^=hljs]")).to_have_count(0)
    blocks.nth(0).locator(".hljs-keyword").first.evaluate("element => { element.wasHere = true; }")
    stub.open(gate)
    expect(blocks.nth(1).locator(".hljs-keyword").first).to_have_text("def")
    # What was complete was not touched while the rest was written.
    assert blocks.nth(0).locator(".hljs-keyword").first.evaluate("element => element.wasHere")


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(138, 31, 122)"), ("dark", "rgb(217, 160, 232)")])
def test_colours_are_those_of_the_light_or_the_dark(page: Page, scheme: str, colour: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    keyword = opened(page, "Code in colours").locator(".hljs-keyword").first
    expect(keyword).to_have_css("color", colour)


def test_a_block_is_copied_and_saved_with_the_keyboard(page: Page) -> None:
    content = opened(page, "Code in colours")
    expect(content.locator("table td").first).to_have_text("tea")
    page.get_by_label("Copy this code").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Copy this code")).to_have_text("Copied")
    code = "def total(prices: list[int]) -> int:\n    return sum(prices)  # all of them"
    assert page.evaluate("navigator.clipboard.readText()") == code
    page.keyboard.press("Tab")
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == "code.py"
    assert saved.value.path().read_text(encoding="utf-8") == f"{code}\n"
    page.get_by_label("Copy this answer as Markdown").click()
    expect(page.get_by_role("log")).to_contain_text("Copied")
    assert "```python" in page.evaluate("navigator.clipboard.readText()")


def test_what_the_browser_does_not_let_the_page_copy_is_marked(page: Page) -> None:
    content = opened(page, "Code in colours")
    # As a browser does whose person said no; at an address of another machine there is no clipboard at all.
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    content.get_by_label("Copy this code").click()
    expect(page.locator("#trouble")).to_contain_text("The text is marked: press Ctrl+C")
    assert "def total" in page.evaluate("String(getSelection())")


def test_tasks_are_ticked_and_no_word_of_a_table_is_cut(page: Page, stub: StubInAThread) -> None:
    name = "a_name_that_is_far_too_long_for_a_phone"
    stub.enqueue(f"- [x] done\n- [ ] due\n\n| option | what it does |\n|---|---|\n| `{name}` | {'much ' * 20}|\n")
    page.set_viewport_size({"width": 360, "height": 740})
    ask(page, "What is left?")
    content = page.locator(".turn.assistant .content")
    expect(content.locator("li")).to_have_text(["☑ done", "☐ due"])
    assert content.locator("td code").evaluate("code => code.getClientRects().length") == 1
    assert content.locator(".scroll").evaluate("scroll => scroll.scrollWidth > scroll.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_written_from_right_to_left_stands_at_the_right(page: Page, stub: StubInAThread) -> None:
    stub.enqueue("שלום עולם\n\nHello\n\n```python\nשם = 1\n```\n")
    ask(page, "מה שלומך?")
    blocks = page.locator(".turn.assistant .content > div")
    expect(blocks).to_have_count(3)
    for block, direction in zip(blocks.all(), ("rtl", "ltr", "ltr"), strict=True):
        expect(block).to_have_css("direction", direction)
    expect(page.locator(".turn.user .content")).to_have_css("direction", "rtl")


def test_a_hostile_answer_does_nothing(page: Page) -> None:
    content = opened(page, "A hostile answer about marzipan")
    expect(content.locator("h1")).to_have_text("Look")
    expect(content.locator(".code").first.locator("[class^=hljs]").first).to_be_visible()
    expect(content.locator("pre code").first).to_have_text(
        'print("<script>window.pwned = 6</script><img src=x onerror=window.pwned=8>")'
    )
    expect(content.locator("pre code").last).to_contain_text("third.png")
    expect(content.locator(".hljs-tag").first).to_be_visible()
    assert content.locator("script, img, svg, iframe, form, input, style, [style], [onclick], [onerror]").count() == 0
    expect(content).to_contain_text('<img src="http://192.0.2.1/beacon.png" onerror="window.pwned = 2">')
    expect(content).to_contain_text("beacon (http://192.0.2.1/second.png)")
    targets = [link.get_attribute("href") for link in content.locator("a").all()]
    assert set(targets) == {None, "https://example.org/good"}
    good = content.locator("a[href]")
    assert (good.get_attribute("target"), good.get_attribute("rel")) == ("_blank", "noopener noreferrer nofollow")
    assert page.evaluate("window.pwned") is None


def test_hostile_files_names_and_titles_are_text(page: Page, stub: StubInAThread) -> None:
    name = "<img src=x onerror=window.pwned=1>.py"
    page.locator("input[type=file]").set_input_files(FilePayload(name=name, mimeType="text/plain", buffer=b"x = 1"))
    expect(page.locator(".chips li")).to_contain_text("<img")
    stub.enqueue("Yes.")
    ask(page, "<img src=x onerror=window.pwned=2>")
    expect(page.locator(".turn.assistant .content")).to_have_text("Yes.")
    expect(page.locator(".turn.user .content")).to_have_text("<img src=x onerror=window.pwned=2>")
    assert page.locator("#view img").count() == 0
    assert page.evaluate("window.pwned") is None

"""The editor as a person uses it: files, keys, ghost text, commands, messages, and the chat beside them."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from andiron_testing.browser import person
from andiron_testing.code_server import CodeServer

_STATUS = '[id="andiron.andiron.andiron.status"]'
_READY = re.compile(r"^Andiron is (ready|working)(, model (?!openai)|$)")
_LONGEST_SECONDS = 30.0
_GHOST = ".ghost-text, .ghost-text-decoration, .ghost-text-decoration-preview"


expect.set_options(timeout=_LONGEST_SECONDS * 1000)


class CodeEditor:
    """One window over a workspace."""

    def __init__(self, page: Page, workspace: Path) -> None:
        self.page = page
        self.workspace = workspace
        page.set_default_timeout(_LONGEST_SECONDS * 1000)
        self.hosts: set[str] = set()
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or "127.0.0.1"))

    @property
    def status(self) -> Locator:
        """The item in the status bar."""
        return self.page.locator(_STATUS)

    @property
    def ghost(self) -> Locator:
        """What is suggested."""
        return self.page.locator(_GHOST)

    @property
    def further_lines(self) -> Locator:
        """What is suggested below the line of the cursor."""
        return self.page.locator(".suggest-preview-text .ghost-text").first

    @property
    def messages(self) -> Locator:
        """The messages that pop up."""
        return self.page.locator(".notification-toast")

    @property
    def chat(self) -> FrameLocator:
        """The page of the chat."""
        return self.page.frame_locator("iframe.webview.ready").frame_locator("iframe#active-frame")

    @property
    def entries(self) -> Locator:
        """The rows of the list that is open on top: commands, choices, conversations."""
        return self.page.locator(".quick-input-list .monaco-list-row")

    @property
    def listed(self) -> Locator:
        """What the editor's own list of suggestions has selected."""
        return self.page.locator(".suggest-widget.visible .monaco-list-row.focused")

    @property
    def lightbulb(self) -> Locator:
        """The sign that something can be done with the code."""
        return self.page.locator(".lightBulbWidget, [class*=gutter-lightbulb]")

    @property
    def actions(self) -> Locator:
        """What can be done with the code, once that was asked."""
        return self.page.locator(".action-widget .monaco-list-row.action")

    @property
    def terminal(self) -> Locator:
        """What stands in the terminal."""
        return self.page.locator(".terminal-wrapper.active .xterm-rows")

    @property
    def front(self) -> Locator:
        """The tab in front."""
        return self.page.locator(".tab.active")

    @property
    def explanation(self) -> Locator:
        """The text of a Markdown preview."""
        preview = self.page.frame_locator('iframe.webview.ready[src*="markdown-language-features"]')
        return preview.frame_locator("iframe#active-frame").locator("body")

    def wait_until_ready(self) -> None:
        """Wait until the daemon was found and says that it is ready, with a model on this machine."""
        expect(self.status).to_have_attribute("aria-label", _READY, timeout=60_000)

    def open(self, name: str) -> None:
        """Open a file of the workspace, to stay, with the cursor at its end."""
        self.show(name)
        self.click_into()
        self.press("Control+End")

    def show(self, name: str) -> None:
        """Show a file of the workspace, whatever the editor shows it in."""
        if not self.page.locator(".explorer-folders-view").is_visible():
            self.page.locator('.activitybar .action-item a[aria-label^="Explorer"]').click()
        self.page.locator(f'.explorer-folders-view .monaco-list-row[aria-label^="{name}"]').dblclick()
        expect(self.front).to_contain_text(name)

    def click_into(self) -> None:
        """Give the text in front the focus."""
        self.page.locator(".editor-instance .view-lines").first.click()

    def click_into_cell(self, number: int) -> None:
        """Give a cell of the notebook in front the focus, with the cursor at its end."""
        self.page.locator(".notebookOverlay .code-cell-row .monaco-editor .view-lines").nth(number).click()
        self.press("Control+End")

    def type(self, text: str) -> None:
        """Type as a quick person does."""
        self.page.keyboard.type(text, delay=40)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def suggested(self) -> str:
        """Wait for ghost text and return it, lines joined and spaces made plain."""
        expect(self.ghost.first).to_be_visible()
        texts: list[str] = self.ghost.all_inner_texts()
        return "\n".join(texts).replace("\xa0", " ")

    def expect_no_suggestion(self) -> None:
        """Wait until nothing is suggested."""
        expect(self.ghost).to_have_count(0)

    def wait_until_changed(self, name: str) -> None:
        """Wait until the file in front is this one, and not saved."""
        expect(self.page.locator(".tab.active.dirty")).to_contain_text(name)

    def clipboard(self) -> str:
        """Return what was copied last."""
        text: str = self.page.evaluate("navigator.clipboard.readText()")
        return text

    def saved(self, name: str) -> str:
        """Save the file in front and return what is on the disk then; the editor empties a file before it writes."""
        unsaved = self.page.locator(f'.tab.dirty[data-resource-name="{name}"]')
        self.press("Control+s")
        before: str | None = None
        now: str | None = None
        while now is None or now != before or unsaved.count():
            if unsaved.count():
                self.press("Control+s")
            self.page.wait_for_timeout(50)
            before, now = now, (self.workspace / name).read_text(encoding="utf-8")
        return now

    def command(self, title: str) -> None:
        """Run a command by its title."""
        if self._is_page_in_focus():
            self.page.locator(".part.statusbar").click(position={"x": 400, "y": 8})  # a page inside keeps its keys
        box = self.page.locator(".quick-input-widget input[type=text]")
        row = self.page.locator(".quick-input-list .monaco-list-row.focused", has_text=title)
        for is_last in (False, False, False, True):
            self.press("F1")
            try:
                box.fill(f">{title}", timeout=5_000)
                row.wait_for(timeout=10_000)
                break
            except PlaywrightTimeoutError:  # what was done before may close the list again as it comes to its end
                if is_last:
                    raise
                self.press("Escape")
        self.press("Enter")

    def refactor(self, told: str = "") -> None:
        """Ask for a refactoring of the file in front, and say what is to become better."""
        self.command("Andiron: Refactor…")
        self.answer_box(told)

    def answer_box(self, text: str) -> None:
        """Type into the box that asks for something, and confirm."""
        box = self.page.locator(".quick-input-widget input[type=text]")
        expect(box).to_be_visible()
        box.fill(text)
        self.press("Enter")

    def pick(self, entry: str) -> None:
        """Choose from the list that is open on top."""
        self.entries.filter(has_text=entry).first.click()

    def delete_entry(self, entry: str) -> None:
        """Delete what an entry of the list on top stands for, by the button beside it, and leave the list."""
        row = self.entries.filter(has_text=entry).first
        row.hover()
        row.get_by_role("button", name="Delete").click()
        self.page.locator(".monaco-dialog-box").get_by_role("button", name="Delete").click()
        expect(self.page.locator(".monaco-dialog-box")).to_have_count(0)
        expect(self.entries.filter(has_text=entry)).to_have_count(0)
        self.press("Escape")

    def choose(self, button: str) -> None:
        """Press a button of a message."""
        self.messages.get_by_role("button", name=button).click()

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait until something outside the page has happened."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while not happened():
            assert time.monotonic() < deadline, "it did not happen"
            self.page.wait_for_timeout(50)

    def ask(self, question: str) -> None:
        """Ask in the chat."""
        self.chat.locator("#text").fill(question)
        self.chat.locator("#text").press("Enter")

    def open_chat(self) -> FrameLocator:
        """Show the chat and return its page."""
        if not self.page.locator("iframe.webview.ready").is_visible():
            self.page.locator('.activitybar .action-item a[aria-label^="Andiron"]').click()
        self.chat.locator("#text").wait_for()
        return self.chat

    def new_chat(self) -> FrameLocator:
        """Show the chat with nothing in it, ready to be written to, and return its page."""
        chat = self.open_chat()
        self.command("Andiron: New Conversation")
        self.wait_for(self._is_page_in_focus)  # the last the command does; until then it may clear what is asked
        expect(chat.locator(".turn")).to_have_count(0)
        return chat

    def _is_page_in_focus(self) -> bool:
        """Tell whether the keys go to a page inside: the chat, a preview."""
        return bool(self.page.evaluate("document.activeElement.tagName") == "IFRAME")

    def clear_messages(self) -> None:
        """Take away the messages that are shown."""
        if self.messages.count():
            self.command("Notifications: Clear All Notifications")
        expect(self.messages).to_have_count(0)

    def close_all(self) -> None:
        """Close every editor and throw away what was not saved."""
        while self.page.locator(".tabs-container .tab").count():
            self.command("View: Revert and Close Editor")


@contextmanager
def editor_window(browser: Browser, server: CodeServer) -> Iterator[CodeEditor]:
    """Open a window over a workspace, as a person of its own, once the daemon behind it is ready."""
    with person(browser) as context:
        page = context.new_page()
        page.goto(server.page)
        editor = CodeEditor(page, server.workspace)
        editor.wait_until_ready()
        yield editor

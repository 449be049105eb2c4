"""What the page weighs, when it can be used, and how long a person waits for the first word of an answer on it.

    PYTHONPATH=tests python -m benchmarks.page MODEL.gguf [--answers 5]

A real browser opens the page of a real daemon. Usable is the first frame in which the message can be typed and the
conversations are listed; bytes are those over the wire, headers included. A clock inside the page runs from Enter to
the first frame that shows a word of the answer: in a new conversation whose model is already in memory, and in one
that goes on.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from andiron_testing.browser import chromium, person
from andiron_testing.daemon_process import DaemonProcess, daemon_with
from andiron_testing.page_room import ask, signed_in
from benchmarks.table import print_table

_QUESTIONS = (
    "What is a race condition?",
    "Name a sorting algorithm.",
    "What does a compiler do?",
    "What is a closure?",
    "What is an index of a database?",
)
_CODE = "Print hello in Python; answer with nothing but a block of code."
_USABLE = """() => new Promise((resolve) => {
  const look = () => {
    const isListed = document.querySelector(".conversations li");
    if (isListed && document.querySelector(".ask textarea")) resolve(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""
_CLOCK = """() => {
  const before = document.querySelectorAll(".turn.assistant").length;
  window.taken = new Promise((resolve) => addEventListener("keydown", () => {
    const start = performance.now();
    const look = () => {
      const turns = document.querySelectorAll(".turn.assistant");
      const isThere = turns.length > before && turns[turns.length - 1].querySelector(".content").textContent.trim();
      if (isThere) resolve(performance.now() - start);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true }));
}"""


class Wire:
    """What a page was sent, as the browser's own protocol counts it."""

    def __init__(self, page: Page) -> None:
        self.requests = 0
        self.sent_bytes = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._begin)
        session.on("Network.loadingFinished", self._end)

    def _begin(self, event: dict[str, Any]) -> None:
        self.requests += event["request"]["url"].startswith("http")

    def _end(self, event: dict[str, Any]) -> None:
        self.sent_bytes += int(event["encodedDataLength"])

    def told(self) -> str:
        """Say it in a cell of a table."""
        return f"{self.sent_bytes / 1000:.0f} kB in {self.requests} requests"


def main() -> None:
    """Measure with one model and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--answers", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, daemon_with(options.model, Path(folder)) as daemon:
        listed = daemon.client.get("/api/v1/models")["models"]
        model = next(one["id"] for one in listed if one["is_installed"])
        daemon.client.post(f"/api/v1/models/{model}/load")
        with chromium() as browser:
            rows = [*_opened(browser, daemon), *_answered(browser, daemon, options.answers)]
    print_table((options.model.name, "measured"), rows)


def _opened(browser: Browser, daemon: DaemonProcess) -> list[list[str]]:
    """Open the page with an empty cache, then again with a full one."""
    rows = []
    with person(browser) as context:
        page = signed_in(context, daemon)
        address = page.url.partition("#")[0]
        page.close()
        for name in ("for the first time", "again"):
            page = context.new_page()
            if name != "again":
                context.new_cdp_session(page).send("Network.clearBrowserCache")
            wire = Wire(page)
            page.goto(address)
            usable = page.evaluate(_USABLE)
            rows += [[f"opened {name}: over the wire", wire.told()], [f"opened {name}: usable", f"{usable:.0f} ms"]]
            page.close()
    return rows


def _answered(browser: Browser, daemon: DaemonProcess, answers: int) -> list[list[str]]:
    """Ask in new conversations, then go on in the last; end with a block of code, which fetches the colours."""
    with person(browser) as context:
        page = signed_in(context, daemon)
        # Whatever is made once is made by the first, which is not counted.
        first = [_first_word(page, question, is_new=True) for question in (_CODE, *_QUESTIONS[:answers])][1:]
        later = [_first_word(page, question, is_new=False) for question in _QUESTIONS[:answers]]
        context.new_cdp_session(page).send("Network.clearBrowserCache")
        wire = Wire(page)
        page.reload()
        page.get_by_role("link", name="New").click()
        ask(page, _CODE)
        page.wait_for_selector(".turns[aria-busy=false] .notes button")
        page.wait_for_selector(".hljs-built_in, .hljs-string")
    return [
        ["Enter to the first word, new conversation", _spread(first)],
        ["Enter to the first word, going on", _spread(later)],
        ["one visit with an answer in code", wire.told()],
    ]


def _first_word(page: Page, question: str, *, is_new: bool) -> float:
    if is_new:
        page.get_by_role("link", name="New").click()
        page.wait_for_selector(".turns:empty", state="attached")
    page.get_by_role("textbox", name="Message").fill(question)
    page.evaluate(_CLOCK)
    page.keyboard.press("Enter")
    taken: float = page.evaluate("window.taken")
    page.keyboard.press("Escape")
    page.wait_for_selector(".turns[aria-busy=false]")
    return taken


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ms ({min(values):.0f} to {max(values):.0f}, {len(values)} answers)"


if __name__ == "__main__":
    main()

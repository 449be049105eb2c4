"""A real browser for tests: the system's Chromium, led by Playwright, which needs no browser of its own then.

Playwright's plain calls keep an event loop in this thread while it runs: tests that use it are not asynchronous, and
its fixture lives no longer than their module, so that the asynchronous tests of other modules find the thread free.
"""

import gc
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, sync_playwright

# Root may not have a sandbox, and /dev/shm is small in a container.
_OPTIONS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
_WIDTH, _HEIGHT = 1280, 800
_LONGEST_MILLISECONDS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser that nobody sees; it ends with the block."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path is not None, "there is no Chromium here: apt-get install chromium"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(_OPTIONS))
            try:
                yield browser
            finally:
                browser.close()
    finally:
        # Playwright leaves its driver's pipes to the collector; later, that would be held against another test.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@contextmanager
def person(
    browser: Browser, *, color_scheme: Literal["light", "dark"] = "light", width: int = _WIDTH, height: int = _HEIGHT
) -> Iterator[BrowserContext]:
    """Give a browser without memory: its own cookies, storage and clipboard rights."""
    context = browser.new_context(color_scheme=color_scheme, viewport={"width": width, "height": height})
    context.set_default_timeout(_LONGEST_MILLISECONDS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    try:
        yield context
    finally:
        context.close()

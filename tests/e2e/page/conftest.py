"""One daemon and one browser for each module: a home that was lived in, a model that says what it is told to, a hub."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from andiron_daemon.paths import find_paths
from andiron_testing.browser import person
from andiron_testing.daemon_process import DaemonProcess, put_model
from andiron_testing.gguf_files import SMALL, gguf_bytes
from andiron_testing.hub_stub import HubStub, hub_stub
from andiron_testing.openai_thread import StubInAThread, openai_in_a_thread
from andiron_testing.page_room import flawless, lived_in, signed_in

expect.set_options(timeout=60_000)
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
print("<script>window.pwned = 6</script><img src=x onerror=window.pwned=8>")
```

```html
<img src="http://192.0.2.1/third.png" onerror="window.pwned = 9">
```
"""
CODE = """Look:

```python
def total(prices: list[int]) -> int:
    return sum(prices)  # all of them
```

| name | price |
|---|---|
| tea | 3 |
"""
SEEDED = {"A hostile answer about marzipan": HOSTILE, "Code in colours": CODE}
_CONTENT = gguf_bytes({**SMALL, "general.description": "long " * 10_000})


@pytest.fixture(scope="module")
def stub() -> Iterator[StubInAThread]:
    """A model that says what it is told to."""
    with openai_in_a_thread() as running:
        yield running


@pytest.fixture(scope="module")
def hub() -> Iterator[HubStub]:
    """A hub that has one model."""
    with hub_stub() as running:
        running.add("someone/small", "small.gguf", _CONTENT)
        yield running


@pytest.fixture(scope="module")
def daemon(
    tmp_path_factory: pytest.TempPathFactory, smollm2_path: Path, stub: StubInAThread, hub: HubStub
) -> Iterator[DaemonProcess]:
    """The daemon behind the page."""
    paths = find_paths(str(tmp_path_factory.mktemp("page")))
    put_model(smollm2_path, paths)
    paths.config.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256(_CONTENT).hexdigest()
    entry = f'[[model]]\nid = "small"\nfile = "small.gguf"\nsize_bytes = {len(_CONTENT)}\nsha256 = "{sha256}"\n'
    (paths.config / "models.toml").write_text(entry + 'sources = [{kind = "hub", repository = "someone/small"}]\n')
    lived_in(paths, SEEDED)
    variables = {
        "OPENAI_BASE_URL": stub.base_url,
        "OPENAI_API_KEY": "sk-of-the-tests",
        "OPENAI_MODEL": "stub-1",
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(paths.cache / "huggingface"),
        # A hub that is held up is waited for, not asked anew.
        "HF_HUB_DOWNLOAD_TIMEOUT": "120",
    }
    running = DaemonProcess(paths, (), variables)
    running.client.patch("/api/v1/settings", {"backend": "openai"})
    yield running
    running.kill()
    sys.stdout.write(running.said() + running.log())


@pytest.fixture
def troubled_page(browser: Browser, daemon: DaemonProcess) -> Iterator[Page]:
    """The page where a request is to fail, which a browser writes into its console."""
    with person(browser) as context:
        yield signed_in(context, daemon)


@pytest.fixture
def page(browser: Browser, daemon: DaemonProcess) -> Iterator[Page]:
    """The page, signed in; nothing may go wrong in it, and nothing be asked of another machine."""
    with person(browser) as context, flawless(context, daemon):
        yield signed_in(context, daemon)

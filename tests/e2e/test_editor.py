"""The extension in a real Code-OSS, in a real browser, with a real daemon and a real, small model.

One daemon, one code-server and one window serve the whole module. What a model of this size writes is looked at no
further than being there and being put in.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from andiron_daemon.paths import find_paths
from andiron_testing.browser import person
from andiron_testing.code_editor import CodeEditor
from andiron_testing.code_server import CodeServer
from andiron_testing.daemon_process import DaemonProcess, put_model
from andiron_testing.openai_thread import StubInAThread, openai_in_a_thread

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

_FILES = {
    "add.py": "def add(a, b):\n    return ",
    "fib.py": "def fib(n):\n",
}


@pytest.fixture(scope="module")
def stub() -> Iterator[StubInAThread]:
    """A model that says what it is told to."""
    with openai_in_a_thread() as running:
        yield running


@pytest.fixture(scope="module")
def daemon(
    tmp_path_factory: pytest.TempPathFactory, smollm2_path: Path, stub: StubInAThread
) -> Iterator[DaemonProcess]:
    """The daemon behind the editor; it completes by the real model."""
    paths = find_paths(str(tmp_path_factory.mktemp("home")))
    put_model(smollm2_path, paths)
    variables = {"OPENAI_BASE_URL": stub.base_url, "OPENAI_API_KEY": "sk-of-the-tests", "OPENAI_MODEL": "stub-1"}
    running = DaemonProcess(paths, (), variables)
    yield running
    running.kill()
    sys.stdout.write(running.said() + running.log())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, daemon: DaemonProcess) -> Iterator[CodeServer]:
    """Code-OSS over a workspace of small files."""
    folder = tmp_path_factory.mktemp("code")
    running = CodeServer(folder, {"ANDIRON_HOME": str(daemon.paths.state.parent)}, {})
    for name, text in _FILES.items():
        (running.workspace / name).write_text(text, encoding="utf-8")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def window(browser: Browser, server: CodeServer) -> Iterator[CodeEditor]:
    """The one window."""
    with person(browser) as context:
        page = context.new_page()
        page.goto(server.page)
        editor = CodeEditor(page, server.workspace)
        editor.wait_until_ready()
        yield editor


@pytest.fixture
def editor(window: CodeEditor) -> Iterator[CodeEditor]:
    """The window, without anything open."""
    yield window
    window.close_all()


def _squeezed(text: str) -> str:
    """Leave out what the editor shows in its own way: spaces and line ends."""
    return "".join(text.split())


def test_a_suggestion_of_one_line_is_taken_by_tab(editor: CodeEditor) -> None:
    editor.open("add.py")
    editor.type("a")
    suggested = editor.suggested()
    assert suggested.strip()
    editor.press("Tab")
    editor.expect_no_suggestion()
    assert _squeezed(editor.saved("add.py")).startswith(_squeezed(_FILES["add.py"] + "a" + suggested))

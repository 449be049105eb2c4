"""What the editor's tests share: a daemon with a real, small model, code-server, a window, and who may answer."""

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from andiron_daemon.paths import find_paths
from andiron_testing.browser import chromium
from andiron_testing.code_editor import CodeEditor, editor_window
from andiron_testing.code_server import CodeServer
from andiron_testing.daemon_process import DaemonProcess, andiron, put_model
from andiron_testing.editor_files import FILES
from andiron_testing.openai_thread import StubInAThread, openai_in_a_thread

_LONGEST_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.model)
            item.add_marker(pytest.mark.timeout(_LONGEST_SECONDS))


@pytest.fixture(scope="package")
def stub() -> Iterator[StubInAThread]:
    """A model that says what it is told to."""
    with openai_in_a_thread() as running:
        yield running


@pytest.fixture(scope="package")
def started() -> Iterator[list[DaemonProcess]]:
    """Every daemon of this folder; they are ended whatever happens, and what they said is shown on failure."""
    daemons: list[DaemonProcess] = []
    yield daemons
    for one in daemons:
        one.kill()
        sys.stdout.write(one.said())
    sys.stdout.write(daemons[-1].log() if daemons else "")


@pytest.fixture(scope="package")
def variables(stub: StubInAThread) -> Mapping[str, str]:
    """By what the daemon knows who else may answer."""
    return {"OPENAI_BASE_URL": stub.base_url, "OPENAI_API_KEY": "sk-of-the-tests", "OPENAI_MODEL": "stub-1"}


@pytest.fixture(scope="package")
def daemon(
    tmp_path_factory: pytest.TempPathFactory,
    smollm2_path: Path,
    variables: Mapping[str, str],
    started: list[DaemonProcess],
) -> DaemonProcess:
    """The daemon behind the editor; it completes by the real model."""
    paths = find_paths(str(tmp_path_factory.mktemp("home")))
    put_model(smollm2_path, paths)
    running = DaemonProcess(paths, (), variables)
    started.append(running)
    return running


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, daemon: DaemonProcess) -> Iterator[CodeServer]:
    """Code-OSS over the workspace; suggestions are switched off in Markdown."""
    folder = tmp_path_factory.mktemp("code")
    settings = {"[markdown]": {"andiron.completion.enabled": False}}
    running = CodeServer(folder, {"ANDIRON_HOME": str(daemon.paths.state.parent)}, settings)
    for name, text in FILES.items():
        (running.workspace / name).parent.mkdir(exist_ok=True)
        (running.workspace / name).write_text(text, encoding="utf-8", newline="")
    yield running
    running.stop()


@pytest.fixture(scope="package")
def window(server: CodeServer) -> Iterator[CodeEditor]:
    """The one window."""
    with chromium() as browser, editor_window(browser, server) as editor:
        yield editor


@pytest.fixture
def editor(window: CodeEditor) -> Iterator[CodeEditor]:
    """The window, without anything open."""
    yield window
    window.clear_messages()
    window.close_all()


@pytest.fixture
def scripted(editor: CodeEditor, daemon: DaemonProcess, stub: StubInAThread) -> Iterator[None]:
    """The model that says what it is told to answers, and nothing is completed meanwhile."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    daemon.client.patch("/api/v1/settings", {"backend": "openai", "completions_paused_until": later})
    expect(editor.status).to_contain_text("paused")
    yield
    stub.forget()
    daemon.client.patch("/api/v1/settings", {"backend": "local", "completions_paused_until": None})
    editor.wait_until_ready()


@pytest.fixture
def foreseen(editor: CodeEditor, daemon: DaemonProcess, stub: StubInAThread) -> Iterator[None]:
    """The model that says what it is told to completes; told nothing, it says `fill(…)`."""
    daemon.client.patch("/api/v1/settings", {"backend": "openai"})
    expect(editor.status).to_contain_text("openai")
    yield
    stub.forget()
    daemon.client.patch("/api/v1/settings", {"backend": "local"})
    editor.wait_until_ready()


@pytest.fixture
def look_elsewhere(editor: CodeEditor, server: CodeServer, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Have the editor look into another home, with another command to start the daemon by; and back again."""
    home = tmp_path / "elsewhere"

    def look(command: str) -> Path:
        server.set_machine(home=str(home), command=command)
        return home

    yield look
    andiron("stop", variables={"ANDIRON_HOME": str(home)})
    server.set_machine()
    editor.wait_until_ready()

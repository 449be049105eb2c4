"""What the editor tells the daemon: what became of a suggestion, and which other files go along."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from andiron_daemon.paths import find_paths
from andiron_testing.code_editor import CodeEditor
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.editor_files import FILES
from andiron_testing.stub_daemon import StubDaemon, events, stub_daemon


class Counted:
    """What the daemon has counted of suggestions since this was made."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self._daemon = daemon
        self._before = self._now()

    def __call__(self, name: str) -> int:
        return self._now().get(name, 0) - self._before.get(name, 0)

    def _now(self) -> dict[str, int]:
        counts: dict[str, int] = self._daemon.client.get("/api/v1/status")["completion"]["counts"]
        return counts


@pytest.mark.usefixtures("foreseen")
def test_of_a_suggestion_taken_by_words_the_words_are_counted(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.open("accept.py")
    shown = Counted(daemon)
    editor.type("a")
    assert editor.suggested().startswith("fill(")
    editor.wait_for(lambda: shown("shown") == 1)  # the one before was left with this at the latest
    counted = Counted(daemon)
    editor.press("Control+ArrowRight")
    editor.wait_for(lambda: not editor.suggested().startswith("fill("))
    editor.press("Control+Home")
    editor.expect_no_suggestion()
    editor.wait_for(lambda: counted("accepted") == 1)
    taken = editor.saved("accept.py").removeprefix(FILES["accept.py"] + "a").rstrip("\n")
    assert "fill(1, 1)".startswith(taken[:4])
    assert counted("accepted_characters") == len(taken)
    assert counted("rejected") == 0


@pytest.mark.usefixtures("foreseen")
def test_a_suggestion_that_is_left_is_counted_as_rejected(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.open("left.py")
    counted = Counted(daemon)
    editor.type("a")
    editor.suggested()
    editor.wait_for(lambda: counted("shown") == 1)
    editor.press("Escape", "Control+Home")
    editor.wait_for(lambda: counted("rejected") == 1)
    assert counted("accepted") == 0
    assert editor.saved("left.py").strip() == (FILES["left.py"] + "a").strip()


@pytest.fixture
def seen(editor: CodeEditor, look_elsewhere: Callable[[str], Path], tmp_path: Path) -> Iterator[StubDaemon]:
    """A daemon that suggests nothing, and shows what it was asked."""
    with stub_daemon(find_paths(str(tmp_path / "elsewhere"))) as running:
        running.routes["GET /health"] = (200, {"status": "ok", "version": "1"})
        running.routes["GET /api/v1/events"] = (200, events(("state", {"condition": "ready"})) + "…")
        look_elsewhere("andiron")
        editor.wait_for(lambda: running.bodies("GET /api/v1/events") != [])
        yield running
        editor.close_all()


def test_a_file_that_is_opened_is_evaluated_before_anything_is_typed(editor: CodeEditor, seen: StubDaemon) -> None:
    editor.open("alone.py")
    editor.wait_for(lambda: any(body["max_tokens"] == 0 for body in _asked_in(seen, "alone.py")))
    assert all(body.get("max_tokens") == 0 for body in _asked_in(seen, "alone.py"))


def test_other_open_files_are_sent_along_but_not_those_never_sent(editor: CodeEditor, seen: StubDaemon) -> None:
    for name in ("list.py", ".env", "alone.py"):
        editor.open(name)
    editor.type("b")
    editor.wait_for(lambda: any(body["prefix"].endswith("return b") for body in _asked_in(seen, "alone.py")))
    beside = {Path(file["path"]).name for file in _asked_in(seen, "alone.py")[-1]["context"]}
    assert "list.py" in beside
    assert "alone.py" not in beside
    assert "of-nobody" not in str(seen.asked)


def _asked_in(seen: StubDaemon, name: str) -> list[dict[str, Any]]:
    """Return what was asked of a suggestion in a file, the oldest first."""
    bodies: list[dict[str, Any]] = seen.bodies("POST /api/v1/code/complete")
    return [body for body in bodies if Path(body["path"]).name == name]

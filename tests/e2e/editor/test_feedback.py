"""What the editor tells the daemon: what became of a suggestion, and which other files go along."""

from collections.abc import Callable
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


def test_other_open_files_are_sent_along_but_not_those_never_sent(
    editor: CodeEditor, look_elsewhere: Callable[[str], Path], tmp_path: Path
) -> None:
    with stub_daemon(find_paths(str(tmp_path / "elsewhere"))) as seen:
        seen.routes["GET /health"] = (200, {"status": "ok", "version": "1"})
        seen.routes["GET /api/v1/events"] = (200, events(("state", {"condition": "ready"})) + "…")
        look_elsewhere("andiron")
        editor.wait_for(lambda: seen.bodies("GET /api/v1/events") != [])
        for name in ("list.py", ".env", "alone.py"):
            editor.open(name)
        editor.type("b")
        editor.wait_for(lambda: _asked_for(seen, FILES["alone.py"] + "b") != [])
        paths = [Path(file["path"]).name for file in _asked_for(seen, FILES["alone.py"] + "b")[0]["context"]]
        assert "list.py" in paths
        assert "alone.py" not in paths
        assert "of-nobody" not in str(seen.asked)
    editor.close_all()


def _asked_for(seen: StubDaemon, prefix: str) -> list[dict[str, Any]]:
    """Return the requests for a suggestion behind a text."""
    bodies: list[dict[str, Any]] = seen.bodies("POST /api/v1/code/complete")
    return [body for body in bodies if body["prefix"] == prefix and body.get("max_tokens") != 0]

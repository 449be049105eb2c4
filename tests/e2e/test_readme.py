"""Every command of the README, as pasted, against the real daemon with a real model."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from andiron_testing.daemon_process import DaemonProcess

pytestmark = pytest.mark.model

_PATIENCE_SECONDS = 280
_ROOT = Path(__file__).parent.parent.parent
_ADDRESS = "127.0.0.1:8000"
_NAMES = ("$ID", "smollm2-135m")


def _blocks() -> list[str]:
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)


def _run(script: str, daemon: DaemonProcess, folder: Path) -> subprocess.CompletedProcess[str]:
    """Paste a script into a shell whose path has the `andiron` of this environment."""
    own_commands = Path(sys.executable).parent
    variables = {**os.environ, "ANDIRON_HOME": str(daemon.paths.state.parent)}
    variables["PATH"] = f"{own_commands}{os.pathsep}{variables['PATH']}"
    pasted = script.replace(_ADDRESS, daemon.record.url.removeprefix("http://"))
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", pasted],
        capture_output=True,
        encoding="utf-8",
        env=variables,
        cwd=folder,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


@pytest.mark.timeout(_PATIENCE_SECONDS + 20)
def test_everything_the_readme_shows_works_as_pasted(shared_daemon: DaemonProcess, tmp_path: Path) -> None:
    done = _run("\n".join(f"{block}\necho; echo '--- end of block'" for block in _blocks()), shared_daemon, tmp_path)
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split("--- end of block\n")[:-1]
    assert len(answers) == len(_blocks())
    assert '{"error":' not in done.stdout
    assert _answer("andiron chat ", answers).strip()
    assert json.loads(_answer("$(andiron token --show)", answers))["message"]["content"]
    root, health = _documents(_answer("/health", answers))
    assert (root["api"], health["status"]) == ("v1", "ok")
    status, listed = _documents(_answer("/api/v1/status", answers))
    assert status["backends"]
    assert listed["models"]
    assert json.loads(_answer("/code/complete", answers))["completions"]
    assert "event: done" in _answer("/chat/stream", answers)
    page, conversation = _documents(_answer("conversations?q=", answers))
    assert conversation["id"] in [row["id"] for row in page["conversations"]]
    changed = _answer("/regenerate", answers)
    again, renamed = _documents(changed.partition("# Colours")[0])
    assert again["conversation_id"] == renamed["id"] == conversation["id"]
    assert "Name three colours." in changed.partition("# Colours")[2]
    assert {"1 chat_delta", "1 chat_response", "2 completion_response"} <= {
        " ".join(line.split(" ")[:2]) for line in _answer("import aiohttp", answers).splitlines()
    }
    shown, changed_settings = _documents(_answer("/api/v1/settings", answers).partition("event: ")[0])
    # Who pastes it has their choice of who answers as it was: nothing leaves the machine by an example.
    assert shown == changed_settings
    assert shown["backend"] == "local"
    assert "event: state" in _answer("/api/v1/events", answers)
    pulled, _, rest = _answer("/pull", answers).rpartition("event: done\ndata: ")
    assert "event: start" in pulled
    done_pull, shown, loaded, unloaded = _documents(rest)
    assert done_pull["id"] == shown["id"]
    assert loaded["state"] == "loaded"
    assert unloaded["id"] == loaded["id"]  # what is made in the background may want it again by now


def _answer(word: str, answers: list[str]) -> str:
    """Find what the first block with a word in it printed."""
    return next(answer for block, answer in zip(_blocks(), answers, strict=True) if word in block)


def _documents(text: str) -> list[Any]:
    """Take apart the JSON documents that stand one after the other."""
    found = []
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_the_readme_has_every_endpoint(daemon: DaemonProcess) -> None:
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    for name in _NAMES:
        readme = readme.replace(name, "{id}")
    paths = {endpoint.split(" ")[1] for endpoint in daemon.client.get("/")["endpoints"]}
    assert "/health" in paths
    assert [path for path in sorted(paths) if not re.search(rf"{re.escape(path)}(?![\w/{{])", readme)] == []

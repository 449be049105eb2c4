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
_EVERYDAY = (
    "/",
    "/health",
    "/api/v1/status",
    "/api/v1/models",
    "/api/v1/chat/message",
    "/api/v1/chat/stream",
    "/api/v1/chat/conversations",
    "/api/v1/chat/conversations/{id}",
    "/api/v1/code/complete",
)


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
    asked, message, open_paths, told, completed, *_ = answers
    assert asked.strip()
    assert json.loads(message)["message"]["content"]
    root, health = _documents(open_paths)
    assert (root["api"], health["status"]) == ("v1", "ok")
    status, models = _documents(told)
    assert status["backends"]
    assert models["models"]
    assert "completions" in json.loads(completed)
    assert "event: done" in done.stdout


def _documents(text: str) -> list[Any]:
    """Take apart the JSON documents that stand one after the other."""
    found = []
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_the_readme_has_a_request_for_every_everyday_endpoint(daemon: DaemonProcess) -> None:
    shown = "\n".join(_blocks()).replace("$ID", "{id}")
    assert [path for path in _EVERYDAY if f"{_ADDRESS}{path}" not in shown] == []
    answered = {endpoint.split(" ")[1] for endpoint in daemon.client.get("/")["endpoints"]}
    assert answered.issuperset(_EVERYDAY)

"""The analysis of the real process: over HTTP, over the socket, and on the command line, with the same findings."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from andiron_testing.daemon_process import DaemonProcess

CODE = "import os\n\n\ndef f(x):\n    return (x\n"


def over_the_socket(daemon: DaemonProcess) -> dict[str, Any]:
    async def use() -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {daemon.token}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.ws_connect(f"{daemon.record.url}/ws") as socket:
            context = {"path": "broken.py"}
            await socket.send_json({"type": "code_analysis", "id": 1, "message": CODE, "context": context})
            reply: dict[str, Any] = await socket.receive_json(timeout=30)
            return reply

    return asyncio.run(use())


def test_http_the_socket_and_the_command_line_find_the_same(daemon: DaemonProcess, tmp_path: Path) -> None:
    answer = daemon.client.post("/api/v1/code/analyze", {"code": CODE, "path": "broken.py"})
    (error,) = answer["parse"]["errors"]
    assert error["message"] == "this `(` is never closed" or error["message"].startswith("`)` is missing")
    reply = over_the_socket(daemon)
    assert (reply["parse"], reply["symbols"]) == (answer["parse"], answer["symbols"])
    (tmp_path / "broken.py").write_text(CODE, encoding="utf-8")
    command = [sys.executable, "-m", "andiron_daemon", "analyze", "--format", "json", "broken.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    (file,) = json.loads(done.stdout)["files"]
    assert (file["parse"], file["symbols"]) == (answer["parse"], answer["symbols"])
